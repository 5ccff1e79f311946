"""Tables as text: comma, semicolon, tab or bar between the cells, with or without a heading row.

What we write ourselves is safe to open in a spreadsheet: a cell that would be taken for a formula gets an apostrophe
in front. A file whose heading is exactly COLUMNS is ours, and reading it takes exactly those apostrophes off again;
other people's apostrophes are left alone.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from workbench.domain import Demonstration, Role
from workbench.domain.fields import TEXTS
from workbench.errors import FormatError
from workbench.formats import conversation
from workbench.formats.format import Format, as_text
from workbench.formats.mapping import known_columns
from workbench.formats.rows import COLUMN_LIMIT, LINE_LIMIT, Refused, Row, Rows
from workbench.formats.source import Source

COLUMNS_BEFORE = ("instruction", "answer", "messages", *TEXTS, "tags", "status", "rating", "note")
COLUMNS = (*COLUMNS_BEFORE, "metadata")
"""Our own heading (and the one of files from before there were metadata). ``messages`` is filled (JSON) only where
instruction and answer alone do not say it all."""

_DELIMITERS = ",;\t|"
_NAME = re.compile(r"\w[\w.-]*( [\w.-]+){0,2}")      # of a column: one to three words
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
csv.field_size_limit(LINE_LIMIT)       # Python's own limit, 131,072, is below a long answer


def neutralise(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula; see ``restore``.

    A cell that already starts with apostrophes and then such a character gets one more, so that it can be undone.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restore(cell: str) -> str:
    """What ``neutralise`` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def dialect_of(sample: str, suffix: str = "") -> type[csv.Dialect] | None:
    """The dialect under which the sample's rows have most evenly more than one cell; None if it is no table.

    A file with only one column is a table when its name says so.
    """
    head = sample[:200_000]
    cut = head.rfind("\n")
    head = head[:cut + 1] if 0 < cut < len(sample) - 1 else head
    backslash = '\\"' in head and '""' not in head.replace('\\""', "")
    best, best_score = "", 0.0
    for delimiter in _DELIMITERS:
        widths = _widths(head, _dialect(delimiter, backslash))
        if not widths or max(widths) < 2:
            continue
        usual = max(set(widths), key=widths.count)
        score = widths.count(usual) / len(widths) if usual > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    if suffix in (".csv", ".tsv", ".tab"):
        return _dialect(best or ("," if suffix == ".csv" else "\t"), backslash)
    return _dialect(best, backslash) if best_score > 0.8 else None


def rows(source: Source) -> Rows:
    """Each record as column → text, with the line on which it starts."""
    dialect = dialect_of(source.sample_text, source.suffix)
    if dialect is None:
        raise FormatError(f"{source.path.name} does not look like a table.", safe="Nothing was imported.",
                          remedy="Choose another kind of file.")
    with source.text(newline="") as stream:
        records = _records(stream, dialect)
        first = next(records, None)
        while isinstance(first, Refused):
            yield first
            first = next(records, None)
        if first is None:
            return
        if len(first[1]) > COLUMN_LIMIT:
            raise FormatError(f"{source.path.name} has {len(first[1]):,} columns; at most {COLUMN_LIMIT:,} are taken.",
                              safe="Nothing was imported.", remedy="Choose another encoding or file.")
        columns, ours = _heading(first[1]), tuple(first[1]) in (COLUMNS, COLUMNS_BEFORE)
        if not _is_heading(first[1]):
            columns = tuple(f"column {number}" for number in range(1, len(first[1]) + 1))
            yield Row(first[0], dict(zip(columns, first[1], strict=True)))
        for record in records:
            yield record if isinstance(record, Refused) else _row(*record, columns, ours)


def _row(line: int, cells: list[str], columns: tuple[str, ...], ours: bool) -> Row | Refused:
    if len(cells) > len(columns) and any(cells[len(columns):]):
        return Refused(line, f"The row has {len(cells)} cells, and there are {len(columns)} columns.")
    if ours:
        cells = [restore(cell) for cell in cells]
    row = dict(zip(columns, cells, strict=False))
    if ours and row.get("messages"):        # which say it all; the other two are for people
        row |= {"instruction": "", "answer": ""}
    return Row(line, row)


def _records(stream: TextIO, dialect: type[csv.Dialect]) -> Iterator[tuple[int, list[str]] | Refused]:
    """Records with the line they start on; a broken one is refused and the next line starts afresh."""
    lines = _Lines(stream)
    reader = csv.reader(lines, dialect)
    while True:
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field limit" in str(error):
                lines.skip_cell()
            yield Refused(line, _in_words(str(error), dialect))
        else:
            if any(cells):
                yield line, cells


