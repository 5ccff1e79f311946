"""Every format there is, and which one a file has."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from workbench import plugins
from workbench.errors import FormatError
from workbench.formats import (
    alpaca,
    alpaca_eval_annotations,
    argilla,
    big_bench,
    csv_table,
    dataset_folder,
    doccano,
    dspy_program,
    html_page,
    json_array,
    jsonl,
    label_studio,
    markdown,
    mt_bench,
    natural_instructions,
    open_webui,
    openai_chat,
    openai_preference,
    parquet,
    prodigy,
    question_table,
    self_instruct,
    sharegpt,
    urial,
)
from workbench.formats import mapping as mappings
from workbench.formats.format import Cells, Content, Format
from workbench.formats.rows import Refused, Row, RowError, Rows
from workbench.formats.source import Source

BUILT_IN = tuple(module.FORMAT for module in (
    jsonl, json_array, csv_table, parquet, dataset_folder, urial, mt_bench, question_table,
    openai_chat, sharegpt, alpaca, openai_preference, alpaca_eval_annotations, self_instruct, natural_instructions,
    big_bench, argilla, label_studio, prodigy, doccano, open_webui, dspy_program, markdown, html_page))
"""Our own, in the order in which they are offered; of layouts the first that fits is taken."""

_STORED = ("dataset", "mt_bench", "parquet", "json", "jsonl", "urial", "csv")
"""In which order files are looked at: what is told by a mark first, what may be told by accident last."""

_LOOK = 50                              # rows that the layout is told from
LOOKED_AT = 16_000_000
"""Bytes of a file that are looked through before an import; what comes after is looked through by the import."""


@cache
def table() -> plugins.Table[Format]:
    """Name → format, those of installed packages among them."""
    return plugins.table("workbench.formats", Format, BUILT_IN)


def formats() -> Mapping[str, Format]:
    return table().entries


def readable() -> list[Format]:
    """What a file may be."""
    return [format for format in formats().values() if format.rows or format.is_layout or format.content != _PLAIN]


def writers() -> dict[str, Format]:
    """What demonstrations can be written as."""
    return {name: format for name, format in formats().items() if format.write}


_PLAIN: Content = "demonstrations"


@dataclass(slots=True)
class Column:
    """A column of a file: in how many rows it holds something, and some of what it holds."""

    name: str
    filled: int = 0
    examples: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class OpenFile:
    """A file whose format is known. ``kind`` says how its rows are stored, ``layout`` what their columns hold.

    ``columns`` are those of the rows that were looked through (of the whole file where ``whole``), ``mapping`` is the
    guess: field → column. ``as_questions``: the person says that the rows ask something.
    """

    source: Source
    kind: Format
    layout: Format | None = None
    columns: dict[str, Column] = field(default_factory=dict)
    mapping: dict[str, str] = field(default_factory=dict)
    whole: bool = True
    as_questions: bool = False

    @property
    def format(self) -> str:
        return (self.layout or self.kind).name

    @property
    def content(self) -> Content:
        return "questions" if self.as_questions else (self.layout or self.kind).content

    def rows(self) -> Rows:
        """Plain rows from the start. Raises FormatError while it goes, for damage that makes the rest unsure."""
        assert self.kind.rows is not None, "prompts are read as a whole"
        rows = self.kind.rows(self.source)
        return rows if self.layout is None or self.layout.unpack is None else _unpacked(rows, self.layout)

    def demonstrations(self, columns: Mapping[str, str] | None = None, source: str = "") -> Generator[
            mappings.Item, None, None]:
        """(line, demonstration) or the refusal, by the mapping ``columns`` (None: the guess)."""
        return mappings.demonstrations(self.rows(), self.mapping if columns is None else columns, source)


def open_file(path: Path, format: str = "auto", encoding: str = "auto", *, limit: int | None = None) -> OpenFile:
    """Find out what a file or folder is, and which columns its rows have; with a ``limit`` only so many bytes of it
    are looked through. Raises FormatError."""
    known = formats()
    if format != "auto" and format not in {entry.name for entry in readable()}:
        raise FormatError(f"There is no format “{format}”.",
                          remedy=f"Choose one of {', '.join(('auto', *(entry.name for entry in readable())))}.")
    source = Source(path, encoding)
    chosen = known.get(format)
    kind = chosen if chosen is not None and not chosen.is_layout and chosen.content != "questions" \
        else known[_detect(source)]
    if kind.rows is None:
        if chosen is not None and chosen is not kind and chosen.content == _PLAIN:
            raise FormatError(f"{path.name} is not in the form {chosen.title}.", safe="Nothing was imported.",
                              remedy="Let the kind be detected.")
        return OpenFile(source, kind)
    if source.is_folder != (kind.name == "dataset") and not (kind.name == "dataset" and dataset_folder.is_one(path)):
        raise FormatError(f"{path.name} is not of the kind {kind.title}.", safe="Nothing was imported.",
                          remedy="Let the kind be detected.")
    if kind.binary:
        source.encoding, source.note = "utf-8", ""
    return _with_columns(OpenFile(source, kind), chosen, limit)


def _with_columns(file: OpenFile, chosen: Format | None, limit: int | None) -> OpenFile:
    """Find out what the columns hold: the layout by the first rows, the columns by all of them."""
    with closing(file.rows()) as rows:
        sample = [row.cells for row in islice((row for row in rows if isinstance(row, Row)), _LOOK)]
    file.as_questions = chosen is question_table.FORMAT
    if chosen is not None and chosen.is_layout:
        missing = [need for need in chosen.needs if not any(need in cells for cells in sample)]
        if missing and sample:
            raise FormatError(f"The file has no column “{missing[0]}”, which {chosen.title} needs.",
                              safe="Nothing was imported.", remedy="Let the kind be detected.")
        file.layout = chosen
    elif chosen is None or chosen.name in _GENERAL or file.as_questions:
        file.layout = None if _is_ours(sample) else next(
            (entry for entry in formats().values() if entry.fits(sample)), None)
    file.columns, file.whole = _columns(file, limit)
    guessed = mappings.guess({name: column.examples for name, column in file.columns.items()})
    named = {field: column for field, column in (file.layout.mapping if file.layout else {}).items()
             if column in file.columns}
    guessed = {field: column for field, column in guessed.items() if column not in named.values()}
    file.mapping = guessed | named
    return file


_GENERAL = ("jsonl", "json", "csv", "parquet", "dataset")


def _is_ours(sample: Sequence[Cells]) -> bool:
    return any({"messages", "status", "rating"} <= cells.keys() for cells in sample)


def _columns(file: OpenFile, limit: int | None) -> tuple[dict[str, Column], bool]:
    """The columns of the rows, those that come late among them, and whether all rows were looked through."""
    found: dict[str, Column] = {}
    with closing(file.rows()) as rows:
        for number, row in enumerate(rows):
            if not isinstance(row, Row):
                continue
            for name, value in row.cells.items():
                column = found.get(name)
                if column is None:
                    column = found[name] = Column(name)
                if mappings.is_filled(value):
                    column.filled += 1
                    if len(column.examples) < mappings.EXAMPLES:
                        column.examples.append(value)
            if limit is not None and number % 1000 == 999 and file.source.bytes_done() > limit:
                return found, False
    return found, True


def _unpacked(rows: Rows, layout: Format) -> Rows:
    """The plain rows that each row holds, on its line."""
    assert layout.unpack is not None
    with closing(rows):
        for row in rows:
            if not isinstance(row, Row):
                yield row
                continue
            try:
                for cells in layout.unpack(row.cells):
                    yield Row(row.line, dict(cells))
            except RowError as error:
                yield Refused(row.line, str(error))
            except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
                yield Refused(row.line, f"The row is not in the form {layout.title}.")


def _detect(source: Source) -> str:
    """The name of a file's kind. Raises FormatError if it is none that is known."""
    if not source.is_folder and not source.sample:
        raise _unknown(source, "It is empty.")
    brought = [name for name, entry in formats().items() if entry.recognises and name not in _STORED]
    for name in (*brought, *_STORED):
        recognises = formats()[name].recognises
        if recognises is not None and recognises(source):
            return name
        if name == "parquet" and not source.is_folder and not source.sample_text.strip():
            raise _unknown(source, "It is empty.")
    if source.is_folder:
        raise _unknown(source, "The folder holds no saved dataset, no Parquet files and no question.jsonl.")
    raise _unknown(source, "It is not a text." if source.is_binary else "No line of it is JSON, and it is no table.")


def _unknown(source: Source, why: str) -> FormatError:
    titles = ", ".join(entry.title for entry in readable())
    return FormatError(f"{source.path.name} is of no kind that can be read here. {why}", safe="Nothing was imported.",
                       remedy=f"These can be read: {titles}.")
