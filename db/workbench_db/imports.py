"""Files that were brought in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from workbench_db.people import person_id
from workbench_db.schema import ImportRow


@dataclass(frozen=True, slots=True)
class StoredImport:
    id: int
    file_name: str
    format: str
    encoding: str
    when: datetime
    imported: int
    skipped: int
    refused: tuple[tuple[int, str], ...]
    sha256: str


def insert_import(connection: Connection, file_name: str, format: str, encoding: str, *, sha256: str = "",
                  person: str = "") -> int:
    """Note a file before its rows are stored (they carry the id); see set_counts."""
    return connection.execute(insert(ImportRow).values(
        file_name=file_name, format=format, encoding=encoding, created=datetime.now(UTC),
        person_id=person_id(connection, person), imported=0, skipped=0, refused=[], sha256=sha256,
    ).returning(ImportRow.id)).scalar_one()


def set_counts(connection: Connection, import_id: int, imported: int, skipped: int,
               refused: Sequence[tuple[int, str]], *, sha256: str | None = None) -> None:
    values: dict[str, Any] = {"imported": imported, "skipped": skipped, "refused": [list(row) for row in refused]}
    if sha256 is not None:
        values["sha256"] = sha256
    connection.execute(update(ImportRow).where(ImportRow.id == import_id).values(**values))


def all_imports(connection: Connection) -> list[StoredImport]:
    """Newest first."""
    row = ImportRow
    found = connection.execute(select(row.id, row.file_name, row.format, row.encoding, row.created, row.imported,
                                      row.skipped, row.refused, row.sha256).order_by(row.id.desc()))
    return [StoredImport(id, name, format, encoding, when, imported, skipped,
                         tuple((line, reason) for line, reason in refused), sha256)
            for id, name, format, encoding, when, imported, skipped, refused, sha256 in found]
