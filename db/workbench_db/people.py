"""Who made what."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from workbench_db.schema import PersonRow


def person_id(connection: Connection, name: str) -> int | None:
    """The row of the person of that name, made if there is none; None for nobody ("")."""
    if not name:
        return None
    found = connection.scalar(select(PersonRow.id).where(PersonRow.name == name))
    if found is not None:
        return found
    return connection.execute(
        insert(PersonRow).values(name=name, since=datetime.now(UTC)).returning(PersonRow.id)).scalar_one()
