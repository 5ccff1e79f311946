"""Strategies that choose by likeness to the questions, without scoring an answer: nearest, and set coverage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.domain import Demonstration
from workbench.errors import JobError
from workbench.search.task import Embeddings, SearchTask

Floats = NDArray[np.float32]
Ids = tuple[int, ...]

TEXTS_PER_STEP = 32                  # texts embedded together; their tokens are let go of after each step


def nearest(task: SearchTask) -> Ids:
    """The k candidates nearest to the questions: largest mean cosine similarity of the instruction to the questions.

    As KATE (Liu et al., arXiv 2101.06804), which takes the nearest for each question; here one set serves all. The
    nearest stands last, next to the question.
    """
    task.check_base()
    questions = unit(np.stack([pooled(one) for one in embedded(_embeddings(task), task.questions)]))
    likeness = candidate_vectors(task) @ questions.T
    values, ids, chosen = likeness.mean(axis=1), task.ids, Ids()
    while len(chosen) < task.size and (at := first_fitting(task, ids, values, chosen)) is not None:
        chosen = (*chosen, ids[at])
    return chosen[::-1]


def set_coverage(task: SearchTask) -> Ids:
    """Set-BSR (Gupta, Gardner & Singh, "Coverage-based Example Selection for In-Context Learning", arXiv 2305.14907,
    section 3.3): the set whose tokens together cover the questions' best, found greedily.

    A question's token is covered by its largest cosine similarity to any token of the set (the recall of BERTScore);
    a question counts with the mean over its tokens. The measure is submodular, so that greedy choice is near the best.
    """
    task.check_base()
    best, weights = _coverage(task)
    covered = np.full(best.shape[1], -1.0, np.float32)
    ids, chosen = task.ids, Ids()
    while len(chosen) < task.size:
        values = np.maximum(best, covered) @ weights
        at = first_fitting(task, ids, values, chosen)
        if at is None:
            break
        chosen, covered = (*chosen, ids[at]), np.maximum(covered, best[at])
    return chosen


def _coverage(task: SearchTask) -> tuple[Floats, Floats]:
    """For each candidate how well it covers each token of the questions ``(candidates, tokens)``, and the tokens'
    weights, which make a mean over questions of means over tokens."""
    questions = [unit(one) for one in embedded(_embeddings(task), task.questions)]
    tokens = np.concatenate(questions)
    weights = np.concatenate([np.full(len(one), 1 / (len(one) * len(questions)), np.float32) for one in questions])
    rows = [(tokens @ unit(one).T).max(axis=1) for one in embedded(_embeddings(task), _instructions(task))]
    return np.stack(rows), weights


def first_fitting(task: SearchTask, ids: Ids, values: NDArray[np.floating], chosen: Ids) -> int | None:
    """Where among ``ids`` the one with the largest value stands that is not chosen and fits; ties by id. None: none."""
    order = np.lexsort((np.asarray(ids), -values)).tolist()
    return next((at for at in order if ids[at] not in chosen and task.fits((*chosen, ids[at]))), None)


def candidate_vectors(task: SearchTask) -> Floats:
    """A unit vector for each candidate's instruction ``(candidates, width)``, in the order of ``task.ids``."""
    return unit(np.stack([pooled(one) for one in embedded(_embeddings(task), _instructions(task))]))


def embedded(embeddings: Embeddings, texts: Sequence[str]) -> Iterator[Floats]:
    """Each text's token embeddings, embedded a step at a time."""
    for start in range(0, len(texts), TEXTS_PER_STEP):
        yield from embeddings.embed(texts[start : start + TEXTS_PER_STEP])


def pooled(tokens: Floats) -> Floats:
    """The mean over a text's tokens."""
    mean: Floats = tokens.mean(axis=0)
    return mean


def unit(rows: Floats) -> Floats:
    """Rows of length 1; a row of zeros stays."""
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    scaled: Floats = (rows / np.where(length > 0, length, 1)).astype(np.float32)
    return scaled


def _instructions(task: SearchTask) -> list[str]:
    by_id: dict[int | None, Demonstration] = {one.id: one for one in task.candidates}
    return [by_id[id].instruction for id in task.ids]


def _embeddings(task: SearchTask) -> Embeddings:
    if task.embeddings is None:
        raise JobError("This strategy compares texts by their embeddings, and this model cannot give any.",
                       safe="Nothing was computed.", remedy="Choose a transformers model, or another strategy.")
    return task.embeddings
