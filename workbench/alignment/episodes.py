"""In-context learning samples for training: some demonstrations of a task and one test pair of the same task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from workbench.alignment.options import SubsetMethod
from workbench.domain import Demonstration
from workbench.errors import WorkbenchError


class AlignmentError(WorkbenchError):
    """Training cannot start, or cannot go on, as asked."""


@dataclass(frozen=True, slots=True)
class Episode:
    """``demonstrations`` stand before ``test``, whose answer is the target; all are of one ``task``."""

    task: str
    demonstrations: tuple[Demonstration, ...]
    test: Demonstration


def group_by_task(pool: Sequence[Demonstration], prefix: str = "task:") -> dict[str, tuple[Demonstration, ...]]:
    """Demonstrations by task: a tag that begins with ``prefix`` names it, else the category.

    Those without an answer are left out.
    """
    groups: dict[str, list[Demonstration]] = {}
    for demonstration in pool:
        if not demonstration.answer:
            continue
        named = next((tag[len(prefix):] for tag in demonstration.tags if tag.startswith(prefix)), "")
        groups.setdefault(named or demonstration.category or "(none)", []).append(demonstration)
    return {task: tuple(members) for task, members in sorted(groups.items())}


Tasks = Mapping[str, Sequence[Demonstration]]


def check_disjoint(source: Tasks, target: Tasks) -> None:
    """Source and target tasks must share neither a name nor a demonstration; else AlignmentError says what overlaps."""
    names = sorted(source.keys() & target.keys())
    if names:
        raise AlignmentError(f"Source and target tasks overlap: {', '.join(names[:5])}.",
                             remedy="Take these tasks out of one of the two.")
    seen = {d.content_hash: task for task, members in source.items() for d in members}
    for task, members in target.items():
        for demonstration in members:
            if demonstration.content_hash in seen:
                other = seen[demonstration.content_hash]
                raise AlignmentError(
                    f"The target task {task} and the source task {other} share “{demonstration.instruction[:60]}”.",
                    remedy="Take it out of one of the two.")


def sample_episodes(
    tasks: Tasks, count: int, generator: np.random.Generator,
    fewest: int = 4, most: int = 10,
) -> list[Episode]:
    """``count`` episodes: a task drawn evenly, k uniform in ``fewest``..``most`` (4..10 in the paper), k + 1 pairs.

    A task with fewer than ``most`` + 1 pairs gives smaller episodes, one with fewer than ``fewest`` + 1 none.
    Raises AlignmentError when no task is large enough.
    """
    usable = {task: members for task, members in tasks.items() if len(members) > fewest}
    if not usable:
        raise AlignmentError(f"No task has the {fewest + 1} answered demonstrations that one sample needs.",
                             remedy="Add demonstrations, or lower the number of demonstrations a sample has.")
    names = sorted(usable)
    episodes = []
    for _ in range(count):
        task = names[int(generator.integers(len(names)))]
        members = usable[task]
        k = int(generator.integers(fewest, min(most, len(members) - 1) + 1))
        chosen = generator.permutation(len(members))[: k + 1]
        *before, test = (members[int(i)] for i in chosen)
        episodes.append(Episode(task, tuple(before), test))
    return episodes


def sample_subsets(
    size: int, count: int, generator: np.random.Generator, method: SubsetMethod = "random",
    similarity: Sequence[float] | None = None,
) -> tuple[tuple[int, ...], ...]:
    """``count`` distinct, non-empty, proper subsets of ``size`` demonstrations, each in the order of the sample.

    - "random": all of one size, drawn uniformly from 1..size − 1 among the sizes that have ``count`` subsets;
    - "sizes": each subset's size is drawn anew;
    - "similarity": demonstrations are ordered by ``similarity`` to the test query and cut into ``count`` groups of
      nearly equal size, so that the subsets go from the most to the least similar (needs ``count`` ≤ ``size``).

    Raises AlignmentError when there are not that many.
    """
    if method == "similarity":
        return _by_similarity(size, count, similarity)
    if count > 2 ** size - 2:
        raise AlignmentError(f"{size} demonstrations have fewer than {count} proper subsets.",
                             remedy="Take more demonstrations a sample, or fewer subsets.")
    sizes = [k for k in range(1, size) if comb(size, k) >= count]
    if method == "sizes" or not sizes:
        return _draw(size, count, generator, range(1, size))
    return _draw(size, count, generator, [sizes[int(generator.integers(len(sizes)))]])


def _draw(size: int, count: int, generator: np.random.Generator, sizes: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    if sum(comb(size, k) for k in sizes) <= 4 * count:              # few to choose from: list them
        every = [subset for k in sizes for subset in combinations(range(size), k)]
        return tuple(every[int(i)] for i in generator.permutation(len(every))[:count])
    found: dict[tuple[int, ...], None] = {}
    while len(found) < count:
        k = sizes[int(generator.integers(len(sizes)))]
        found[tuple(sorted(int(i) for i in generator.permutation(size)[:k]))] = None
    return tuple(found)


def _by_similarity(size: int, count: int, similarity: Sequence[float] | None) -> tuple[tuple[int, ...], ...]:
    if similarity is None or len(similarity) != size:
        raise ValueError("similarity-grouped subsets need one similarity a demonstration")
    if count > size:
        raise AlignmentError(f"{size} demonstrations cannot be cut into {count} groups.",
                             remedy="Take more demonstrations a sample, or fewer subsets.")
    order = sorted(range(size), key=lambda i: (-similarity[i], i))
    return tuple(tuple(sorted(int(i) for i in group)) for group in np.array_split(order, count))
