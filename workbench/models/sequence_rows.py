"""Rows of answers as llama.cpp's sequences, each with a part of the cache to itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from workbench.models.llama_cpp_native import GROUP, NativeContext
from workbench.models.llama_cpp_sequences import BATCH

ROWS = GROUP


class SequenceRows:
    """See generation.Rows. A step always takes ROWS tokens, those of rows that are not there among them: a token's
    numbers are then the same whatever is drawn beside it (see NativeContext).

    ``new_context`` makes one of ROWS sequences with room for so many tokens each.
    """

    def __init__(self, new_context: Callable[[int], NativeContext]) -> None:
        self.most = 1
        self._new_context = new_context
        self._context: NativeContext | None = None
        self._shared: Sequence[int] = ()
        self._lengths: list[int] = []

    def start(self, shared: Sequence[int], room: int, count: int) -> None:
        self._context = self._new_context(len(shared) + room + GROUP)
        self._shared = shared
        self.most = min(ROWS, count)

    def add(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """The shared start is computed by the first row; the others copy it."""
        found = []
        for ids in prompts:
            row = len(self._lengths)
            self._known.drop(row)
            own, start = [*self._shared, *ids], 0
            if row and self._shared and self._known.model.forgets:
                self._known.copy(0, row)
                self._known.cut(row, len(self._shared))
                own, start = [*ids], len(self._shared)
            found.append(self._extended(row, np.asarray(own, np.int32), start))
            self._lengths.append(len(self._shared) + len(ids))
        return torch.from_numpy(np.concatenate(found))

    def step(self, tokens: Sequence[int]) -> Tensor:
        missing = range(len(tokens), ROWS)
        for row in missing:
            self._known.drop(row)
        ids = np.array([*tokens, *(0 for _ in missing)], np.int32)
        places = np.array([*self._lengths, *(0 for _ in missing)], np.int32)
        logits = self._known.decode(ids, places, np.arange(ROWS, dtype=np.int32), np.ones(ROWS, bool))
        self._lengths = [length + 1 for length in self._lengths]
        return torch.from_numpy(logits[: len(tokens)].copy())

    def drop(self, row: int) -> None:
        last = len(self._lengths) - 1
        if row != last:
            self._known.drop(row)
            self._known.copy(last, row)
            self._lengths[row] = self._lengths[last]
        self._known.drop(last)
        self._lengths.pop()

    def close(self) -> None:
        if self._context is not None:
            self._context.close()
        self._context, self._lengths = None, []

    @property
    def _known(self) -> NativeContext:
        assert self._context is not None, "start comes first"
        return self._context

    def _extended(self, row: int, ids: np.ndarray, start: int) -> np.ndarray:
        """Logits (1, vocabulary) after the last of ``ids``, at the end of a row that has ``start`` tokens."""
        logits = np.empty((0, 0), np.float32)
        for begin in range(0, len(ids), BATCH):
            part = ids[begin : begin + BATCH]
            wanted = np.arange(begin, begin + len(part)) == len(ids) - 1
            logits = self._known.append(row, part, start + begin, wanted)
        return logits.copy()
