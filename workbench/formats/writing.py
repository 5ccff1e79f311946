"""Every form in which demonstrations can be written to a file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from workbench.domain import Demonstration, Prompt
from workbench.formats import alpaca, csv_table, html_page, jsonl, markdown, openai_chat, parquet, urial

Write = Callable[[Iterable[Demonstration], BinaryIO], int]


def _text(pieces: Callable[[Iterable[Demonstration]], Iterator[str]], encoding: str = "utf-8") -> Write:
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


def _urial(demonstrations: Iterable[Demonstration]) -> Iterator[str]:
    yield urial.render(Prompt(demonstrations=tuple(demonstrations)))


WRITERS: dict[str, Write] = {
    "jsonl": _text(jsonl.write),
    "openai": _text(openai_chat.write),
    "alpaca": _text(alpaca.write),
    "csv": _text(csv_table.write, "utf-8-sig"),       # the mark tells Excel that it is UTF-8
    "parquet": parquet.write,
    "urial": _text(_urial),
    "markdown": _text(markdown.write_demonstrations),
    "html": _text(html_page.write_demonstrations),
}
"""Format → writer; it writes to a binary stream and returns how many demonstrations."""
