"""In which order chosen demonstrations stand: all orders of up to five, a sample of orders of more.

By likelihood of the reference answers, or, for tasks with labels, by the entropy of the predicted labels (Lu et al.
2022, "Fantastically Ordered Prompts and Where to Find Them", arXiv 2104.08786, section 3.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from math import factorial
from typing import Protocol

import numpy as np

from workbench.search.finalists import best_set
from workbench.search.options import EXHAUSTIVE
from workbench.search.task import SearchTask, in_steps
from workbench.statistics.intervals import Floats

Ids = tuple[int, ...]


class Probe(Protocol):
    """Asks a model about probing examples that it has made itself (arXiv 2104.08786, section 3.1)."""

    def label_logprobs(self, order: Ids) -> Floats:
        """Log-probabilities of the labels under the prompt with this order, ``(examples, labels)``."""


def orders(ids: Ids, rng: np.random.Generator) -> list[Ids]:
    """All orders of up to five ids in ascending order; of more, the given one and 119 other, different ones."""
    if len(ids) <= EXHAUSTIVE:
        return sorted(permutations(ids))
    found = {ids: None}                              # a dict keeps the order in which they were drawn
    while len(found) < factorial(EXHAUSTIVE):
        found[tuple(rng.permutation(ids).tolist())] = None
    return list(found)


def by_likelihood(task: SearchTask, ids: Ids, rng: np.random.Generator) -> Ids:
    """The order under which the reference answers are likeliest, among those that fit; ties by ids.

    Nothing is kept between: when broken off it is done again.
    """
    if len(ids) < 2:
        return ids
    sets = [order for order in orders(ids, rng) if task.fits(order)]
    found = in_steps(task.objective, sets)
    return best_set(task, dict(zip(sets, found, strict=True))) or ids


def by_entropy(tried: Sequence[Ids], probe: Probe, entropy: Callable[[Floats], float]) -> Ids:
    """Of these orders the one with the largest entropy over the probing examples; ties by ids."""
    return min((-entropy(probe.label_logprobs(order)), order) for order in tried)[1]


def global_entropy(logprobs: Floats) -> float:
    """GlobalE (equation 5): entropy in nats of how often each label is the likeliest, over ``(examples, labels)``."""
    counts = np.bincount(logprobs.argmax(axis=1), minlength=logprobs.shape[1])
    return float(_entropy(counts / counts.sum()))


def local_entropy(logprobs: Floats) -> float:
    """LocalE (equation 7): mean over the examples of the entropy, in nats, of the normalised label probabilities."""
    shifted = np.exp(logprobs - logprobs.max(axis=1, keepdims=True))
    return float(_entropy(shifted / shifted.sum(axis=1, keepdims=True)).mean())


def _entropy(p: Floats) -> Floats:
    """-Σ p log p over the last axis, with 0 log 0 = 0."""
    entropy: Floats = -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=-1)
    return entropy


ENTROPIES: Mapping[str, Callable[[Floats], float]] = {"global_entropy": global_entropy, "local_entropy": local_entropy}
