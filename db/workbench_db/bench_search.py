"""Full-text search over answers and judgements, in words that a person typed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from workbench.domain.query import Query
from workbench_db import search_text

MOST = 1000                          # hits: a page shows no more, and a word that is everywhere says nothing

_ANSWERS = ("FROM answers AS a JOIN questions AS q ON q.id = a.question_id JOIN contestants AS c ON"
            " c.id = a.contestant_id WHERE q.set_id = ? AND c.deleted = 0")
_JUDGEMENTS = ("FROM judgement_texts AS j JOIN judgements AS r ON r.id = j.id JOIN answers AS a ON a.id = r.answer_id"
               " JOIN questions AS q ON q.id = a.question_id JOIN contestants AS c ON c.id = a.contestant_id"
               " WHERE q.set_id = ? AND c.deleted = 0")


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer that was found, or (``judgement_id``) what was said of it."""

    answer_id: int
    judgement_id: int | None = None


def search(connection: Connection, query: Query, set_id: int) -> list[Hit]:
    """Answers to a question set's questions, then judgements of them, by id; at most MOST of each. [] without words."""
    found: list[Hit] = []
    for columns, source, text, id, index in (("a.id, NULL", _ANSWERS, "a.text", "a.id", "answer_search"),
                                             ("a.id, r.id", _JUDGEMENTS, "j.words", "r.id", "judgement_search")):
        conditions: list[str] = []
        parameters: list[object] = [set_id]
        if expression := search_text.match_expression(query.words):
            conditions.append(f"{id} IN (SELECT rowid FROM {index} WHERE {index} MATCH ?)")
            parameters.append(expression)
        for part in search_text.substrings(query.words):
            conditions.append(f"{text} LIKE ? ESCAPE '\\'")
            parameters.append(search_text.pattern(part))
        if conditions:
            sql = f"SELECT {columns} {source} AND {' AND '.join(conditions)} ORDER BY {id} LIMIT {MOST}"
            found += [Hit(*row) for row in connection.exec_driver_sql(sql, tuple(parameters))]
    return found


def rebuild(connection: Connection) -> None:
    """Make both indexes anew from what is stored."""
    for index in ("answer_search", "judgement_search"):
        connection.exec_driver_sql(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")
