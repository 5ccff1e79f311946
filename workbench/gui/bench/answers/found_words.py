"""The words of a search in the texts that are shown: marked, and gone through one after the other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from workbench.domain.query import Query, plain_words
from workbench.gui.bench.answers.diff import Span
from workbench.gui.bench.answers.text import LongAnswer


def found_spans(query: Query, text: str) -> tuple[Span, ...]:
    """Where the words of a search stand in ``text``, as the full-text index takes them: without regard to case and
    accents, whole words, and the beginning of the one that is still being typed. A part in a script without spaces is
    found anywhere."""
    folded, places = _folded(text)
    spans: list[Span] = []
    for word in query.marked:
        wanted = _folded(word.text.strip())[0]
        spans += [(places[start], places[end]) for start, end in _occurrences(folded, wanted, not word.unfinished)]
    return _joined(spans)


def _folded(text: str) -> tuple[str, list[int]]:
    """Lower case without accents, and where each of its characters (and its end) stands in ``text``."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        plain = [c for c in unicodedata.normalize("NFKD", character.casefold()) if not unicodedata.combining(c)]
        letters += plain
        places += [place] * len(plain)
    return "".join(letters), [*places, len(text)]


def _occurrences(text: str, wanted: str, whole: bool) -> Iterator[Span]:
    anywhere = any(ord(c) >= 0x2E80 for c in wanted)         # scripts that write no spaces between words
    start = text.find(wanted) if wanted else -1
    while start >= 0:
        end = start + len(wanted)
        begins = anywhere or start == 0 or not (text[start - 1].isalnum() and wanted[0].isalnum())
        ends = anywhere or not whole or end == len(text) or not (text[end].isalnum() and wanted[-1].isalnum())
        if begins and ends:
            yield start, end
        start = text.find(wanted, end)


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    """In their order; those that overlap are one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


class FoundWords:
    """Marks a search's words in some texts, one of them as the current one. ``at`` is its place among all, from 0."""

    def __init__(self) -> None:
        self._query = Query()
        self._found: list[tuple[LongAnswer, tuple[Span, ...]]] = []
        self.at = 0

    def search(self, text: str) -> None:
        """Another search; "" marks nothing. ``show`` has to follow."""
        self._query, self.at = plain_words(text), 0

    def show(self, texts: Sequence[LongAnswer]) -> None:
        """Mark the words in these texts, which stand in the order in which they are read."""
        self._found = [(text, found_spans(self._query, text.text) if self._query.marked else ()) for text in texts]
        self.at = min(self.at, max(0, self.count - 1))
        self._mark()

    @property
    def count(self) -> int:
        return sum(len(spans) for _, spans in self._found)

    def step(self, by: int) -> bool:
        """Go to the next word, or the one before, and scroll to it; False where there is none left."""
        if not 0 <= self.at + by < self.count:
            return False
        self.go_to(self.at + by)
        return True

    def go_to(self, place: int) -> None:
        """Make a word the current one; -1 is the last."""
        self.at = place if place >= 0 else max(0, self.count - 1)
        self._mark()
        left = self.at
        for text, spans in self._found:
            if left < len(spans):
                text.reveal(spans[left])
                return
            left -= len(spans)

    def _mark(self) -> None:
        left = self.at
        for text, spans in self._found:
            text.mark_found(spans, left if 0 <= left < len(spans) else -1)
            left -= len(spans)
