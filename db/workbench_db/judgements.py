"""What judges and people said of answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from workbench.domain import Judgement
from workbench_db.bench_schema import AnswerRow, ContestantRow, JudgementRow
from workbench_db.id_list import id_list, listed
from workbench_db.row_hash import row_hash
from workbench_db.schema import QuestionRow

_ROW = JudgementRow
_FIELDS = ("judge", "kind", "answer_id", "other_answer_id", "name", "score", "verdict", "first", "second", "words",
           "words_swapped", "prompt_name", "by_person", "details")
_COLUMNS = tuple(getattr(_ROW, name) for name in (*_FIELDS, "id"))
_TEXTS = "SELECT id, words FROM judgement_texts WHERE id IN (SELECT value FROM json_each(?))"


def insert_judgement(connection: Connection, judgement: Judgement, job_id: int | None = None) -> int:
    """Store a judgement and return its id. One by the same judge of the same thing (see Judgement.key) that is no
    person's is put aside: it was asked again."""
    return insert_judgements(connection, [judgement], job_id)[0]


def insert_judgements(connection: Connection, judgements: Sequence[Judgement], job_id: int | None = None) -> list[int]:
    """Store many at once, as ``insert_judgement`` does one after the other; returns their ids, in order."""
    if not judgements:
        return []
    _put_aside(connection, judgements)
    now = datetime.now(UTC)
    rows = [{**fields, "job_id": job_id, "created": now, "row_hash": row_hash(0, *fields.values())}
            for fields in map(_fields, judgements)]
    ids = list(connection.scalars(insert(_ROW).returning(_ROW.id, sort_by_parameter_order=True), rows))
    last = {one.key: place for place, one in enumerate(judgements) if not one.by_person}
    twice = [id for place, (id, one) in enumerate(zip(ids, judgements, strict=True))
             if not one.by_person and last[one.key] != place]
    connection.exec_driver_sql(f"INSERT INTO judgement_search (rowid, words) {_TEXTS}", (id_list(ids),))
    patch(connection, {id: {"deleted": 1} for id in twice})
    return ids


def _fields(judgement: Judgement) -> dict[str, Any]:
    """The columns of a judgement as SQLite hands them back."""
    fields = {name: getattr(judgement, name) for name in _FIELDS}
    return fields | {"score": None if judgement.score is None else float(judgement.score),
                     "by_person": int(judgement.by_person), "details": dict(judgement.details)}


def _put_aside(connection: Connection, judgements: Sequence[Judgement]) -> None:
    """What the same judges said of the same things before."""
    keys = {one.key for one in judgements if not one.by_person}
    if not keys:
        return
    found = _judgements(connection, select(*_COLUMNS).where(
        _ROW.deleted == 0, _ROW.by_person == 0, _ROW.answer_id.in_(listed({key[4] for key in keys})),
        _ROW.judge.in_({key[0] for key in keys})))
    patch(connection, {one.id: {"deleted": 1} for one in found if one.key in keys and one.id is not None})


def patch(connection: Connection, patches: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """Write ``deleted``; returns the former values of what changed, by id."""
    before: dict[int, dict[str, Any]] = {}
    for id, wanted in patches.items():
        old = connection.execute(select(_ROW.deleted).where(_ROW.id == id)).scalar_one()
        if wanted["deleted"] == old:
            continue
        before[id] = {"deleted": old}
        if wanted["deleted"]:
            _unindex(connection, [id])
        connection.execute(update(_ROW).where(_ROW.id == id).values(deleted=wanted["deleted"]))
        _sign(connection, id)
        if not wanted["deleted"]:
            connection.exec_driver_sql(f"INSERT INTO judgement_search (rowid, words) {_TEXTS}", (id_list([id]),))
    return before


def forget(connection: Connection, answer_ids: Sequence[int]) -> None:
    """Take out of the index what was said of these answers, before they, and it, are taken away."""
    ids = list(connection.scalars(select(_ROW.id).where(
        or_(_ROW.answer_id.in_(listed(answer_ids)), _ROW.other_answer_id.in_(listed(answer_ids))))))
    _unindex(connection, ids)


def of_set(connection: Connection, set_id: int, contestant_ids: Iterable[int] | None = None) -> list[Judgement]:
    """What was said of the answers to a set's questions, in the order it was said; of the contestants given (of a
    pair: both)."""
    answer, other = aliased(AnswerRow), aliased(AnswerRow)
    one, two = aliased(ContestantRow), aliased(ContestantRow)
    wanted = (select(*_COLUMNS).join(answer, answer.id == _ROW.answer_id)
              .join(QuestionRow, QuestionRow.id == answer.question_id).join(one, one.id == answer.contestant_id)
              .outerjoin(other, other.id == _ROW.other_answer_id).outerjoin(two, two.id == other.contestant_id)
              .where(QuestionRow.set_id == set_id, _ROW.deleted == 0, one.deleted == 0,
                     func.coalesce(two.deleted, 0) == 0))
    if contestant_ids is not None:
        ids = list(contestant_ids)
        wanted = wanted.where(answer.contestant_id.in_(listed(ids)),
                              or_(other.id.is_(None), other.contestant_id.in_(listed(ids))))
    return _judgements(connection, wanted)


def of_answers(connection: Connection, answer_ids: Iterable[int]) -> list[Judgement]:
    """What was said of these answers, alone or beside others, in the order it was said."""
    ids = list(answer_ids)
    return _judgements(connection, select(*_COLUMNS).where(
        _ROW.deleted == 0, or_(_ROW.answer_id.in_(listed(ids)), _ROW.other_answer_id.in_(listed(ids)))))


def of_judge(connection: Connection, judge: str) -> list[Judgement]:
    """All that a judge, who is no person, has said."""
    return _judgements(connection, select(*_COLUMNS).where(_ROW.deleted == 0, _ROW.by_person == 0, _ROW.judge == judge))


def get(connection: Connection, ids: Iterable[int]) -> list[Judgement]:
    return _judgements(connection, select(*_COLUMNS).where(_ROW.deleted == 0, _ROW.id.in_(listed(ids))))


def of_job(connection: Connection, job_id: int) -> list[Judgement]:
    return _judgements(connection, select(*_COLUMNS).where(_ROW.deleted == 0, _ROW.job_id == job_id))


def _unindex(connection: Connection, ids: Iterable[int]) -> None:
    connection.exec_driver_sql("INSERT INTO judgement_search (rowid, words, judgement_search)"
                               f" SELECT *, 'delete' FROM ({_TEXTS})", (id_list(ids),))


def _sign(connection: Connection, id: int) -> None:
    values = connection.execute(select(_ROW.deleted, *(getattr(_ROW, name) for name in _FIELDS))
                                .where(_ROW.id == id)).one()
    connection.execute(update(_ROW).where(_ROW.id == id).values(row_hash=row_hash(*values)))


def _judgements(connection: Connection, wanted: Select[Any]) -> list[Judgement]:
    names, person = (*_FIELDS, "id"), _FIELDS.index("by_person")
    return [Judgement(**{**dict(zip(names, row, strict=True)), "by_person": bool(row[person])})
            for row in connection.execute(wanted.order_by(_ROW.id))]
