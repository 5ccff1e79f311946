"""Undoable steps: which fields of which things changed, before and after."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, insert, select, update

from workbench_db.people import person_id
from workbench_db.row_hash import hash_of_json, json_part
from workbench_db.schema import ChangeRow, PersonRow, RevisionRow

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredChange:
    id: int
    label: str


@dataclass(frozen=True, slots=True)
class StoredRevision:
    """``kind`` is a workbench.domain.Kind's value."""

    kind: str
    entity_id: int
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A revision with who and when; ``state`` is as in schema.ChangeRow."""

    when: datetime
    who: str
    label: str
    state: str
    before: dict[str, Any]
    after: dict[str, Any]


def open_change(connection: Connection, person: str, label: str) -> int:
    """Begin an undoable step. What had been undone can no longer be done again; it stays in the history."""
    connection.execute(update(ChangeRow).where(ChangeRow.state == "undone").values(state="dropped"))
    return connection.execute(insert(ChangeRow).values(
        created=datetime.now(UTC), person_id=person_id(connection, person), label=label, state="applied",
    ).returning(ChangeRow.id)).scalar_one()


def record_step(connection: Connection, person: str, label: str, kind: str, before: Mapping[int, Fields],
                after: Mapping[int, Fields]) -> None:
    """A whole step that changed things of one kind."""
    record(connection, open_change(connection, person, label), kind, before, after)


def record_added(connection: Connection, change_id: int, kind: str, ids: Iterable[int]) -> None:
    """Revisions of things that are new: undo marks them deleted."""
    before, after = _json({"deleted": 1}), _json({"deleted": 0})
    _write(connection, change_id, kind, ((id, before, after) for id in ids))


def record(connection: Connection, change_id: int, kind: str, before: Mapping[int, Fields],
           after: Mapping[int, Fields]) -> None:
    """Write a revision for each id of ``before``: its fields then, and the same fields of ``after``."""
    alike: dict[tuple[Any, ...], tuple[str, str]] = {}      # many things change in the same way

    def texts(old: Fields, new: Fields) -> tuple[str, str]:
        key = (*old.items(), *((name, new[name]) for name in old))
        try:
            if key not in alike:
                alike[key] = _json(old), _json({name: new[name] for name in old})
            return alike[key]
        except TypeError:                                   # turns and tags are lists
            return _json(old), _json({name: new[name] for name in old})

    _write(connection, change_id, kind, ((id, *texts(old, after[id])) for id, old in before.items()))


def settle(connection: Connection) -> None:
    """What was done so far stays done: undo begins after it."""
    connection.execute(update(ChangeRow).where(ChangeRow.state == "applied").values(state="settled"))


def last_applied(connection: Connection) -> StoredChange | None:
    """What undo takes back."""
    row = connection.execute(select(ChangeRow.id, ChangeRow.label).where(ChangeRow.state == "applied")
                             .order_by(ChangeRow.id.desc()).limit(1)).one_or_none()
    return None if row is None else StoredChange(*row)


def first_undone(connection: Connection) -> StoredChange | None:
    """What redo does again."""
    row = connection.execute(select(ChangeRow.id, ChangeRow.label).where(ChangeRow.state == "undone")
                             .order_by(ChangeRow.id).limit(1)).one_or_none()
    return None if row is None else StoredChange(*row)


def set_state(connection: Connection, change_id: int, state: str) -> None:
    connection.execute(update(ChangeRow).where(ChangeRow.id == change_id).values(state=state))


def of_change(connection: Connection, change_id: int) -> list[StoredRevision]:
    """In the order they were written. Not to be changed: what is alike is shared, a step may have a million rows."""
    parsed = cache(json.loads)
    rows = connection.exec_driver_sql(
        "SELECT kind, entity_id, before, after FROM revisions WHERE change_id = ? ORDER BY id", (change_id,))
    return [StoredRevision(kind, id, parsed(before), parsed(after)) for kind, id, before, after in rows]


def of_entity(connection: Connection, kind: str, entity_id: int) -> list[HistoryEntry]:
    """A thing's history, newest first."""
    rows = connection.execute(
        select(ChangeRow.created, PersonRow.name, ChangeRow.label, ChangeRow.state, RevisionRow.before,
               RevisionRow.after)
        .join(ChangeRow, ChangeRow.id == RevisionRow.change_id)
        .outerjoin(PersonRow, PersonRow.id == ChangeRow.person_id)
        .where(RevisionRow.kind == kind, RevisionRow.entity_id == entity_id).order_by(RevisionRow.id.desc()))
    return [HistoryEntry(when, who or "", label, state, before, after)
            for when, who, label, state, before, after in rows]


def _write(connection: Connection, change_id: int, kind: str, revisions: Iterable[tuple[int, str, str]]) -> None:
    alike = lru_cache(maxsize=1000)(json_part)       # of a step, in which many things change in the same way
    rows = [(change_id, kind, id, before, after, hash_of_json(f'[{change_id},"{kind}",{id},{alike(before, after)}]'))
            for id, before, after in revisions]
    if rows:
        connection.exec_driver_sql("INSERT INTO revisions (change_id, kind, entity_id, before, after, row_hash)"
                                   " VALUES (?, ?, ?, ?, ?, ?)", rows)


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
