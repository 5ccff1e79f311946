"""Answers of contestants, with their full-text search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from workbench.domain import Answer
from workbench_db import judgements
from workbench_db.bench_schema import AnswerRow, ContestantRow
from workbench_db.id_list import id_list, listed
from workbench_db.row_hash import row_hash
from workbench_db.schema import JobRow, QuestionRow

_ROW = AnswerRow
_COLUMNS = (_ROW.contestant_id, _ROW.question_id, _ROW.turn, _ROW.repeat, _ROW.text, _ROW.tokens, _ROW.seconds,
            _ROW.finish, _ROW.seed, _ROW.logprob, _ROW.facts, _ROW.id)


def insert_answer(connection: Connection, answer: Answer, job_id: int | None = None) -> int:
    """Store an answer and return its id; one to the same question, turn and repeat is replaced, with what was said of
    it. The facts of the job (library versions, device, the model's sha256) are kept with it."""
    same = list(connection.scalars(select(_ROW.id).where(
        _ROW.contestant_id == answer.contestant_id, _ROW.question_id == answer.question_id,
        _ROW.turn == answer.turn, _ROW.repeat == answer.repeat)))
    delete_answers(connection, same)
    made = connection.scalar(select(JobRow.facts).where(JobRow.id == job_id)) if job_id is not None else None
    fields: dict[str, Any] = {
        "contestant_id": answer.contestant_id, "question_id": answer.question_id, "turn": answer.turn,
        "repeat": answer.repeat, "text": answer.text, "tokens": answer.tokens, "seconds": float(answer.seconds),
        "finish": answer.finish, "seed": answer.seed,
        "logprob": None if answer.logprob is None else float(answer.logprob), "facts": {**(made or {}), **answer.facts}}
    id = connection.execute(insert(_ROW).values(
        **fields, job_id=job_id, created=datetime.now(UTC), row_hash=row_hash(*fields.values())).returning(_ROW.id)
    ).scalar_one()
    connection.exec_driver_sql("INSERT INTO answer_search (rowid, text) VALUES (?, ?)", (id, answer.text))
    return id


def delete_answers(connection: Connection, ids: Sequence[int]) -> None:
    """Take answers away for good, with what was said of them."""
    if not ids:
        return
    judgements.forget(connection, ids)
    connection.exec_driver_sql(
        "INSERT INTO answer_search (answer_search, rowid, text)"
        " SELECT 'delete', id, text FROM answers WHERE id IN (SELECT value FROM json_each(?))", (id_list(ids),))
    connection.execute(delete(_ROW).where(_ROW.id.in_(listed(ids))))


def of_set(connection: Connection, set_id: int, contestant_ids: Iterable[int] | None = None) -> list[Answer]:
    """The answers to a set's questions: by contestant, question's place, repeat and turn; of the contestants given."""
    wanted = (select(*_COLUMNS).join(QuestionRow, QuestionRow.id == _ROW.question_id)
              .join(ContestantRow, ContestantRow.id == _ROW.contestant_id)
              .where(QuestionRow.set_id == set_id, ContestantRow.deleted == 0))
    if contestant_ids is not None:
        wanted = wanted.where(_ROW.contestant_id.in_(listed(contestant_ids)))
    return [_answer(row) for row in connection.execute(
        wanted.order_by(_ROW.contestant_id, QuestionRow.position, _ROW.repeat, _ROW.turn))]


def of_contestants(connection: Connection, contestant_ids: Iterable[int], question_ids: Iterable[int]) -> list[Answer]:
    """What these contestants have answered to these questions, by id."""
    return [_answer(row) for row in connection.execute(select(*_COLUMNS).where(
        _ROW.contestant_id.in_(listed(contestant_ids)), _ROW.question_id.in_(listed(question_ids)))
        .order_by(_ROW.id))]


def get(connection: Connection, ids: Sequence[int]) -> list[Answer]:
    """In the order of ``ids``; those that are gone are left out."""
    found = {row.id: _answer(row) for row in connection.execute(select(*_COLUMNS).where(_ROW.id.in_(listed(ids))))}
    return [found[id] for id in ids if id in found]


def of_job(connection: Connection, job_id: int) -> list[Answer]:
    return [_answer(row) for row in connection.execute(
        select(*_COLUMNS).where(_ROW.job_id == job_id).order_by(_ROW.id))]


def _answer(row: Row[*tuple[Any, ...]]) -> Answer:
    return Answer(*row)
