"""What a format declares of itself: one entry, from which detection, form, command line, help and guide are derived.

An entry says how rows are **stored** (``recognises``, ``rows``: JSON Lines, CSV, …), or what the **columns** hold of
rows that are stored in any of these ways (``needs``, ``matches``, ``unpack``, ``mapping``: Alpaca, Label Studio, …), or
how demonstrations are **written** (``write``, ``hint``); one entry may do all of it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal

from workbench.domain import Demonstration
from workbench.formats.conversation import is_turn
from workbench.formats.rows import Rows
from workbench.formats.source import Source

Content = Literal["demonstrations", "questions", "prompt"]
Cells = Mapping[str, Any]
Write = Callable[[Iterable[Demonstration], BinaryIO], int]


@dataclass(frozen=True, slots=True)
class Format:
    """``extensions`` are with their dot; the first one is what a written file gets.

    - ``recognises`` looks at the file's beginning, ``rows`` yields its rows. ``binary``: the file knows its texts'
      encoding itself. ``fixed_columns``: the first row tells them all.
    - ``needs`` are columns without which a file is not of this format, ``matches`` looks at a row that has them.
      ``unpack`` makes of a row one or more plain ones (or raises RowError); ``mapping`` is field → column of those.
    - ``write`` writes demonstrations to a binary stream and returns how many; ``hint`` says what is lost by it.
    """

    name: str
    title: str
    help: str
    extensions: tuple[str, ...] = ()
    content: Content = "demonstrations"
    recognises: Callable[[Source], bool] | None = None
    rows: Callable[[Source], Rows] | None = None
    binary: bool = False
    fixed_columns: bool = False
    needs: tuple[str, ...] = ()
    matches: Callable[[Cells], bool] | None = None
    unpack: Callable[[Cells], Iterable[Cells]] | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    write: Write | None = None
    hint: str = ""
    for_prompts: bool = False

    def __post_init__(self) -> None:
        if self.write and not self.extensions:
            raise ValueError(f"The format “{self.name}” is written, and says no extension for its files.")

    @property
    def is_layout(self) -> bool:
        """Whether it says what the columns of rows hold."""
        return self.matches is not None

    def fits(self, sample: Sequence[Cells]) -> bool:
        """Whether most of the first rows are of this format."""
        if self.matches is None or not sample:
            return False
        fitting = sum(all(need in row for need in self.needs) and self.matches(row) for row in sample)
        return 2 * fitting > len(sample)


def turns_have(value: Any, role: str, text: str) -> bool:
    """Whether a cell is a list of turns with these keys (or an object of two such lists)."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(turn, Mapping) and role in turn and (text in turn or is_turn(turn))
                                   for turn in value)
    return isinstance(value, Mapping) and isinstance(value.get(role), list) and isinstance(value.get(text), list)


def as_text(pieces: Callable[[Iterable[Demonstration]], Iterator[str]], encoding: str = "utf-8") -> Write:
    """A writer of bytes from one that yields pieces of text."""
    def write(demonstrations: Iterable[Demonstration], stream: BinaryIO) -> int:
        counted = _Counted(demonstrations)
        text = io.TextIOWrapper(stream, encoding, newline="")
        for piece in pieces(counted):
            text.write(piece)
        text.flush()
        text.detach()       # the stream stays open for who opened it
        return counted.count

    return write


class _Counted:
    """Counts what goes through."""

    def __init__(self, items: Iterable[Demonstration]) -> None:
        self._items, self.count = items, 0

    def __iter__(self) -> Iterator[Demonstration]:
        for item in self._items:
            self.count += 1
            yield item
