"""How far prompts or training move a base model: shares of shifted tokens and KL, of what a shift job has measured."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.domain import Answer, Interval, Judgement
from workbench.jobs.kinds.shift import JUDGE as SHIFT_JUDGE
from workbench.jobs.kinds.shift import NAME as SHIFT_NAME
from workbench.scoring.token_shift import MARGINAL
from workbench.services.bench_measures import BenchData
from workbench.statistics.paired import Measured, mean_interval

__all__ = ["MARGINAL", "SHIFT_JUDGE", "SHIFT_NAME", "ShiftRow", "Stretch", "TokenRow", "answer_shift", "shift_table"]

SEED = 0                             # the same answers give the same intervals
PLACES = (0, 1, 2, 3, 5, 8, 12, 20, 40, 80, 160, 320)      # where a stretch of an answer begins
NATS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)          # where the distribution of the KL is read off


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token of an answer: see scoring.token_shift."""

    text: str
    kl: float
    rank: int
    logprob: float
    base_logprob: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """Of ``tokens`` from place ``start`` of their answers on: shares with their intervals over questions."""

    start: int
    tokens: int
    unshifted: Interval
    marginal: Interval
    shifted: Interval


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """Shares of a contestant's tokens that are the base model's first choice, among its first three, and farther down;
    the mean KL (nats a token); the share of tokens with a KL of at least so many nats; and the shares by the token's
    place in the answer, as the URIAL paper draws them. All with their 95 % intervals over questions."""

    contestant_id: int
    base: str
    tokens: int
    unshifted: Interval
    marginal: Interval
    shifted: Interval
    kl: Interval
    kl_from: tuple[tuple[float, Interval], ...]
    by_place: tuple[Stretch, ...]


def answer_shift(judgement: Judgement) -> tuple[TokenRow, ...]:
    """An answer's tokens, from the measure that a shift job left."""
    return tuple(TokenRow(*row) for row in judgement.details.get("tokens", ()))


def shift_table(data: BenchData) -> list[ShiftRow]:
    """Each contestant against each base model that it was compared with."""
    groups: defaultdict[tuple[int, str], list[tuple[Answer, tuple[TokenRow, ...]]]] = defaultdict(list)
    for one in data.judgements:
        if (one.judge, one.name) == (SHIFT_JUDGE, SHIFT_NAME):
            answer = data.answers[one.answer_id]
            groups[answer.contestant_id, one.prompt_name].append((answer, answer_shift(one)))
    return [_row(contestant, base, found) for (contestant, base), found in groups.items()
            if any(tokens for _, tokens in found)]


def _row(contestant: int, base: str, found: Sequence[tuple[Answer, tuple[TokenRow, ...]]]) -> ShiftRow:
    flat = [(answer, token) for answer, tokens in found for token in tokens]
    return ShiftRow(
        contestant, base, len(flat), *_shares(flat), _mean(flat, lambda token: token.kl),
        tuple((nats, _mean(flat, lambda token, nats=nats: float(token.kl >= nats))) for nats in NATS),   # type: ignore[misc]
        tuple(Stretch(start, len(here), *_shares(here)) for start, end in zip(PLACES, (*PLACES[1:], None), strict=True)
              if (here := [(answer, token) for answer, tokens in found for token in tokens[start:end]])))


def _shares(tokens: Sequence[tuple[Answer, TokenRow]]) -> tuple[Interval, Interval, Interval]:
    """Of tokens at rank 0, at 1 and 2, and beyond."""
    def share(low: float, high: float) -> Interval:
        return _mean(tokens, lambda token: float(low <= token.rank < high))

    return share(0, 1), share(1, MARGINAL), share(MARGINAL, math.inf)


def _mean(tokens: Sequence[tuple[Answer, TokenRow]], value: Callable[[TokenRow], float]) -> Interval:
    """Tokens of a question stay together when resampled."""
    found = mean_interval([Measured(answer.question_id, answer.turn, value(token)) for answer, token in tokens],
                          np.random.default_rng(SEED))
    assert found is not None
    return found
