"""The models and the migrations say the same."""

import re
from importlib import import_module

from sqlalchemy import create_engine

from workbench_db import bench_schema, upgrade
from workbench_db.schema import Base
from workbench_db.session import Connection, Database

ISSUE = {"demonstrations", "tags", "revisions", "imports", "question_sets", "questions", "prompts", "prompt_versions",
         "models", "jobs", "job_events", "scores", "search_rounds", "answers", "judgements", "metric_points",
         "artifacts", "people", bench_schema.ContestantRow.__tablename__}
_SEARCH = ("demonstration_search", "demonstration_texts", "answer_search", "judgement_search", "judgement_texts",
           "alembic")


def _statements(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: re.sub(r"\s+", "", sql).lower() for name, sql in rows}


def test_the_migrations_make_the_very_tables_and_indexes_of_the_models(database: Database) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        Base.metadata.create_all(connection)
        wanted = _statements(connection)
    engine.dispose()
    with database.read() as connection:
        made = {name: sql for name, sql in _statements(connection).items()
                if not name.startswith(_SEARCH)}
    assert made == wanted


def test_all_that_a_project_holds_has_its_table(database: Database) -> None:
    with database.read() as connection:
        assert set(_statements(connection)) >= ISSUE


def test_the_list_of_revisions_is_that_of_the_migration_files(database: Database) -> None:
    names = [f"workbench_db.migrations.versions.revision_{revision}" for revision in upgrade.REVISIONS]
    modules = [import_module(name) for name in names]
    assert [module.revision for module in modules] == list(upgrade.REVISIONS)
    assert [module.down_revision for module in modules] == [None, *upgrade.REVISIONS[:-1]]
    with database.read() as connection:
        assert upgrade.schema_revision(connection) == upgrade.HEAD
