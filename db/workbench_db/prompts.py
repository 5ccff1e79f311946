"""Prompts and their versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from workbench.domain import Prompt
from workbench_db.row_hash import row_hash
from workbench_db.schema import PromptRow, PromptVersionRow


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """``demonstrations`` are (id, content hash) in order; ``content_hash`` is the prompt's when it was written."""

    prompt_id: int
    name: str
    number: int
    created: datetime
    rules: str
    template: str
    verbatim: str
    demonstrations: tuple[tuple[int, str], ...]
    content_hash: str
    is_current: bool


_COLUMNS = (PromptRow.id, PromptRow.name, PromptVersionRow.number, PromptVersionRow.created, PromptVersionRow.rules,
            PromptVersionRow.template, PromptVersionRow.verbatim, PromptVersionRow.demonstrations,
            PromptVersionRow.content_hash, PromptRow.version)


def insert_prompt(connection: Connection, name: str) -> int:
    """A prompt without a version yet; returns its id."""
    id = connection.execute(insert(PromptRow).values(name=name, version=0, row_hash="")
                            .returning(PromptRow.id)).scalar_one()
    _write(connection, id, name, 0, 0)
    return id


def insert_version(connection: Connection, prompt_id: int, prompt: Prompt) -> int:
    """Store a version (all its demonstrations have ids) and return its number; see patch to make it the current one."""
    last = connection.scalar(select(func.max(PromptVersionRow.number)).where(PromptVersionRow.prompt_id == prompt_id))
    facts: dict[str, Any] = {
        "prompt_id": prompt_id, "number": (last or 0) + 1, "rules": prompt.rules, "template": prompt.template,
        "verbatim": prompt.verbatim, "demonstrations": [[d.id, d.content_hash] for d in prompt.demonstrations],
        "content_hash": prompt.content_hash,
    }
    connection.execute(insert(PromptVersionRow).values(
        **facts, created=datetime.now(UTC), row_hash=row_hash(*facts.values())))
    return int(facts["number"])


def version(connection: Connection, prompt_id: int, number: int | None = None) -> StoredVersion | None:
    """A version of a prompt; the current one if no number is given."""
    wanted = PromptRow.version if number is None else number
    row = connection.execute(_joined().where(PromptRow.id == prompt_id, PromptVersionRow.number == wanted)
                             ).one_or_none()
    return None if row is None else _version(row)


def versions(connection: Connection, prompt_id: int) -> list[StoredVersion]:
    """Newest first."""
    rows = connection.execute(_joined().where(PromptRow.id == prompt_id).order_by(PromptVersionRow.number.desc()))
    return [_version(row) for row in rows]


def current_versions(connection: Connection) -> list[StoredVersion]:
    """Of the prompts that are not deleted, in the order they were made."""
    rows = connection.execute(_joined().where(PromptRow.deleted == 0, PromptVersionRow.number == PromptRow.version)
                              .order_by(PromptRow.id))
    return [_version(row) for row in rows]


def patch(connection: Connection, patches: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """Write a prompt's ``name``, current ``version`` or ``deleted``; returns the former values of what changed."""
    before: dict[int, dict[str, Any]] = {}
    for id, wanted in patches.items():
        row = connection.execute(select(PromptRow.name, PromptRow.version, PromptRow.deleted)
                                 .where(PromptRow.id == id)).one()
        old = {"name": row.name, "version": row.version, "deleted": row.deleted}
        changed = {name: old[name] for name, value in wanted.items() if old[name] != value}
        if changed:
            before[id] = changed
            _write(connection, id, **{**old, **wanted})
    return before


def hash_of_prompt(id: int, name: str, version: int, deleted: int) -> str:
    return row_hash(id, name, version, deleted)


def _write(connection: Connection, id: int, name: str, version: int, deleted: int) -> None:
    connection.execute(update(PromptRow).where(PromptRow.id == id).values(
        name=name, version=version, deleted=deleted, row_hash=hash_of_prompt(id, name, version, deleted)))


def _joined() -> Any:
    return select(*_COLUMNS).join(PromptVersionRow, PromptVersionRow.prompt_id == PromptRow.id)


def _version(row: Row[*tuple[Any, ...]]) -> StoredVersion:
    id, name, number, created, rules, template, verbatim, listed, content_hash, current = row
    return StoredVersion(id, name, number, created, rules, template, verbatim,
                         tuple((demonstration_id, digest) for demonstration_id, digest in listed), content_hash,
                         number == current)
