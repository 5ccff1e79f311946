"""Full-text search over demonstrations (FTS5), in words that a person typed."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence

from sqlalchemy import Connection

from workbench.domain.query import Query, Word
from workbench_db.id_list import id_list

_TEXTS = "SELECT id, body, note FROM demonstration_texts WHERE id IN (SELECT value FROM json_each(?))"

RANKED_AT_MOST = 50_000
"""bm25 over a word that nearly every row has takes seconds, and says nothing: so many matches are ranked."""


def add(connection: Connection, ids: Sequence[int]) -> None:
    """Index demonstrations, after they were written. They stay in the index when they are marked deleted, since
    taking a whole import out of it, and back in, takes longer than all else that an undo does.

    By the thousand, not by triggers: FTS5 would write a segment of its index for each row, at four times the cost.
    """
    if ids:
        connection.exec_driver_sql(f"INSERT INTO demonstration_search (rowid, body, note) {_TEXTS}", (id_list(ids),))


def remove(connection: Connection, ids: Sequence[int]) -> None:
    """Take them out of the index, before their texts change: FTS5 has to be told what it had indexed."""
    if ids:
        connection.exec_driver_sql("INSERT INTO demonstration_search (rowid, body, note, demonstration_search)"
                                   f" SELECT *, 'delete' FROM ({_TEXTS})", (id_list(ids),))


def rebuild(connection: Connection) -> None:
    """Make the index anew from the demonstrations."""
    connection.exec_driver_sql("INSERT INTO demonstration_search (demonstration_search) VALUES ('delete-all')")
    connection.exec_driver_sql("INSERT INTO demonstration_search (rowid, body, note)"
                               " SELECT id, body, note FROM demonstration_texts")


def selections(words: Sequence[Word]) -> list[tuple[str, tuple[object, ...]]]:
    """SQL that selects the ids (of what is not deleted) that have all the words, with its parameters; several are to be
    intersected; [] when nothing can be searched for."""
    found: list[tuple[str, tuple[object, ...]]] = []
    if expression := match_expression(words):
        found.append(("SELECT rowid FROM demonstration_search WHERE demonstration_search MATCH ?"
                      " AND rowid NOT IN (SELECT id FROM demonstrations WHERE deleted = 1)", (expression,)))
    for part in substrings(words):
        # The stored JSON is looked through first: taking it apart for every row costs six times as much.
        stored, plain = pattern(json.dumps(part, ensure_ascii=False)[1:-1]), pattern(part)
        found.append(("SELECT id FROM demonstrations WHERE deleted = 0 AND (turns LIKE ? ESCAPE '\\' AND id IN"
                      " (SELECT t.id FROM demonstration_texts AS t WHERE t.id = demonstrations.id"
                      " AND t.body LIKE ? ESCAPE '\\') OR note LIKE ? ESCAPE '\\')", (stored, plain, plain)))
    return found


def pattern(part: str) -> str:
    """For ``LIKE ? ESCAPE '\\'``: the part, anywhere in the text."""
    return "%" + "".join(f"\\{c}" if c in "\\%_" else c for c in part) + "%"


def match_expression(words: Sequence[Word]) -> str:
    """FTS5's expression for all of the words, everything that was typed quoted; "" if none of them is indexed."""
    return " ".join(_quoted(word.text) + ("*" if word.unfinished else "") for word in words if _indexed(word.text))


def ranked_ids(connection: Connection, query: Query) -> list[int]:
    """Ids that match the words, best first (bm25), deleted ones among them; more than RANKED_AT_MOST come by id."""
    expression = match_expression(query.words)
    if not expression:
        return list(connection.exec_driver_sql("SELECT id FROM demonstrations WHERE deleted = 0 ORDER BY id").scalars())
    match = "FROM demonstration_search WHERE demonstration_search MATCH ?"
    every = list(connection.exec_driver_sql(f"SELECT rowid {match}", (expression,)).scalars())
    if len(every) > RANKED_AT_MOST:
        return every
    return list(connection.exec_driver_sql(f"SELECT rowid {match} ORDER BY rank, rowid", (expression,)).scalars())


def _quoted(part: str) -> str:
    return '"' + part.replace('"', '""') + '"'


def _indexed(part: str) -> bool:
    """Whether the tokenizer makes a word of it that can be looked up: letters or digits, in a script with spaces."""
    return any(c.isalnum() for c in part) and not _unspaced(part)


def _unspaced(part: str) -> bool:
    """Scripts written without spaces: a whole sentence is one word to the index, so it has to be looked through."""
    return any(unicodedata.name(c, "").startswith(("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR"))
               for c in part)


def substrings(words: Sequence[Word]) -> list[str]:
    """What has to be looked for character by character: unspaced scripts, emoji, signs."""
    return [word.text for word in words if word.text.strip() and not _indexed(word.text)]
