"""The set whose words together cover the questions' best."""

from __future__ import annotations

import numpy as np

from workbench.search.similarity import Floats, Ids, embedded, embeddings_of, first_fitting, instructions, unit
from workbench.search.strategy import Strategy
from workbench.search.task import SearchTask


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
    questions = [unit(one) for one in embedded(embeddings_of(task), task.questions)]
    tokens = np.concatenate(questions)
    weights = np.concatenate([np.full(len(one), 1 / (len(one) * len(questions)), np.float32) for one in questions])
    rows = [(tokens @ unit(one).T).max(axis=1) for one in embedded(embeddings_of(task), instructions(task))]
    return np.stack(rows), weights


SET_COVERAGE = Strategy(
    "set_coverage", "Set coverage (Set-BSR)", "Set coverage (Set-BSR)",
    "Takes the set whose words together cover the questions’ best, by the model’s embeddings.", set_coverage,
    uses_embeddings=True, sees_references=False, compared_as="set coverage")
