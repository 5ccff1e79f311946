"""Contestants come back as they were stored."""

from __future__ import annotations

from workbench.domain import Backend, Contestant, DecodingSettings, ModelRef, Server
from workbench_db.contestants import contestants, insert_contestant
from workbench_db.session import Database


def test_a_served_contestant_comes_back_whole(database: Database) -> None:
    server = Server("org/base-7b", scoring="echo", requests_per_minute=60)
    ref = ModelRef("base-7b", "http://localhost:8000/v1#org/base-7b", Backend.OPENAI, server=server)
    with database.write() as connection:
        insert_contestant(connection, Contestant("served", ref, None, DecodingSettings()))
        (found,) = contestants(connection)
    assert found.model == ref
    assert found.model.server == server
