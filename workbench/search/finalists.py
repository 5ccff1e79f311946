"""Who might have won: sets so close to the best that rounding to half precision could have decided between them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from workbench.domain import AnswerScore
from workbench.search.intervals import by_question, mean_logprob
from workbench.search.task import SearchTask, in_steps

Ids = tuple[int, ...]
Answers = tuple[AnswerScore, ...]

MOST_FINALISTS = 8
_WIDTH = 1.96                        # standard errors: a 95 % interval


def finalists(scores: Mapping[Ids, Answers]) -> list[Ids]:
    """The best set and those whose paired difference from it, over questions, has a 95 % interval that touches 0; at
    most MOST_FINALISTS, best first, ties by ids."""
    order = sorted(scores, key=lambda ids: (-mean_logprob(scores[ids]), ids))
    if len(order) < 2:
        return order
    sums, _ = by_question([scores[ids] for ids in order])
    behind = sums[0] - sums
    error = behind.std(axis=1, ddof=1 if behind.shape[1] > 1 else 0) / np.sqrt(behind.shape[1])
    close = behind.mean(axis=1) <= _WIDTH * error
    return [ids for ids, is_close in zip(order, close.tolist(), strict=True) if is_close][:MOST_FINALISTS]


def settled(task: SearchTask, scores: Mapping[Ids, Answers]) -> dict[Ids, Answers]:
    """The finalists scored again in float32, where the model computes in half precision and there are several; else
    nothing. The task's watch hears of it."""
    close = finalists(scores)
    exact = task.exact() if len(close) > 1 else None
    if exact is None:
        return {}
    found = dict(zip(close, in_steps(exact, close, len(scores[close[0]])), strict=True))
    task.watch.settled(len(close), changed=_best(found) != close[0])
    return found


def best_set(task: SearchTask, scores: Mapping[Ids, Answers]) -> Ids:
    """The set under which the answers are likeliest, ties by ids; in half precision float32 decides between the
    finalists. ``()`` of none."""
    return _best(settled(task, scores) or scores) if scores else ()


def _best(scores: Mapping[Ids, Answers]) -> Ids:
    return min(scores, key=lambda ids: (-mean_logprob(scores[ids]), ids))
