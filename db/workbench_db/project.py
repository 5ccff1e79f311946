"""What the project says of itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from workbench_db.schema import ProjectRow


def describe(connection: Connection, name: str, created: datetime) -> None:
    """Write the one row of a new project."""
    connection.execute(insert(ProjectRow).values(id=1, name=name, created=created))


def name(connection: Connection) -> str:
    return connection.scalar(select(ProjectRow.name).where(ProjectRow.id == 1)) or ""
