"""The candidates that are most like the questions, as KATE chooses them."""

from __future__ import annotations

import numpy as np

from workbench.search.similarity import (
    Ids,
    candidate_vectors,
    embedded,
    embeddings_of,
    first_fitting,
    pooled,
    unit,
)
from workbench.search.strategy import Strategy
from workbench.search.task import SearchTask


def nearest(task: SearchTask) -> Ids:
    """The k candidates nearest to the questions: largest mean cosine similarity of the instruction to the questions.

    As KATE (Liu et al., arXiv 2101.06804), which takes the nearest for each question; here one set serves all. The
    nearest stands last, next to the question.
    """
    task.check_base()
    questions = unit(np.stack([pooled(one) for one in embedded(embeddings_of(task), task.questions)]))
    likeness = candidate_vectors(task) @ questions.T
    values, ids, chosen = likeness.mean(axis=1), task.ids, Ids()
    while len(chosen) < task.size and (at := first_fitting(task, ids, values, chosen)) is not None:
        chosen = (*chosen, ids[at])
    return chosen[::-1]


NEAREST = Strategy(
    "nearest", "Nearest to the questions", "Nearest to the questions",
    "Takes the candidates whose instructions are most like the questions, by the model’s embeddings.", nearest,
    uses_embeddings=True, sees_references=False, compared_as="nearest to the questions")
