"""Rows of answers as llama.cpp's sequences: what their prompts share is marked as each one's, and stored once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from workbench.models.llama_cpp_sequences import Sequences


class SequenceRows:
    """See generation.Rows. ``cells`` are the tokens that the key-value cache holds, ``most_sequences`` how many
    sequences it tells apart."""

    def __init__(self, sequences: Sequences, cells: int, most_sequences: int) -> None:
        self.most = 1
        self._sequences, self._cells, self._most = sequences, cells, most_sequences
        self._shared: int | None = None
        self._rows: list[int] = []

    def start(self, shared: Sequence[int], room: int, count: int) -> None:
        if shared:
            self._shared = self._sequences.begin(None)
            self._sequences.extend([self._shared], [shared])
        self.most = max(1, min((self._cells - len(shared)) // max(room, 1), self._most, count))

    def add(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        new = [self._sequences.begin(self._shared) for _ in prompts]
        try:
            logits = self._sequences.extend(new, prompts)
        except MemoryError:
            for sequence in new:
                self._sequences.release(sequence)
            raise
        self._rows += new
        return torch.from_numpy(logits)

    def step(self, tokens: Sequence[int]) -> Tensor:
        return torch.from_numpy(self._sequences.extend(self._rows, [(token,) for token in tokens]))

    def drop(self, row: int) -> None:
        self._sequences.release(self._rows[row])
        self._rows[row] = self._rows[-1]
        self._rows.pop()

    def close(self) -> None:
        for sequence in self._rows:
            self._sequences.release(sequence)
        self._sequences.release(self._shared)
        self._rows, self._shared = [], None
