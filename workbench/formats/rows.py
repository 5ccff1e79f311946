"""What a reader gives: raw rows with the line they stand on, and rows that it refuses with the reason."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any, NamedTuple

LINE_LIMIT = 8_000_000
"""Characters in one line or row; a longer one is refused, and skipped without being held in memory."""

TEXT_LIMIT = 1_000_000
"""Characters in one turn: more than any local model's context holds."""


COLUMN_LIMIT = 10_000
"""Columns of a table, or keys of one row: what has more is no table of demonstrations, and takes minutes to look at."""


class Row(NamedTuple):
    """``line`` counts from 1: the file's line where the row starts, or the row's number in a binary table, or where all
    rows stand on one line."""

    line: int
    cells: dict[str, Any]


class Refused(NamedTuple):
    """A row that is not taken, and why, in words for a person."""

    line: int
    reason: str


class Unreadable(NamedTuple):
    """A cell whose value Python cannot hold (a text that is not UTF-8, a date before the year 1), and why."""

    reason: str


Rows = Generator[Row | Refused, None, None]


class RowError(ValueError):
    """Raised while one row is read; its message is the reason that the person is given."""


def require_value(value: Any, what: str) -> Any:
    """A value with parts itself, or RowError where one of its texts cannot be stored."""
    if value:
        try:
            require_text(json.dumps(value, ensure_ascii=False), what)
        except RecursionError:
            raise RowError(f"{what} is nested too deeply.") from None
        except RowError:
            raise
        except (TypeError, ValueError):
            raise RowError(f"{what} holds a value that JSON has no form for.") from None
    return value


def require_text(text: str, what: str) -> str:
    """The text itself, or RowError when it cannot be stored or shown as it is."""
    if "\0" in text:
        raise RowError(f"{what} holds a NUL character.")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            code = ord(text[error.start])
            if 0xDC80 <= code <= 0xDCFF:
                raise RowError(f"{what} holds the byte {code - 0xDC00:#04x}, which the file's encoding does not "
                               "allow.") from None
            raise RowError(f"{what} holds half of a surrogate pair (\\u{code:04x}), not a character.") from None
    if len(text) > TEXT_LIMIT:
        raise RowError(f"{what} is {len(text):,} characters long; at most {TEXT_LIMIT:,} are taken.")
    return text
