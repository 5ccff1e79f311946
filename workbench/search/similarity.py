"""Likeness of texts by a model's embeddings, for strategies that compare texts."""

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


def first_fitting(task: SearchTask, ids: Ids, values: NDArray[np.floating], chosen: Ids) -> int | None:
    """Where among ``ids`` the one with the largest value stands that is not chosen and fits; ties by id. None: none."""
    order = np.lexsort((np.asarray(ids), -values)).tolist()
    return next((at for at in order if ids[at] not in chosen and task.fits((*chosen, ids[at]))), None)


def candidate_vectors(task: SearchTask) -> Floats:
    """A unit vector for each candidate's instruction ``(candidates, width)``, in the order of ``task.ids``."""
    return unit(np.stack([pooled(one) for one in embedded(embeddings_of(task), instructions(task))]))


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


def instructions(task: SearchTask) -> list[str]:
    by_id: dict[int | None, Demonstration] = {one.id: one for one in task.candidates}
    return [by_id[id].instruction for id in task.ids]


def embeddings_of(task: SearchTask) -> Embeddings:
    if task.embeddings is None:
        raise JobError("This strategy compares texts by their embeddings, and this model cannot give any.",
                       safe="Nothing was computed.", remedy="Choose a transformers model, or another strategy.")
    return task.embeddings
