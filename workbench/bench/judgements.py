"""What a judge said of one answer, or of two, and how a rating is read out of its words (see ``Reading``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from workbench.domain.bench import UNREADABLE

Winner = Literal["model_1", "model_2", "tie", "error"]
Verdict = Literal["A", "B", "tie", "error"]

TIE_DELTA = 0.1                      # FastChat: two ratings no farther apart than this are a tie

SCALE = (1.0, 10.0)                  # of a rating, as the judge prompts ask for it

Reading = Literal["last", "fastchat"]
"""Which of a judge's words count.

- "last": the last verdict in the form that was asked for, what the judge thought before its answer left out; a rating
  outside of SCALE is unreadable.
- "fastchat": as FastChat's common.py reads it: the first number; [[A]] before [[B]] before [[C]] wherever they stand.
"""

_NUMBER = r"(\d+(?:\.\d*)?)"
_ONE = [re.compile(rf"\[\[{_NUMBER}\]\]"), re.compile(rf"\[{_NUMBER}\]")]
_TWO = [re.compile(rf"\[\[{_NUMBER},\s?{_NUMBER}\]\]"), re.compile(rf"\[{_NUMBER},\s?{_NUMBER}\]")]
_VERDICTS: dict[str, Verdict] = {"[[A]]": "A", "[[B]]": "B", "[[C]]": "tie"}
_BRACKETS = [re.compile(r"\[\[([^\[\]]{1,40})\]\]"), re.compile(r"\[([^\[\]]{1,40})\]")]
_THOUGHT = [("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<|channel|>analysis", "<|channel|>final")]


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

    @property
    def share(self) -> float:
        """What model_1 gets: 1 where it won, 0 where model_2 did, ½ for a tie. Raises KeyError if not readable."""
        return {"model_1": 1.0, "tie": 0.5, "model_2": 0.0}[self.winner]


def parse_rating(words: str, reading: Reading = "last") -> float:
    """A rating in ``[[number]]``, or in ``[number]`` where there is none of those; UNREADABLE where it cannot be."""
    if reading == "fastchat":
        found = _first(_ONE, words)
        return float(found.group(1)) if found else UNREADABLE
    numbers = _last_numbers(words)
    return numbers[0] if len(numbers) == 1 else UNREADABLE


def parse_verdict(words: str, reading: Reading = "last") -> Verdict:
    """``[[A]]``, ``[[B]]`` or ``[[C]]`` (a tie)."""
    if reading == "fastchat":
        return next((verdict for mark, verdict in _VERDICTS.items() if mark in words), "error")
    said = without_thought(words)
    last = max(_VERDICTS, key=said.rfind)
    return _VERDICTS[last] if last in said else "error"


def parse_two_ratings(words: str, reading: Reading = "last") -> Verdict:
    """The verdict of two ratings, ``[[8,6]]``: a tie when they are within TIE_DELTA."""
    if reading == "fastchat":
        found = _first(_TWO, words)
        numbers = [float(number) for number in found.groups()] if found else []
    else:
        numbers = _last_numbers(words)
    if len(numbers) != 2:
        return "error"
    a, b = numbers
    return "tie" if abs(a - b) <= TIE_DELTA else ("A" if a > b else "B")


def without_thought(words: str) -> str:
    """What a judge said after it had thought; "" where it never came to an end of that."""
    for opened, closed in _THOUGHT:
        if closed in words:             # a template may have opened it already
            words = words.rpartition(closed)[2]
        elif opened in words:
            words = words.partition(opened)[0]
    return words


def _first(patterns: list[re.Pattern[str]], words: str) -> re.Match[str] | None:
    return next((found for pattern in patterns if (found := pattern.search(words))), None)


def _last_numbers(words: str) -> list[float]:
    """The numbers in the last brackets that hold any, all on the scale; [] where they are no numbers, or off it."""
    said = without_thought(words)
    for pattern in _BRACKETS:
        if found := [inside for inside in pattern.findall(said) if re.search(r"\d", inside)]:
            try:
                numbers = [float(number) for number in found[-1].split(",")]
            except ValueError:
                return []
            return numbers if all(SCALE[0] <= number <= SCALE[1] for number in numbers) else []
    return []
