"""Walking a token tree with a model: what to compute together, what to keep, when to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from workbench.errors import ModelError
from workbench.models.base import ScoredSequence
from workbench.models.token_tree import Ids, Node, plan, shared_length

_KEPT_PART = 4                   # a pass that keeps what it computes has a quarter of the budget
_WORTH_KEEPING = 16              # tokens: a shorter start is computed again


class Way(Protocol):
    """How nodes with the same past are computed together. A past is whatever ``after`` gave; None is the empty one."""

    most: int                        # nodes in one pass
    most_kept: int                   # nodes in one pass that keeps what their children need

    one_past: bool                   # whether texts that share nothing with a past must not be computed beside it

    def run(self, nodes: Sequence[Node], past: Any, *, keep: bool) -> tuple[list[np.ndarray], list[Any]]:
        """For each node its wanted log-probabilities (nats, float32), and what ``after`` needs if ``keep``.

        Raises MemoryError where the memory is not enough.
        """

    def after(self, past: Any, kept: Any) -> Any:
        """The past of a node's children."""

    def crop(self, past: Any, length: int) -> Any:
        """The first ``length`` tokens of a past as one of its own; None where that cannot be had."""

    def release(self, past: Any) -> None:
        """A past is not needed any more."""

    def clear(self) -> None:
        """No past is needed any more: the work was broken off."""

    def cost(self, node: Node) -> int:
        """What a node takes of a pass's budget, in tokens."""


@dataclass(slots=True)
class Walker:
    """Scores sequences with a ``Way`` through the model, at most ``budget`` tokens and ``logit_bytes`` of float32
    logits a pass.

    The start that the last call shared among its sequences is kept, as the next call (the next candidates, the next
    round of a search) mostly begins with the same tokens.
    """

    way: Way
    vocabulary: int
    budget: int
    kept: tuple[Ids, Any] | None = None
    logit_bytes: int = 256 * 2**20
    passes: int = 0
    computed: int = 0                # tokens sent through the model
    _results: list[np.ndarray] = field(default_factory=list)
    _missing: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    _progress: Callable[[int], None] = lambda done: None

    def logprobs(
        self, sequences: Sequence[ScoredSequence], progress: Callable[[int], None]
    ) -> list[tuple[float, ...]]:
        """See LanguageModel.logprobs."""
        self._results = [np.zeros(max(s.end - s.start, 0), np.float32) for s in sequences]
        self._missing = np.array([len(result) for result in self._results], np.int64)
        self._progress = progress
        root = plan(sequences)
        try:
            for child in root.children:
                if child.children:
                    self._begin(child)
            alone = [child for child in root.children if not child.children]
            if alone and self.way.one_past:
                self.forget()
            self._leaves(alone, None)
        except BaseException:
            self.kept = None
            self.way.clear()
            raise
        return [tuple(result.tolist()) for result in self._results]

    def _begin(self, node: Node) -> None:
        """A node that begins at the first token: what is kept from the last call is not computed again."""
        past, whole = None, node.ids
        if self.kept is not None:
            usable = min(shared_length(whole, self.kept[0]), int(node.at[0]) if len(node.at) else len(whole))
            cut = self.way.crop(self.kept[1], usable) if usable >= _WORTH_KEEPING else None
            if cut is not None:
                past, node.ids, node.depth = cut, whole[usable:], usable
                node.at = node.at - usable
        self.forget()
        if len(node.ids):
            past = self._extended(past, node)
        self.kept = (whole, past)
        self._below(node, past)

    def _extended(self, past: Any, node: Node) -> Any:
        ((_, kept),) = self._passes([node], past, keep=True)
        return self.way.after(past, kept)

    def forget(self) -> None:
        """Let go of what was kept from the last call."""
        if self.kept is not None:
            self.way.release(self.kept[1])
            self.kept = None

    def _below(self, node: Node, past: Any) -> None:
        self._leaves([child for child in node.children if not child.children], past)
        inner = [child for child in node.children if child.children]
        for child, kept in self._passes(inner, past, keep=True):
            below = self.way.after(past, kept)
            self._below(child, below)
            self.way.release(below)

    def _leaves(self, leaves: Sequence[Node], past: Any) -> None:
        for _ in self._passes(leaves, past, keep=False):
            pass

    def _passes(self, nodes: Sequence[Node], past: Any, *, keep: bool) -> Iterator[tuple[Node, Any]]:
        """Run ``nodes`` in groups; halve the budget when memory runs out. Gives each node with its kept part."""
        waiting = sorted(nodes, key=lambda node: len(node.ids), reverse=True)
        while waiting:
            # What is kept of a group stays in memory until all below it is done, so those groups are smaller.
            group = self._group(waiting, self.way.most_kept, self.budget // _KEPT_PART) if keep else self._group(
                waiting, self.way.most, self.budget
            )
            try:
                found, kept = self.way.run(group, past, keep=keep)
            except MemoryError as error:
                self._halve(error, group, keep)
                continue
            waiting = waiting[len(group) :]
            self.passes += 1
            self.computed += sum(len(node.ids) for node in group)
            for node, values in zip(group, found, strict=True):
                self._fill(node, values)
            self._progress(int((self._missing <= 0).sum()))
            yield from zip(group, kept or [None] * len(group), strict=True)

    def _group(self, waiting: Sequence[Node], most: int, budget: int) -> list[Node]:
        """As many of the longest as fit, one at least."""
        tokens = rows = 0
        most_rows = max(self.logit_bytes // (4 * self.vocabulary), 1)
        for count, node in enumerate(waiting):
            tokens += self.way.cost(node)
            rows += len(node.at)
            if count and (count == most or tokens > budget or rows > most_rows):
                return list(waiting[:count])
        return list(waiting)

    def _halve(self, error: MemoryError, group: Sequence[Node], keep: bool) -> None:
        """Half of what the group took, which may be less than the budget."""
        if len(group) == 1 or self.budget < 2:
            raise ModelError(
                "The memory is not enough for one of the prompts.",
                safe="What was scored before is kept.",
                remedy="Close other programs, use a smaller model or dtype, or shorten the prompt.",
            ) from error
        taken = sum(map(self.way.cost, group)) * (_KEPT_PART if keep else 1)
        self.budget = min(self.budget, taken) // 2

    def _fill(self, node: Node, values: np.ndarray) -> None:
        if not len(values):
            return
        # One owner's wants lie together.
        cuts = [0, *(np.flatnonzero(np.diff(node.owners)) + 1).tolist(), len(values)]
        for start, end in pairwise(cuts):
            owner = node.owners[start]
            self._results[owner][node.slots[start:end]] = values[start:end]
            self._missing[owner] -= end - start

