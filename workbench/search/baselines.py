"""What a search has to beat: random sets, the best by single gain, a set spread over the sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from workbench.domain import Demonstration, RankedCandidate

Fits = Callable[[tuple[int, ...]], bool]


def random_set(ids: Sequence[int], size: int, fits: Fits, rng: np.random.Generator) -> tuple[int, ...]:
    """``size`` different ids in random order; those that would go over the budget are passed over."""
    return _take(rng.permutation(np.asarray(ids, dtype=np.int64)).tolist(), size, fits)


def top_k_set(ranking: Sequence[RankedCandidate], size: int, fits: Fits) -> tuple[int, ...]:
    """The ``size`` best of the first round: what one gets by scoring each candidate alone."""
    return _take((candidate.demonstration_id for candidate in ranking), size, fits)


def diverse_set(
    candidates: Iterable[Demonstration], size: int, fits: Fits, rng: np.random.Generator
) -> tuple[int, ...]:
    """Stratified by source: one of each source in turn, sources and candidates in random order."""
    by_source: defaultdict[str, list[int]] = defaultdict(list)
    for candidate in sorted(candidates, key=lambda c: c.id or 0):
        if candidate.id is not None:
            by_source[candidate.source].append(candidate.id)
    strata = [rng.permutation(by_source[source]).tolist() for source in sorted(by_source)]
    order = rng.permutation(len(strata)).tolist()
    turns = range(max((len(stratum) for stratum in strata), default=0))
    return _take((strata[at][turn] for turn in turns for at in order if turn < len(strata[at])), size, fits)


def _take(ids: Iterable[int], size: int, fits: Fits) -> tuple[int, ...]:
    taken: tuple[int, ...] = ()
    for id in ids:
        if len(taken) == size:
            break
        if fits((*taken, id)):
            taken = (*taken, id)
    return taken
