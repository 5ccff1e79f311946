"""Every kind of file that can be read, and which kind a file is.

A kind says how rows are stored; a layout (Alpaca, ShareGPT, OpenAI chat) says what the columns of any such kind hold.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from workbench.errors import FormatError
from workbench.formats import (
    alpaca,
    csv_table,
    dataset_folder,
    json_array,
    jsonl,
    mt_bench,
    openai_chat,
    parquet,
    sharegpt,
    urial,
)
from workbench.formats import mapping as mappings
from workbench.formats.json_value import decode
from workbench.formats.rows import Row, RowError, Rows
from workbench.formats.source import Source

Content = Literal["demonstrations", "questions", "prompt"]


@dataclass(frozen=True, slots=True)
class Kind:
    """How rows are stored. ``rows`` is None for what is read as a whole (a prompt, a question set).

    ``binary`` kinds know their texts' encoding themselves.
    """

    name: str
    title: str
    rows: Callable[[Source], Rows] | None
    content: Content = "demonstrations"
    binary: bool = False


KINDS = {kind.name: kind for kind in (
    Kind("jsonl", "JSON Lines", jsonl.rows),
    Kind("json", "JSON", json_array.rows),
    Kind("csv", "Table (CSV, TSV)", csv_table.rows),
    Kind("parquet", "Parquet", parquet.rows, binary=True),
    Kind("dataset", "Saved dataset", dataset_folder.rows, binary=True),
    Kind("urial", "URIAL prompt", None, "prompt"),
    Kind("mt_bench", "MT-Bench questions", None, "questions"),
    Kind("questions", "Questions in a table (AlpacaEval, CSV)", None, "questions"),
)}

LAYOUTS = {layout.name: layout for layout in (openai_chat.LAYOUT, sharegpt.LAYOUT, alpaca.LAYOUT)}

NAMES = ("auto", *KINDS, *LAYOUTS)
"""What a person may choose as a file's format."""

_TABLES = (".csv", ".tsv", ".tab")
_NOT_IN_TEXT = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f\x1b") | {"\ufffd"}
_LOOK = 50      # rows that columns and the mapping are guessed from


@dataclass(slots=True)
class OpenFile:
    """A file whose kind is known. ``mapping`` is field → column, the guess."""

    source: Source
    kind: Kind
    format: str
    columns: tuple[str, ...] = ()
    mapping: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> Content:
        return self.kind.content

    def rows(self) -> Rows:
        """Raw rows from the start. Raises FormatError while it goes, for damage that makes the rest unsure."""
        assert self.kind.rows is not None, "prompts and question sets are read as a whole"
        return self.kind.rows(self.source)

    def demonstrations(self, columns: Mapping[str, str] | None = None, source: str = "") -> Generator[
            mappings.Item, None, None]:
        """(line, demonstration) or the refusal, by the mapping ``columns`` (None: the guess)."""
        return mappings.demonstrations(self.rows(), self.mapping if columns is None else columns, source)


def open_file(path: Path, format: str = "auto", encoding: str = "auto") -> OpenFile:
    """Find out what a file or folder is. Raises FormatError."""
    if format not in NAMES:
        raise FormatError(f"There is no format “{format}”.", remedy=f"Choose one of {', '.join(NAMES)}.")
    source = Source(path, encoding)
    kind = KINDS[format] if format in KINDS else KINDS[_detect(source)]
    if kind.rows is None:
        if format in LAYOUTS:
            raise FormatError(f"{path.name} is not in the form {LAYOUTS[format].title}.", safe="Nothing was imported.",
                              remedy="Let the kind be detected.")
        return OpenFile(source, kind, kind.name)
    if source.is_folder != (kind.name == "dataset") and not (kind.name == "dataset" and dataset_folder.is_one(path)):
        raise FormatError(f"{path.name} is not of the kind {kind.title}.", safe="Nothing was imported.",
                          remedy="Let the kind be detected.")
    if kind.binary:
        source.encoding, source.note = "utf-8", ""
    with closing(kind.rows(source)) as rows:
        sample = [row.cells for row in islice((row for row in rows if isinstance(row, Row)), _LOOK)]
    columns = tuple(dict.fromkeys(name for cells in sample for name in cells))
    if format == "auto" and sample and all(mt_bench.matches(cells) for cells in sample):
        return OpenFile(source, KINDS["mt_bench"], "mt_bench")
    name, found = _layout(format, columns, sample)
    return OpenFile(source, kind, name or kind.name, columns, found)


def _layout(format: str, columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, str]]:
    """The layout's name ("" for none) and the mapping. What a layout does not name is guessed beside it."""
    if format in LAYOUTS:
        chosen = LAYOUTS[format]
        missing = [column for column in chosen.needs if column not in columns]
        if missing and columns:
            raise FormatError(f"The file has no column “{missing[0]}”, which {chosen.title} needs.",
                              safe="Nothing was imported.", remedy="Let the kind be detected.")
        return format, mappings.guess(columns, sample) | chosen.mapping_for(columns)
    guessed = mappings.guess(columns, sample)
    if set(columns) >= {"messages", "status", "rating"}:
        return "", guessed          # our own
    for layout in LAYOUTS.values():
        if layout.fits(columns, sample):
            return layout.name, guessed | layout.mapping_for(columns)
    return "", guessed


def _detect(source: Source) -> str:
    """The name of a file's kind. Raises FormatError if it is none that is known."""
    path, sample = source.path, source.sample
    if source.is_folder:
        if dataset_folder.is_one(path):
            return "dataset"
        if (path / mt_bench.QUESTIONS).is_file():
            return "mt_bench"
        raise _unknown(source, "The folder holds no saved dataset, no Parquet files and no question.jsonl.")
    if sample.startswith(parquet.MAGIC):
        return "parquet"
    if dataset_folder.is_one(path):
        return "dataset"
    text = source.sample_text
    if not text.strip():
        raise _unknown(source, "It is empty.")
    return _detect_text(source, text)


def _detect_text(source: Source, text: str) -> str:
    if source.suffix not in _TABLES or _is_json(text.lstrip().partition("\n")[0]):
        if _is_one_json(text, source.suffix):
            return "json"
        if text.lstrip().startswith("{"):
            return "jsonl"
        if source.suffix in (".jsonl", ".ndjson"):
            return "jsonl"
        if _is_binary(text):
            raise _unknown(source, "It is not a text.")
        if urial.looks_like(text, plain=source.suffix in (".txt", ".md", "")):
            return "urial"
    if csv_table.dialect_of(text, source.suffix) is not None:
        return "csv"
    raise _unknown(source, "No line of it is JSON, and it is no table.")


def _is_one_json(text: str, suffix: str) -> bool:
    """Whether a text is one JSON array or object, perhaps over many lines, and not one object a line."""
    if json_array.looks_like(text):
        return True
    if not text.lstrip().startswith("{"):
        return suffix == ".json" and text.lstrip().startswith("[")
    first, _, rest = text.lstrip().partition("\n")
    if not rest.strip() and json_array.holds_rows(first):
        return True
    return not (_is_json(first) or rest.lstrip().startswith("{") or not rest)


def _is_binary(text: str) -> bool:
    start = text[:65_536]
    return sum(character in _NOT_IN_TEXT for character in start) > len(start) // 100


def _is_json(line: str) -> bool:
    try:
        return isinstance(decode(line), dict | list)
    except RowError:
        return False


def _unknown(source: Source, why: str) -> FormatError:
    return FormatError(f"{source.path.name} is of no kind that can be read here. {why}", safe="Nothing was imported.",
                       remedy=f"These can be read: {', '.join(kind.title for kind in KINDS.values())}.")
