"""A token tree's nodes, and rows of answers, as llama.cpp's sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.models.llama_cpp_native import NativeContext
from workbench.models.token_tree import Node

BATCH = 1024                     # tokens a pass, above what the context holds
SEQUENCES = 64


class Sequences:
    """A token tree's nodes as llama.cpp's sequences (see walk.Way): a past is a sequence's number,
    and forking it marks its cells as the fork's too, so that nothing is computed or copied."""

    most, most_kept = SEQUENCES // 2, 1

    def __init__(self, context: NativeContext) -> None:
        self.context = context
        self._free = list(range(SEQUENCES))
        self._lengths: dict[int, int] = {}

    def run(self, nodes: Sequence[Node], past: Any, *, keep: bool) -> tuple[list[np.ndarray], list[Any]]:
        taken = [self._fork(past) for _ in nodes]
        try:
            found = self._in_parts(nodes, taken)
        except BaseException:
            for sequence in taken:
                self.release(sequence)
            raise
        if keep:
            return found, taken
        for sequence in taken:
            self.release(sequence)
        return found, []

    def _in_parts(self, nodes: Sequence[Node], taken: Sequence[int]) -> list[np.ndarray]:
        """All nodes' tokens in a row, a batch at a time: a node may be longer than a batch."""
        tokens = np.concatenate([node.ids for node in nodes])
        positions = np.concatenate([np.arange(node.depth, node.end) for node in nodes]).astype(np.int32)
        owners = np.repeat(np.array(taken, np.int32), [len(node.ids) for node in nodes])
        starts = np.cumsum([0, *(len(node.ids) for node in nodes[:-1])])
        places = np.concatenate([start + node.at for start, node in zip(starts, nodes, strict=True)])
        targets = np.concatenate([node.targets for node in nodes])
        wanted = np.zeros(len(tokens), bool)
        wanted[places] = True
        found = np.zeros(len(places), np.float32)
        for begin in range(0, len(tokens), BATCH):
            part = slice(begin, begin + BATCH)
            logits = self.context.decode(tokens[part], positions[part], owners[part], wanted[part])
            here = (places >= begin) & (places < begin + BATCH)
            row_of = np.cumsum(wanted[part]) - 1
            found[here] = _pick(logits, row_of[places[here] - begin], targets[here])
        for node, sequence in zip(nodes, taken, strict=True):
            self._lengths[sequence] = node.end
        return np.split(found, np.cumsum([len(node.at) for node in nodes])[:-1])

    def after(self, past: Any, kept: Any) -> Any:
        return kept

    def crop(self, past: Any, length: int) -> Any:
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

    def begin(self, past: int | None) -> int:
        """A sequence that begins with what another holds."""
        return self._fork(past)

    def extend(self, sequences: Sequence[int], parts: Sequence[Sequence[int]]) -> np.ndarray:
        """Put tokens at the end of several sequences, in one pass where they fit: the logits after each part's last
        token (parts, vocabulary). Raises MemoryError where the cache has no room, and then nothing is added."""
        lengths = [len(part) for part in parts]
        tokens = np.concatenate([np.asarray(part, np.int32) for part in parts])
        positions = np.concatenate([np.arange(length, dtype=np.int32) + self._lengths[sequence]
                                    for sequence, length in zip(sequences, lengths, strict=True)])
        owners = np.repeat(np.asarray(sequences, np.int32), lengths)
        wanted = np.zeros(len(tokens), bool)
        wanted[np.cumsum(lengths) - 1] = True
        found = []
        for begin in range(0, len(tokens), BATCH):
            part = slice(begin, begin + BATCH)
            found.append(self.context.decode(tokens[part], positions[part], owners[part], wanted[part]).copy())
        for sequence, length in zip(sequences, lengths, strict=True):
            self._lengths[sequence] += length
        return np.concatenate(found)

    def logits(self, ids: Sequence[int], start: int, past: Any = None) -> tuple[np.ndarray, Any]:
        """Logits (tokens from ``start`` on, vocabulary), and the past that now ends with ``ids``."""
        sequence = self._fork(None) if past is None else past
        depth = self._lengths[sequence]
        rows = []
        for begin in range(0, len(ids), BATCH):
            part = np.asarray(ids[begin : begin + BATCH], np.int32)
            places = np.arange(begin, begin + len(part))
            owners = np.full(len(part), sequence, np.int32)
            found = self.context.decode(part, (depth + places).astype(np.int32), owners, places >= start)
            rows.append(found.copy())
        self._lengths[sequence] = depth + len(ids)
        return np.concatenate(rows), sequence

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
