"""What a search for a set of demonstrations finds."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.domain.score import AnswerScore


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """``gain`` is the mean change, in nats per answer, against the set that the round started from."""

    demonstration_id: int
    objective: float
    gain: Interval


@dataclass(frozen=True, slots=True)
class SearchRound:
    """One round of a search: the whole ranking (best first) and what was chosen. ``number`` counts from 1."""

    number: int
    ranking: tuple[RankedCandidate, ...]
    chosen_id: int
    objective: float
    prompt_tokens: int
    evaluations: int


@dataclass(frozen=True, slots=True)
class SetEvaluation:
    """A set of demonstrations on the held-out questions: ``mean`` is nats per answer.

    ``strategy`` is a strategy's name or base; random sets carry their seed in ``label``.
    """

    strategy: str
    label: str
    demonstration_ids: tuple[int, ...]
    mean: float
    answers: tuple[AnswerScore, ...]
