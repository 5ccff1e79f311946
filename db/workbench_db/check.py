"""Whether a project's database still says what was written: hashes, references between rows, the search index.

`PRAGMA quick_check` sees a broken structure, but not a flipped bit inside a text; the rows' hashes see that.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.domain import Role, content_hash
from workbench.errors import ProjectError
from workbench_db import upgrade
from workbench_db.demonstrations import FIELDS, hash_of_row, sort_key_of, title_of, turns_from
from workbench_db.row_hash import row_hash
from workbench_db.session import Database

DATABASE = "project.db"


@dataclass(frozen=True, slots=True)
class Problem:
    """``row`` is the row's id in ``table``; None when it is about the table, or the file, as a whole."""

    table: str
    row: int | None
    what: str

    def __str__(self) -> str:
        return f"{self.table}{'' if self.row is None else f' {self.row}'}: {self.what}"


def check(folder: Path) -> list[Problem]:
    """Read everything and return what is wrong; [] when all is well. Changes nothing.

    Works on a copy, so that it may run while the project is open in a window. Raises ProjectError: not a project,
    or written by a newer version.
    """
    database = Database(folder / DATABASE, read_only=True)
    try:
        upgrade.upgrade(database)
        with tempfile.TemporaryDirectory(prefix="workbench-check-") as scratch:
            copy = Path(scratch) / DATABASE
            with database.raw() as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            with closing(sqlite3.connect(copy)) as connection:
                return list(_problems(connection))
    except ProjectError as error:
        if not isinstance(error.__cause__, Exception):
            raise
        return [Problem(DATABASE, None, error.what)]
    finally:
        database.dispose()


def _problems(connection: sqlite3.Connection) -> Iterator[Problem]:
    # Bytes that are not UTF-8 any more have to reach the hash, not end the reading.
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    for part, run in (("structure", _structure), ("foreign keys", _foreign_keys), ("demonstrations", _demonstrations),
                      ("scores", _scores), ("full-text index", _search_index),
                      *((table, _rows_of(table, *how)) for table, how in _HASHED.items())):
        try:
            yield from run(connection)
        except sqlite3.DatabaseError as error:
            yield Problem(part, None, f"cannot be read: {error}")


def _structure(connection: sqlite3.Connection) -> Iterator[Problem]:
    for (said,) in connection.execute("PRAGMA quick_check"):
        if said != "ok":
            yield Problem("structure", None, str(said).replace("\n", " "))


def _foreign_keys(connection: sqlite3.Connection) -> Iterator[Problem]:
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Problem(str(table), row, f"refers to a row of {parent} that is not there")


def _search_index(connection: sqlite3.Connection) -> Iterator[Problem]:
    # FTS5's own check cannot read through a view that takes JSON apart (SQLite 3.40): it gets the texts as a table.
    connection.executescript(
        "CREATE TABLE texts (id INTEGER PRIMARY KEY, body, note);"
        "INSERT INTO texts SELECT id, body, note FROM demonstration_texts;"
        "DROP VIEW demonstration_texts; ALTER TABLE texts RENAME TO demonstration_texts;")
    for subject in ("demonstration", "answer", "judgement"):
        try:
            connection.execute(f"INSERT INTO {subject}_search ({subject}_search, rank) VALUES ('integrity-check', 1)")
        except sqlite3.DatabaseError:
            yield Problem("full-text index", None, f"does not say what the {subject}s say; it can be made again")


def _demonstrations(connection: sqlite3.Connection) -> Iterator[Problem]:
    columns = (*(name for name in FIELDS if name not in ("tags", "metadata")), "content_hash", "row_hash", "title",
               "sort_key")
    tags = "(SELECT json_group_array(tag) FROM (SELECT tag FROM tags WHERE demonstration_id = d.id ORDER BY tag))"
    metadata = "(SELECT metadata FROM demonstration_metadata AS m WHERE m.id = d.id)"
    for id, tag_list, more, *values in connection.execute(
            f"SELECT id, {tags}, {metadata}, {', '.join(columns)} FROM demonstrations AS d ORDER BY id"):
        row = dict(zip(columns, values, strict=True)) | {"metadata": more}
        wrong = _demonstration_problem(id, row, tag_list)
        if wrong:
            yield Problem("demonstrations", id, wrong)


