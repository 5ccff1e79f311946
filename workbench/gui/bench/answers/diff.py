"""Which words of two texts the other one does not have in that place."""

from __future__ import annotations

import bisect
import difflib
import re
from dataclasses import dataclass

# A word, one character of a script that writes words without spaces, white space, or any other character.
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+|\s+|.",
                    re.DOTALL)
MOST_TOKENS = 6_000                  # of both texts; comparing takes time by their product
ALIKE = 0.15                         # with less in common every word would be marked, which tells nothing

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class WordDiff:
    """Characters ``start:end`` that only one of the two has. ``note`` says why there are none, if that is so."""

    first: tuple[Span, ...] = ()
    second: tuple[Span, ...] = ()
    note: str = ""


def word_diff(first: str, second: str) -> WordDiff:
    """Compare two texts word by word."""
    if first == second:
        return WordDiff(note="The answers are the same.")
    a, b = _TOKEN.findall(first), _TOKEN.findall(second)
    if len(a) + len(b) > MOST_TOKENS:
        return WordDiff(note="These answers are too long to mark where they differ.")
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    blocks = matcher.get_matching_blocks()
    words = sum(token[:1].isalnum() for block in blocks for token in a[block.a:block.a + block.size])
    shorter = min(sum(token[:1].isalnum() for token in tokens) for tokens in (a, b))
    if words < ALIKE * shorter:
        return WordDiff(note="The answers have little in common, so no words are marked.")
    return WordDiff(_unmatched(a, [(block.a, block.size) for block in blocks]),
                    _unmatched(b, [(block.b, block.size) for block in blocks]))


def _unmatched(tokens: list[str], matched: list[tuple[int, int]]) -> tuple[Span, ...]:
    """The stretches between matches; ones with nothing but a space between them are one stretch."""
    starts = [0]
    for token in tokens:
        starts.append(starts[-1] + len(token))
    spans: list[Span] = []
    before = 0
    for place, size in matched:
        start, end = starts[before], starts[place]
        if end > start and any(not token.isspace() for token in tokens[before:place]):
            joined = spans and all(token.isspace() for token in tokens[bisect.bisect_left(starts, spans[-1][1]):before])
            spans[-1:] = [(spans[-1][0], end)] if joined else [*spans[-1:], (start, end)]
        before = place + size
    return tuple(spans)

