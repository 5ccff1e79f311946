"""What a prompt owes to each of its demonstrations and to their order: leave one out, and other orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.domain import AnswerScore, Interval
from workbench.search.intervals import gain_intervals, mean_logprob
from workbench.search.orders import orders
from workbench.search.task import Objective, in_steps

Ids = tuple[int, ...]
Answers = tuple[AnswerScore, ...]


@dataclass(frozen=True, slots=True)
class OrderSensitivity:
    """Nats per answer over the ``tried`` orders, the given one among them. ``rank`` is the given one's place, 1 the
    best; ``deviation`` is the standard deviation over orders."""

    tried: int
    mean: float
    deviation: float
    best: float
    best_order: Ids
    worst: float
    rank: int


def leave_one_out(objective: Objective, ids: Ids, whole: Answers, rng: np.random.Generator) -> list[Interval]:
    """What each of ``ids`` adds to the others, in their order: the mean over answers of the log-likelihood with all of
    them (``whole``) minus without this one, in nats, with a paired 95 % interval over questions."""
    found = in_steps(objective, [without(ids, id) for id in ids], len(whole))
    lost = gain_intervals(whole, found, rng)
    return [Interval(-one.mean, -one.high, -one.low) for one in lost]


def order_sensitivity(
    objective: Objective, ids: Ids, whole: Answers, most: int, rng: np.random.Generator
) -> OrderSensitivity:
    """All orders of a few, else a sample: at most ``most``, the given one first (Lu et al., arXiv 2104.08786, measure
    how much the order alone moves the result). Ties go to the order of smaller ids."""
    others = [order for order in orders(ids, rng) if order != ids]
    picked = rng.permutation(len(others))[: max(most - 1, 0)].tolist()
    tried = [ids, *(others[at] for at in sorted(picked))]
    found = [whole, *in_steps(objective, tried[1:], len(whole))]
    means = np.array([mean_logprob(answers) for answers in found])
    best = min(range(len(tried)), key=lambda at: (-means[at], tried[at]))
    return OrderSensitivity(
        len(tried), float(means.mean()), float(means.std(ddof=1)) if len(tried) > 1 else 0.0, float(means[best]),
        tried[best], float(means.min()), 1 + int((means > means[0]).sum()))


def without(ids: Sequence[int], id: int) -> Ids:
    return tuple(one for one in ids if one != id)
