"""Which tokens of many sequences are shared: a tree over token ids.

Whole strings are tokenised and only their common *token* prefixes are shared, so that a result equals scoring each
sequence alone, whatever the tokenizer does at a joint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from workbench.models.base import ScoredSequence

Ids = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]


@dataclass(slots=True)
class Node:
    """A stretch of tokens that starts at position ``depth`` and continues in each of ``children``.

    ``at``, ``targets``, ``owners`` and ``slots`` (all of the same length) say what is wanted here: after the stretch's
    token ``at``, the log-probability of token ``targets``, for place ``slots`` of the result of sequence ``owners``.
    """

    ids: Ids
    depth: int
    children: list[Node] = field(default_factory=list)
    at: Places = field(default_factory=lambda: np.empty(0, np.int64))
    targets: Places = field(default_factory=lambda: np.empty(0, np.int64))
    owners: Places = field(default_factory=lambda: np.empty(0, np.int64))
    slots: Places = field(default_factory=lambda: np.empty(0, np.int64))
    wants: list[tuple[int, int, int, int, Sequence[int]]] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.depth + len(self.ids)

    def settle(self) -> None:
        """Make arrays of ``wants``: (first place, last place + 1, owner, first slot, targets), one owner after the
        other."""
        if self.wants:
            self.at = np.concatenate([np.arange(first, last) for first, last, *_ in self.wants])
            self.owners = np.repeat([w[2] for w in self.wants], [w[1] - w[0] for w in self.wants])
            self.slots = np.concatenate([np.arange(w[3], w[3] + w[1] - w[0]) for w in self.wants])
            self.targets = np.array([token for want in self.wants for token in want[4]], np.int64)


def plan(sequences: Sequence[ScoredSequence], *, pass_cost: int = 64) -> Node:
    """The tree of all ``sequences``; its root is empty. A sequence's last token is only predicted, so not in the tree.

    A shared stretch gets its own node only where that saves more than ``pass_cost`` tokens, which is about what
    another pass through the model costs; else its tokens are repeated in each branch.
    """
    fed = [np.asarray(s.ids[: max(s.end - 1, 0)], np.int32) for s in sequences]
    wanted = (i for i, s in enumerate(sequences) if s.end > s.start)
    order = sorted(wanted, key=lambda i: fed[i].astype(">u4").tobytes())
    leaves = _maximal(fed, order)
    root = _branch([fed[i] for i, _ in leaves])
    _dissolve(root, pass_cost)
    paths = _paths(root)
    for (_, covered), path in zip(leaves, paths, strict=True):
        for index in covered:
            _want(path, index, sequences[index])
    for node in {id(node): node for path in paths for node in path}.values():
        node.settle()
    return root


def shared_length(a: Ids, b: Ids) -> int:
    """How many tokens two stretches have in common at their start."""
    n = min(len(a), len(b))
    different = np.flatnonzero(a[:n] != b[:n])
    return int(different[0]) if len(different) else n


def _maximal(fed: Sequence[Ids], order: Sequence[int]) -> list[tuple[int, list[int]]]:
    """Sequences that are not the beginning of another one, each with those that it covers (itself among them)."""
    leaves: list[tuple[int, list[int]]] = []
    covered: list[int] = []
    for place, index in enumerate(order):
        covered.append(index)
        following = fed[order[place + 1]] if place + 1 < len(order) else None
        if following is None or shared_length(fed[index], following) < len(fed[index]):
            leaves.append((index, covered))
            covered = []
    return leaves


def _branch(leaves: Sequence[Ids]) -> Node:
    """The tree of sorted sequences of which none is the beginning of another."""
    root = Node(np.empty(0, np.int32), 0)
    shared = np.array([0, *(shared_length(a, b) for a, b in pairwise(leaves))], np.int64)
    work = [(root, 0, len(leaves))] if leaves else []
    while work:
        parent, low, high = work.pop()
        # Where neighbours share no more than the parent's tokens, a new branch begins.
        cuts = [low, *(low + 1 + np.flatnonzero(shared[low + 1 : high] <= parent.end)).tolist(), high]
        for first, last in pairwise(cuts):
            end = len(leaves[first]) if last - first == 1 else int(shared[first + 1 : last].min())
            child = Node(leaves[first][parent.end : end], parent.end)
            parent.children.append(child)
            if last - first > 1:
                work.append((child, first, last))
    return root


def _dissolve(root: Node, pass_cost: int) -> None:
    """Give up nodes that save too little: their tokens are put in front of each child's."""
    done: list[Node] = []
    work = [root]
    while work:
        node = work.pop()
        done.append(node)
        work.extend(child for child in node.children if child.children)
    for node in reversed(done):
        kept: list[Node] = []
        for child in node.children:
            if child.children and len(child.ids) * (len(child.children) - 1) < pass_cost:
                for grandchild in child.children:
                    grandchild.ids = np.concatenate([child.ids, grandchild.ids])
                    grandchild.depth = child.depth
                kept.extend(child.children)
            else:
                kept.append(child)
        node.children = kept


def _paths(root: Node) -> list[list[Node]]:
    """From the root to each leaf, in the sorted order of the leaves."""
    paths: list[list[Node]] = []
    work = [[child] for child in reversed(root.children)]
    while work:
        path = work.pop()
        children = path[-1].children
        if not children:
            paths.append(path)
        work.extend([*path, child] for child in reversed(children))
    return paths


def _want(path: Sequence[Node], index: int, sequence: ScoredSequence) -> None:
    for node in path:
        first, last = max(sequence.start - 1, node.depth), min(sequence.end - 1, node.end)
        if first < last:
            targets = sequence.ids[first + 1 : last + 1]
            node.wants.append((first - node.depth, last - node.depth, index, first + 1 - sequence.start, targets))
