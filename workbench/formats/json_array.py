"""JSON that is one array of objects, or an object that holds such an array, such as ``{"data": […]}``.

Read as a stream: one element at a time is decoded, so that a file of gigabytes needs the memory of its longest element.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from itertools import count
from typing import Any, TextIO

from workbench.errors import FormatError
from workbench.formats.format import Format
from workbench.formats.json_value import as_object, decode, is_json
from workbench.formats.rows import Refused, Row, RowError, Rows
from workbench.formats.source import SAMPLE, Source

CONTAINERS = ("data", "rows", "examples", "items", "demonstrations", "train", "test")
"""Keys whose array of objects is taken for the rows."""

SHARED_LIMIT = 64_000_000
"""Bytes of a file whose short texts beside the rows (its name, a prefix) are given to each row."""

_CHUNK = 1 << 16
_ELEMENT_LIMIT = 64_000_000
_SPACE = re.compile(r"[ \t\r\n]*")
_ARRAY = re.compile(r"\s*\[\s*(\{|\]|$)")
_CONTAINER = re.compile(rf'\s*{{\s*"({"|".join(CONTAINERS)})"\s*:\s*\[\s*{{')


def looks_like(text: str) -> bool:
    """Whether a text's start is that of an array of objects, or of an object that holds one of the usual keys."""
    return bool(_ARRAY.match(text) or _CONTAINER.match(text))


def holds_rows(text: str) -> bool:
    """Whether a whole text is an object with an array of objects under one of the usual keys."""
    try:
        value = as_object(decode(text))
    except RowError:
        return False
    return any(isinstance(part := value.get(key), list) and bool(part) and all(isinstance(row, dict) for row in part)
               for key in CONTAINERS)


def rows(source: Source) -> Rows:
    """The array's objects, each with the line it starts on.

    An element that is no object is refused; broken JSON raises FormatError, since what follows cannot be trusted.
    """
    shared = _shared(source)
    with source.text(newline="") as stream:
        cursor = _Cursor(stream, source.path.name)
        first = cursor.peek()
        if first == "[":
            yield from _elements(cursor, on_one_line="\n" not in source.sample_text.strip())
        elif first == "{":
            for row in _object(cursor, source):
                yield row._replace(cells={**shared, **row.cells}) if shared and isinstance(row, Row) else row
        elif not first:
            return
        else:
            raise cursor.broken("a JSON array or object is expected")
        if cursor.peek():
            raise cursor.broken("there is more text after the JSON ends")


def _elements(cursor: _Cursor, *, on_one_line: bool) -> Rows:
    """The elements of the array that starts here; where all stand on one line they are told apart by their number."""
    cursor.take("[")
    if cursor.peek() == "]":
        cursor.take("]")
        return
    for number in count(1):
        cursor.peek()
        line = number if on_one_line else cursor.line
        try:
            yield Row(line, as_object(cursor.value()))
        except RowError as error:
            yield Refused(line, str(error))
        if cursor.take(",]") == "]":
            return


def _shared(source: Source) -> dict[str, Any]:
    """What an object says, in short texts, of all the rows that it holds; the file is read through once for it."""
    if source.total > SHARED_LIMIT or not source.sample_text.lstrip().startswith("{"):
        return {}
    with source.text(newline="") as stream:
        rows = _object(_Cursor(stream, source.path.name), source)
        while True:
            try:
                next(rows)
            except StopIteration as end:
                return {key: value for key, value in end.value.items() if _is_short(value)} if end.value else {}
            except FormatError:         # it comes again where the rows are read
                return {}


def _is_short(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 300


def _object(cursor: _Cursor, source: Source) -> Generator[Row | Refused, None, dict[str, Any]]:
    """An object: the array under one of CONTAINERS, or, where there is none, the object itself as the only row.

    Returns what stands beside the array.
    """
    line, cells, found = cursor.line, {}, False
    cursor.take("{")
    if cursor.peek() == "}":
        cursor.take("}")
        return {}
    while True:
        if cursor.peek() != '"':
            raise cursor.broken("a key in double quotes is expected")
        key = cursor.value()
        cursor.take(":")
        if key in CONTAINERS and cursor.peek() == "[":
            found = True
            yield from _elements(cursor, on_one_line="\n" not in source.sample_text.strip())
        else:
            cells[key] = cursor.value()
        if cursor.take(",}") == "}":
            break
    if not found:
        yield Row(line, cells)
        return {}
    source.beside |= {key for key, value in cells.items() if value not in (None, "", [], {}) and not _is_short(value)}
    return cells


class _Cursor:
    """A place in a JSON text that is read piece by piece."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._buffer, self._at = "", 0
        self.line = 1
        self._decoder = json.JSONDecoder()

    def broken(self, why: str) -> FormatError:
        return FormatError(f"{self._name} is broken JSON: {why}, at line {self.line}.", safe="Nothing was imported.",
                           remedy="Mend the file, or copy it again if it was cut off.")

    def peek(self) -> str:
        """Skip white space; the next character, "" at the end."""
        while True:
            match = _SPACE.match(self._buffer, self._at)
            assert match is not None
            self._advance(match.end())
            if self._at < len(self._buffer) or not self._more(_CHUNK):
                return self._buffer[self._at:self._at + 1]

    def take(self, allowed: str) -> str:
        """The next character, which has to be one of ``allowed``."""
        character = self.peek()
        if not character:
            raise self.broken("it ends early")
        if character not in allowed:
            raise self.broken(f"{' or '.join(allowed)} is expected and {character!r} found")
        self._advance(self._at + 1)
        return character

    def value(self) -> Any:
        """The JSON value that starts here; more is read for as long as what is there may be its beginning."""
        step = _CHUNK
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                may_go_on = error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - 16
                if not (may_go_on and self._more(step)):
                    self._advance(error.pos)
                    why = error.msg[:1].lower() + error.msg[1:]
                    raise self.broken("it ends early" if may_go_on else why) from None
            except RecursionError:
                raise self.broken("it is nested too deeply") from None
            except ValueError:
                raise self.broken("it holds a number with too many digits") from None
            else:
                if end < len(self._buffer) or not self._more(step):     # a number may go on in the next piece
                    self._advance(end)
                    return value
            if len(self._buffer) - self._at > _ELEMENT_LIMIT:
                raise self.broken(f"one element is longer than {_ELEMENT_LIMIT:,} characters")
            step *= 2           # so that a long element is decoded again a few times only

    def _more(self, size: int) -> bool:
        """Drop what was read and read on; False at the end."""
        piece = self._stream.read(size)
        if not piece:
            return False
        self._buffer, self._at = self._buffer[self._at:] + piece, 0
        return True

    def _advance(self, to: int) -> None:
        self.line += self._buffer.count("\n", self._at, to)
        self._at = to


def recognises(source: Source) -> bool:
    """Whether a file is one JSON array or object, perhaps over many lines, and not one object a line."""
    text = source.sample_text
    if source.is_table:
        return False
    if looks_like(text):
        return True
    if not text.lstrip().startswith("{"):
        return source.suffix == ".json" and text.lstrip().startswith("[")
    first, _, rest = text.lstrip().partition("\n")
    if not rest.strip() and holds_rows(first):
        return True
    if not rest and source.suffix == ".json" and len(source.sample) == SAMPLE:
        return True             # one object that goes on
    return not (is_json(first) or rest.lstrip().startswith("{") or not rest)


FORMAT = Format("json", "JSON", "An array of objects, or an object that holds one under “data” or such a name.",
                (".json",), recognises=recognises, rows=rows)
