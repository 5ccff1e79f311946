"""Question sets and their questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, case, func, insert, select, update

from workbench.domain import Question, QuestionSet
from workbench_db.id_list import id_list
from workbench_db.row_hash import row_hash
from workbench_db.schema import QuestionRow, QuestionSetRow

_COLUMNS = (QuestionRow.id, QuestionRow.turns, QuestionRow.reference_answers, QuestionRow.category, QuestionRow.key)


@dataclass(frozen=True, slots=True)
class QuestionSetSummary:
    id: int
    name: str
    questions: int
    categories: int
    with_references: int
    held_out: bool = False


def insert_set(connection: Connection, questions: QuestionSet) -> int:
    """Store a set with its questions, in order; returns its id."""
    set_id = connection.execute(insert(QuestionSetRow).values(
        name=questions.name, created=datetime.now(UTC), row_hash="").returning(QuestionSetRow.id)).scalar_one()
    _write_set(connection, set_id, questions.name, 0, int(questions.held_out))
    rows = [{"set_id": set_id, "position": position, "key": q.key, "category": q.category, "turns": list(q.turns),
             "reference_answers": list(q.references)} for position, q in enumerate(questions.questions)]
    if rows:
        connection.execute(insert(QuestionRow), [row | {"row_hash": row_hash(*row.values())} for row in rows])
    return set_id


def get_set(connection: Connection, set_id: int) -> QuestionSet | None:
    found = connection.execute(
        select(QuestionSetRow.name, QuestionSetRow.held_out).where(QuestionSetRow.id == set_id)).one_or_none()
    if found is None:
        return None
    rows = connection.execute(select(*_COLUMNS).where(QuestionRow.set_id == set_id).order_by(QuestionRow.position))
    return QuestionSet(found.name, tuple(_question(row) for row in rows), set_id, bool(found.held_out))


def questions(connection: Connection, ids: Sequence[int]) -> list[Question]:
    """In the order of ``ids``; those that are gone are left out."""
    wanted = func.json_each(id_list(ids)).table_valued("value")
    rows = connection.execute(select(*_COLUMNS).where(QuestionRow.id.in_(select(wanted.c.value))))
    found = {row[0]: _question(row) for row in rows}
    return [found[id] for id in ids if id in found]


def summaries(connection: Connection) -> list[QuestionSetSummary]:
    """Of the sets that are not deleted, by name; ``with_references`` counts questions that have an answer."""
    answered = case((func.json_array_length(QuestionRow.reference_answers) > 0, 1), else_=0)
    rows = connection.execute(
        select(QuestionSetRow.id, QuestionSetRow.name, func.count(QuestionRow.id),
               func.count(func.distinct(QuestionRow.category)), func.coalesce(func.sum(answered), 0),
               QuestionSetRow.held_out)
        .outerjoin(QuestionRow, QuestionRow.set_id == QuestionSetRow.id).where(QuestionSetRow.deleted == 0)
        .group_by(QuestionSetRow.id).order_by(QuestionSetRow.name, QuestionSetRow.id))
    return [QuestionSetSummary(id, name, count, categories, references, bool(held_out))
            for id, name, count, categories, references, held_out in rows]


def patch(connection: Connection, patches: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """Write a set's ``name``, ``deleted`` or ``held_out``; returns the former values of what changed, by id."""
    before: dict[int, dict[str, Any]] = {}
    for id, wanted in patches.items():
        row = connection.execute(select(QuestionSetRow.name, QuestionSetRow.deleted, QuestionSetRow.held_out)
                                 .where(QuestionSetRow.id == id)).one()
        old = dict(row._mapping)
        changed = {name: old[name] for name, value in wanted.items() if old[name] != value}
        if changed:
            before[id] = changed
            _write_set(connection, id, **{**old, **wanted})
    return before


def _write_set(connection: Connection, id: int, name: str, deleted: int, held_out: int) -> None:
    connection.execute(update(QuestionSetRow).where(QuestionSetRow.id == id).values(
        name=name, deleted=deleted, held_out=held_out, row_hash=row_hash(id, name, deleted, held_out)))


def _question(row: Row[*tuple[Any, ...]]) -> Question:
    id, turns, references, category, key = row
    return Question(tuple(turns), tuple(references), category, key, id)
