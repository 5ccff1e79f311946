"""Bringing a database to the newest schema, with a backup before, and refusing one that is newer still."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect

from workbench.errors import ProjectError
from workbench_db import backup
from workbench_db.session import Database

# Alembic takes a quarter of a second to import, so an up-to-date project is recognised without it.
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
HEAD = REVISIONS[-1]
MIGRATIONS = Path(__file__).with_name("migrations")


def schema_revision(connection: Connection) -> str | None:
    """The database's schema; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()


def create(database: Database) -> None:
    """Make the tables in an empty database."""
    database.use_write_ahead_log()
    with database.write() as connection:
        _run_migrations(connection)


def upgrade(database: Database) -> Path | None:
    """Bring an existing database to HEAD; returns the backup made before, None if nothing was to be done.

    Raises ProjectError: not a project's database, newer than this program, or older and open read-only.
    """
    with database.read() as connection:
        revision = schema_revision(connection)
    folder = database.path.parent
    if revision is None:
        raise ProjectError(f"{database.path.name} in {folder} is not a project's database.", safe="It was not changed.",
                           remedy="Choose another folder.")
    if revision not in REVISIONS:
        raise ProjectError(f"This project was written by a newer version of the workbench (schema {revision}, "
                           f"this program knows up to {HEAD}).", safe="It was not changed.",
                           remedy="Update the workbench.")
    if database.read_only and revision != HEAD:
        raise ProjectError(f"This project has an older schema ({revision}) and has to be upgraded first.",
                           safe="It was not changed.",
                           remedy="Open it once for writing, in the window or with “workbench backup PROJECT”; a "
                                  "backup is made before.")
    if not database.read_only:
        database.use_write_ahead_log()
    if revision == HEAD:
        return None
    made = backup.make(database, f"before-upgrade-from-{revision}")
    with database.write() as connection:
        _run_migrations(connection)
    return made


def _run_migrations(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
