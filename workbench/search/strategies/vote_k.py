"""Vote-k (Su et al., "Selective Annotation Makes Language Models Better Few-Shot Learners", arXiv 2209.01975, section
2.1): candidates that stand for many others, differ from those that were chosen already, and are hard in different
degrees for the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.errors import JobError
from workbench.search.options import SearchOptions
from workbench.search.similarity import Floats, candidate_vectors, first_fitting
from workbench.search.strategy import Strategy
from workbench.search.task import SearchTask

NEIGHBOURS, SHARE = 150, 0.1         # the paper's k of the graph; of a small pool no more than this share
DISCOUNT = 10.0                      # the paper's rho
UNSURE = 0.9                         # the share that is chosen from in the second stage: without the surest
_ROWS = 1024                         # similarities to all others computed at once

Graph = NDArray[np.int64]            # (candidates, neighbours): whom each one votes for


def fast_vote_k(task: SearchTask) -> tuple[int, ...]:
    """Votes alone, as the paper's "fast vote-k" (its appendix): looks at the candidates only, neither at questions nor
    at any score; ties by id."""
    task.check_base()
    return _by_votes(task, _graph(candidate_vectors(task)), (), task.size)


def vote_k(task: SearchTask) -> tuple[int, ...]:
    """The first tenth of the set by votes; the rest by votes among those that the model is unsure of in like degree.

    The model answers each other candidate's instruction after the first tenth's demonstrations, the nearest last. The
    mean log-probability of its answer is its confidence. The less sure nine tenths of the pool are divided by it into
    as many equal buckets as demonstrations are wanted yet, and from each bucket comes the one with the most votes. What
    is missing then because nothing in a bucket fits is filled up by votes. Looks at no question; ties by id.
    """
    task.check_base()
    ids, vectors = task.ids, candidate_vectors(task)
    graph = _graph(vectors)
    chosen = _by_votes(task, graph, (), first_stage(task.size))
    wanted = min(task.size, len(ids)) - len(chosen)
    if not chosen or wanted < 1:
        return chosen
    sure = _confidence(task, vectors, chosen)
    unsure = sorted(sure, key=lambda at: (sure[at], ids[at]))
    kept = unsure[: max(wanted, int(UNSURE * len(unsure)))]
    for bucket in np.array_split(np.array(kept, np.int64), wanted):
        chosen = _by_votes(task, graph, chosen, len(chosen) + 1, among=bucket)
    return _by_votes(task, graph, chosen, task.size)


def first_stage(size: int) -> int:
    """How many of a set are chosen by votes alone: a tenth, at least one."""
    return max(1, size // 10)


def _by_votes(
    task: SearchTask, graph: Graph, chosen: tuple[int, ...], size: int, among: NDArray[np.int64] | None = None
) -> tuple[int, ...]:
    """``chosen`` with those added that get the most votes, up to ``size``; of the places ``among`` only, if given."""
    ids = task.ids
    while len(chosen) < size:
        values = votes_for(graph, np.isin(ids, chosen))
        places = np.arange(len(ids)) if among is None else among
        at = first_fitting(task, tuple(ids[place] for place in places), values[places], chosen)
        if at is None:
            break
        chosen = (*chosen, ids[places[at]])
    return chosen


def _confidence(task: SearchTask, vectors: Floats, shown: tuple[int, ...]) -> dict[int, float]:
    """By place, the model's confidence in its own answer to each candidate that is not shown; those that do not fit
    into the context are left out. Raises JobError where the model tells none."""
    if task.confidence is None:
        raise JobError("Vote-k asks how sure the model is of its answers, and this model does not tell.",
                       safe="Nothing was computed.", remedy="Choose fast vote-k, or another model.")
    ids = task.ids
    left = [at for at, id in enumerate(ids) if id not in shown]
    likeness = vectors @ vectors[np.flatnonzero(np.isin(ids, shown))].T
    in_order = sorted(shown)
    near = [tuple(in_order[at] for at in np.argsort(-likeness[place], kind="stable")) for place in left]
    asked: Sequence[tuple[int, tuple[int, ...]]] = [(ids[at], one) for at, one in zip(left, near, strict=True)]
    found = task.confidence.confidence(asked)
    told = {at: value for at, value in zip(left, found, strict=True) if value is not None}
    if len(told) < len(left):
        task.watch.log("warning", f"{len(left) - len(told)} candidates were left out of the second stage: the model "
                                  "cannot be asked for them within its context.")
    return told


def _graph(vectors: Floats) -> Graph:
    return neighbours(vectors, min(NEIGHBOURS, max(1, int(SHARE * len(vectors)))))


def votes_for(near: Graph, taken: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What each candidate gets: Σ over the voters that are not taken of DISCOUNT^-(taken ones among the voter's
    neighbours). ``near`` is ``(candidates, neighbours)``."""
    weight = np.where(taken, 0.0, DISCOUNT ** -taken[near].sum(axis=1, dtype=np.float64))
    return np.asarray(np.bincount(near.ravel(), np.repeat(weight, near.shape[1]), minlength=len(near)), np.float64)


def neighbours(vectors: Floats, count: int) -> Graph:
    """For each unit vector the places of its ``count`` nearest others by cosine, at most all ``(vectors, count)``."""
    count = min(count, len(vectors) - 1)
    found = np.empty((len(vectors), count), np.int64)
    for start in range(0, len(vectors), _ROWS):
        likeness = vectors[start : start + _ROWS] @ vectors.T
        rows = np.arange(len(likeness))
        likeness[rows, start + rows] = -np.inf
        found[start : start + _ROWS] = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
    return found


def _answers_drawn(candidates: int, size: int, options: SearchOptions) -> int:
    size = min(size, candidates)
    return candidates - first_stage(size) if size > first_stage(size) else 0


VOTE_K = Strategy(
    "vote_k", "Vote-k", "Vote-k: by votes and confidence",
    "Takes candidates that stand for many others and that the model is sure of in different degrees, whatever the "
    "questions are.", vote_k, answers_drawn=_answers_drawn, uses_embeddings=True, sees_references=False)
FAST_VOTE_K = Strategy(
    "fast_vote_k", "Fast vote-k", "Fast vote-k: those that stand for others",
    "Takes candidates that stand for many others by the model’s embeddings, whatever the questions are.", fast_vote_k,
    uses_embeddings=True, sees_references=False, compared_as="fast vote-k")
