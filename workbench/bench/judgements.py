"""What a judge said of one answer, or of two, and how a rating is read out of its words (as FastChat reads it)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from workbench.domain.bench import UNREADABLE

Winner = Literal["model_1", "model_2", "tie", "error"]
Verdict = Literal["A", "B", "tie", "error"]

TIE_DELTA = 0.1                      # FastChat: two ratings no farther apart than this are a tie

_NUMBER = r"(\d+\.?\d*)"
_ONE = [re.compile(rf"\[\[{_NUMBER}\]\]"), re.compile(rf"\[{_NUMBER}\]")]
_TWO = [re.compile(rf"\[\[{_NUMBER},\s?{_NUMBER}\]\]"), re.compile(rf"\[{_NUMBER},\s?{_NUMBER}\]")]


@dataclass(frozen=True, slots=True)
class PairJudgement:
    """Two answers judged in both orders: ``first`` with model_1 shown first, ``second`` with model_2 shown first."""

    question: str
    model_1: str
    model_2: str
    judge: str
    turn: int
    first: Winner
    second: Winner

    @property
    def readable(self) -> bool:
        return "error" not in (self.first, self.second)

    @property
    def winner(self) -> Winner:
        """The winner of both orders; a tie where one says tie or they disagree (FastChat's show_result)."""
        if not self.readable:
            return "error"
        return self.first if self.first == self.second else "tie"


def parse_rating(words: str) -> float:
    """The first ``[[number]]``, else the first ``[number]``, else UNREADABLE."""
    for pattern in _ONE:
        if found := pattern.search(words):
            return float(found.group(1))
    return UNREADABLE


def parse_verdict(words: str) -> Verdict:
    """``[[A]]``, ``[[B]]`` or ``[[C]]`` (a tie), looked for in this order, as FastChat does."""
    for mark, verdict in (("[[A]]", "A"), ("[[B]]", "B"), ("[[C]]", "tie")):
        if mark in words:
            return verdict                                       # type: ignore[return-value]
    return "error"


def parse_two_ratings(words: str) -> Verdict:
    """The verdict of two ratings, ``[[8,6]]``: a tie when they are within TIE_DELTA."""
    for pattern in _TWO:
        if found := pattern.search(words):
            a, b = float(found.group(1)), float(found.group(2))
            return "tie" if abs(a - b) <= TIE_DELTA else ("A" if a > b else "B")
    return "error"