def _demonstration_problem(id: int, row: dict[str, Any], tag_list: str) -> str:
    try:
        turns = turns_from(json.loads(row["turns"]))
        more = {"tags": json.loads(tag_list), "metadata": json.loads(row["metadata"] or "{}")}
    except (ValueError, TypeError):
        return "the text is damaged"
    if content_hash(turns) != row["content_hash"]:
        return "the text is not the one that was written"
    if hash_of_row(id, row["content_hash"], [(row | more)[name] for name in FIELDS]) != row["row_hash"]:
        return "the row is not the one that was written (status, category, tags or another field)"
    title = title_of(next((turn.text for turn in turns if turn.role is Role.USER), ""))
    if (title, sort_key_of(title)) != (row["title"], row["sort_key"]):
        return "the title is not that of its text"
    return ""


def _scores(connection: sqlite3.Connection) -> Iterator[Problem]:
    rows = connection.execute(
        "SELECT m.id, m.row_hash, m.job_id, m.round, m.demonstration_id, m.prompt_tokens, m.own_conditional,"
        " m.own_alone, m.own_tokens FROM candidate_measures AS m ORDER BY m.id")
    for id, written, *measures in rows:
        answers = [list(answer) for answer in connection.execute(
            "SELECT question_id, turn, logprob, tokens FROM scores WHERE measure_id = ?"
            " ORDER BY question_id, turn, logprob, tokens", (id,))]
        if row_hash(*measures, answers) != written:
            yield Problem("candidate_measures", id, "the measures or scores are not those that were written")


# Tables whose rows hash their columns in this order; those that hold JSON are marked.
_HASHED: dict[str, tuple[str, tuple[str, ...]]] = {
    "question_sets": ("id", ("id", "name", "deleted", "held_out")),
    "questions": ("id", ("set_id", "position", "key", "category", "json:turns", "json:reference_answers")),
    "prompts": ("id", ("id", "name", "version", "deleted")),
    "prompt_versions": ("id", ("prompt_id", "number", "rules", "template", "verbatim", "json:demonstrations",
                               "content_hash")),
    "revisions": ("id", ("change_id", "kind", "entity_id", "before", "after")),
    "search_rounds": ("number", ("job_id", "number", "chosen_id", "objective", "prompt_tokens", "evaluations",
                                 "json:ranking")),
    "set_evaluations": ("id", ("job_id", "strategy", "label", "json:demonstration_ids", "mean", "json:answers")),
    "kept_prompts": ("id", ("json:content", "content_hash")),
    "contestants": ("id", ("id", "deleted", "name", "json:model", "kept_prompt_id", "json:decoding", "content_hash")),
    "answers": ("id", ("contestant_id", "question_id", "turn", "repeat", "text", "tokens", "seconds", "finish", "seed",
                       "logprob", "json:facts")),
    "judgements": ("id", ("deleted", "judge", "kind", "answer_id", "other_answer_id", "name", "score", "verdict",
                          "first", "second", "words", "words_swapped", "prompt_name", "by_person", "json:details")),
}


def _rows_of(table: str, key: str, columns: tuple[str, ...]) -> Callable[[sqlite3.Connection], Iterator[Problem]]:
    names = [column.removeprefix("json:") for column in columns]

    def run(connection: sqlite3.Connection) -> Iterator[Problem]:
        for id, written, *values in connection.execute(f"SELECT {key}, row_hash, {', '.join(names)} FROM {table}"):
            try:
                read = [json.loads(value) if column.startswith("json:") else value
                        for column, value in zip(columns, values, strict=True)]
            except (ValueError, TypeError):
                yield Problem(table, id, "the row is damaged")
                continue
            if row_hash(*read) != written:
                yield Problem(table, id, "the row is not the one that was written")

    return run