class _Lines:
    """The stream's lines. One beyond the limit is read past and raises csv.Error; the next call goes on after it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self.number = stream, 0

    def __iter__(self) -> _Lines:
        return self

    def skip_cell(self) -> None:
        """Read past the line on which a cell in quotation marks ends: its other lines are no rows."""
        while line := self._stream.readline(LINE_LIMIT):
            self.number += line.endswith(("\n", "\r"))
            if (line.count('"') - line.count('\\"')) % 2:
                return

    def __next__(self) -> str:
        line = self._stream.readline(LINE_LIMIT)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == LINE_LIMIT and not line.endswith(("\n", "\r")):
            while (more := self._stream.readline(LINE_LIMIT)) and not more.endswith(("\n", "\r")):
                pass
            raise csv.Error("line limit")
        return line


def _in_words(message: str, dialect: type[csv.Dialect]) -> str:
    if message == "line limit":
        return f"The line is longer than {LINE_LIMIT:,} characters."
    if "field limit" in message:
        return f"A cell is longer than {LINE_LIMIT:,} characters."
    if "unexpected end" in message:
        return "A quotation mark opens a cell here that nothing closes until the end of the file."
    if "expected after" in message:
        return f"After a cell in quotation marks {dialect.delimiter!r} is expected, or the end of the line."
    return f"Not a row of the table: {message}."


def _dialect(delimiter_: str, backslash: bool) -> type[csv.Dialect]:
    class Found(csv.excel):
        delimiter = delimiter_
        strict = True
        doublequote = not backslash
        escapechar = "\\" if backslash else None

    return Found


def _widths(head: str, dialect: type[csv.Dialect]) -> list[int]:
    """How many cells each of the first records has; broken ones are left out."""
    reader, widths = csv.reader(io.StringIO(head, newline=""), dialect), list[int]()
    while len(widths) < 200:
        try:
            widths.append(len(next(reader)))
        except StopIteration:
            break
        except csv.Error:
            continue
    return [width for width in widths if width]


def _is_heading(cells: Sequence[str]) -> bool:
    """Whether the first row names columns: short, different names, at least one of which is known."""
    names = [cell.strip() for cell in cells]
    plain = all(len(name) < 80 and "\n" not in name for name in names) and len(set(names)) == len(names)
    return plain and (bool(known_columns(names)) or all(_NAME.fullmatch(name) for name in names))


def _heading(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(cell.strip() or f"column {number}" for number, cell in enumerate(cells, 1))


def write(demonstrations: Iterable[Demonstration]) -> Iterator[str]:
    """Rows under COLUMNS, in quotation marks where needed, with formulas neutralised."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for demonstration in demonstrations:
        writer.writerow([neutralise(cell) for cell in _cells(demonstration)])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _cells(demonstration: Demonstration) -> tuple[str, ...]:
    turns = demonstration.turns
    roles = tuple(turn.role for turn in turns)
    plain = roles in ((Role.USER,), (Role.USER, Role.ASSISTANT)) and all(
        turn.text.strip() and not turn.attached for turn in turns)
    messages = "" if plain else json.dumps([conversation.message(turn) for turn in turns], ensure_ascii=False)
    tags = demonstration.tags
    joined = "; ".join(tags)
    simple = all(tag and tag == tag.strip() and not set(tag) & set(',;"[]\r\n') for tag in tags)
    return (demonstration.instruction, demonstration.answer, messages,
            *(getattr(demonstration, name) for name in TEXTS),
            joined if simple else json.dumps(list(tags), ensure_ascii=False), demonstration.status.value,
            str(demonstration.rating or ""), demonstration.note,
            json.dumps(dict(demonstration.metadata), ensure_ascii=False) if demonstration.metadata else "")


def recognises(source: Source) -> bool:
    return (source.is_table or not source.is_binary) and dialect_of(source.sample_text, source.suffix) is not None


FORMAT = Format(
    "csv", "Table (CSV, TSV)", "A table as text, with a heading row.", (".csv", ".tsv", ".tab"), recognises=recognises,
    rows=rows, fixed_columns=True, write=as_text(write, "utf-8-sig"),       # the mark tells Excel that it is UTF-8
    hint="For a spreadsheet. What a spreadsheet would take for a formula is marked.",
)
