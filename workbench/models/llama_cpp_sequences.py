"""A token tree's nodes as llama.cpp's sequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from workbench.models.llama_cpp_native import GROUP, NativeContext
from workbench.models.token_tree import Node

BATCH = 512                      # tokens a pass, above what the context holds
SEQUENCES = 64
_LOGITS = 64 * 2**20             # bytes of logits a pass


def most_rows(vocabulary: int) -> int:
    """Rows of logits a pass: whole groups."""
    return min(max(_LOGITS // (4 * vocabulary) // GROUP, 2) * GROUP, BATCH)


class Sequences:
    """A token tree's nodes as llama.cpp's sequences (see walk.Way): a past is a sequence's number,
    and forking it marks its cells as the fork's too, so that nothing is computed or copied.

    One node is computed after the other, so that a token's cell is its position, whatever is scored besides: sums over
    cells depend on their order. Nothing is lost by it, as a node has enough tokens for a pass.
    """

    most, most_kept = 1_000_000, 1
    one_past = True

    def __init__(self, context: NativeContext, rows: int) -> None:
        self.context = context
        self._rows = rows
        self._free = list(range(SEQUENCES))
        self._lengths: dict[int, int] = {}

    def run(self, nodes: Sequence[Node], past: Any, *, keep: bool) -> tuple[list[np.ndarray], list[Any]]:
        found, kept = [], []
        for node in nodes:
            sequence = self._fork(past)
            try:
                found.append(self._score(node, sequence))
            except BaseException:
                self.release(sequence)
                raise
            if keep:
                kept.append(sequence)
            else:
                self.release(sequence)
        return found, kept

    def _score(self, node: Node, sequence: int) -> np.ndarray:
        wanted = np.zeros(len(node.ids), bool)
        wanted[node.at] = True
        found = np.zeros(len(node.at), np.float32)
        for part, logits in self._parts(sequence, node.ids, wanted):
            here = (node.at >= part.start) & (node.at < part.stop)
            row_of = np.cumsum(wanted[part]) - 1
            found[here] = _pick(logits, row_of[node.at[here] - part.start], node.targets[here])
        return found

    def _parts(self, sequence: int, ids: np.ndarray, wanted: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Put ``ids`` at the end of a sequence, as many at a time as a pass takes: which, and the wanted logits."""
        begin, rows = 0, np.cumsum(wanted)
        while begin < len(ids):
            before = rows[begin - 1] if begin else 0
            end = min(begin + BATCH, int(np.searchsorted(rows, before + self._rows, side="right")), len(ids))
            part = slice(begin, end)
            logits = self.context.append(sequence, ids[part], self._lengths[sequence], wanted[part])
            self._lengths[sequence] += end - begin
            begin = end
            yield part, logits

    def after(self, past: Any, kept: Any) -> Any:
        return kept

    def crop(self, past: Any, length: int) -> Any:
        if length < self._lengths[past] and not self.context.model.forgets:
            return None
        cut = self._free.pop()
        self.context.copy(past, cut, length)
        self._lengths[cut] = length
        return cut

    def release(self, past: Any) -> None:
        if past is not None and past in self._lengths:
            self.context.drop(past)
            del self._lengths[past]
            self._free.append(past)

    def clear(self) -> None:
        for sequence in list(self._lengths):
            self.release(sequence)

    def cost(self, node: Node) -> int:
        return len(node.ids)

    def logits(self, ids: Sequence[int], start: int) -> np.ndarray:
        """Logits (tokens from ``start`` on, vocabulary) of a text."""
        sequence = self._fork(None)
        try:
            tokens = np.asarray(ids, np.int32)
            return np.concatenate([
                part.copy() for _, part in self._parts(sequence, tokens, np.arange(len(tokens)) >= start)
            ])  # fmt: skip
        finally:
            self.release(sequence)

    def _fork(self, past: Any) -> int:
        sequence = self._free.pop()
        self._lengths[sequence] = 0
        if past is not None:
            self.context.copy(past, sequence)
            self._lengths[sequence] = self._lengths[past]
        return sequence


def _pick(logits: np.ndarray, rows: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """log P(target) at each row; in chunks, as the copies are large."""
    norm = np.empty(len(logits), np.float32)
    for begin in range(0, len(logits), 256):
        part = logits[begin : begin + 256]
        highest = part.max(axis=1)
        norm[begin : begin + 256] = highest + np.log(np.exp(part - highest[:, None]).sum(axis=1, dtype=np.float64))
    return np.asarray(logits[rows, targets] - norm[rows], np.float32)
