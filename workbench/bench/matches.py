"""What there is to judge: an answer alone, or two answers to the same turn (FastChat's three modes)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GivenAnswers:
    """One contestant's answers to one question in one repeat, turn by turn: their ids and texts."""

    contestant_id: int
    question_id: int
    repeat: int
    answer_ids: tuple[int, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """``first`` and ``second`` are places in a list of GivenAnswers; ``second`` None is an answer judged alone.

    ``turn`` counts from 0.
    """

    first: int
    second: int | None
    turn: int


def single(given: Sequence[GivenAnswers]) -> list[Match]:
    """Every answer alone: all first turns, then all second turns, as FastChat's gen_judgment.py orders them."""
    return [Match(place, None, turn) for turn in range(_turns(given)) for place, one in enumerate(given)
            if turn < len(one.texts)]


def against_baseline(given: Sequence[GivenAnswers], baseline_id: int) -> list[Match]:
    """Every contestant against the contestant ``baseline_id``, which stands second."""
    return [match for match in all_pairs(given, last=baseline_id)
            if match.second is not None and given[match.second].contestant_id == baseline_id]


def all_pairs(given: Sequence[GivenAnswers], last: int | None = None) -> list[Match]:
    """Every pair of contestants on the same question and repeat, the lower id first.

    ``last`` is a contestant that stands second in all its pairs.
    """
    groups: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for place, one in enumerate(given):
        groups[one.question_id, one.repeat].append(place)
    found = []
    for turn in range(_turns(given)):
        for places in groups.values():
            there = sorted((place for place in places if turn < len(given[place].texts)),
                           key=lambda place: (given[place].contestant_id == last, given[place].contestant_id))
            found += [Match(a, b, turn) for number, a in enumerate(there) for b in there[number + 1:]]
    return found


def _turns(given: Sequence[GivenAnswers]) -> int:
    return max((len(one.texts) for one in given), default=0)
