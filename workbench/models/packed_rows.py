"""Rows of answers that grow in step, packed in one row of tokens, over the one copy of what their prompts share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from workbench.models import devices
from workbench.models.cascade import KeyValue, Pack, merge_past, packed
from workbench.models.passes import inference

_PART_OF_FREE_MEMORY = 3             # a third of it is for keys and values


@dataclass(slots=True)
class Step:
    """One token for each row. ``own`` are a layer's keys and values, each (rows, kv_heads, time, head_dim), of which
    row i has ``lengths[i]`` (rows) before this step; ``past`` is what all rows share, by layer."""

    own: Sequence[KeyValue]
    past: Sequence[KeyValue]
    lengths: Tensor
    longest: int

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """See cascade.Attending; time is the rows."""
        count, rows = query.shape[2], torch.arange(query.shape[2], device=query.device)
        keys, values = self.own[layer]
        keys[rows, :, self.lengths] = key[0].transpose(0, 1)
        values[rows, :, self.lengths] = value[0].transpose(0, 1)
        keys, values = keys[:count, :, : self.longest + 1], values[:count, :, : self.longest + 1]
        folded = query[0].transpose(0, 1).reshape(count, keys.shape[1], -1, query.shape[-1])    # groups of heads
        scores = (folded @ keys.transpose(-1, -2)).float() * scale
        times = torch.arange(self.longest + 1, device=query.device)
        scores = scores.masked_fill((times > self.lengths[:, None])[:, None, None], float("-inf"))
        out: Tensor = (scores.softmax(-1).to(values.dtype) @ values).flatten(1, 2)[None]
        if not self.past:
            return out
        return merge_past(out, scores.logsumexp(-1).flatten(1, 2)[None], query, self.past[layer], scale)


class PackedRows:
    """See generation.Rows; for a model whose attention is cascade.NAME. ``budget``: tokens in one pass."""

    def __init__(self, model: Any, budget: int) -> None:
        self.most = 1
        self._model, self._budget = model, budget
        self._past: list[KeyValue] = []
        self._shared = 0
        self._own: list[KeyValue] = []
        self._lengths: list[int] = []

    def start(self, shared: Sequence[int], room: int, count: int) -> None:
        self._shared = len(shared)
        with inference():
            pack = Pack([len(shared) or 1], (), keep=True)
            self._forward(pack, shared or [0], range(len(shared) or 1), torch.zeros(1, dtype=torch.long))
            new = [pack.new[layer] for layer in sorted(pack.new)]
            self._past = new if shared else []
            device = new[0][0].device
            each = sum(part.shape[1] * part.shape[3] * part.element_size() for pair in new for part in pair) * room
            fitting = devices.free_memory(device) // _PART_OF_FREE_MEMORY // each
            self.most = max(1, min(devices.most_rows(device), fitting, count))
            self._own = [(_empty(keys, self.most, room), _empty(values, self.most, room)) for keys, values in new]

    def add(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        found: list[Tensor] = []
        begun = len(self._lengths)
        try:
            for part in _parts(prompts, self._budget):
                with inference():
                    found.append(self._begin(part))
        except MemoryError:
            del self._lengths[begun:]
            raise
        return torch.cat(found)

    def step(self, tokens: Sequence[int]) -> Tensor:
        with inference():
            lengths = torch.tensor(self._lengths, device=self._model.device)
            step = Step(self._own, self._past, lengths, max(self._lengths))
            logits = self._forward(step, tokens, [self._shared + length for length in self._lengths], 0)
        self._lengths = [length + 1 for length in self._lengths]
        return logits

    def drop(self, row: int) -> None:
        length = self._lengths[-1]
        if row != len(self._lengths) - 1:
            last = len(self._lengths) - 1
            for pair in self._own:
                for part in pair:
                    part[row, :, :length] = part[last, :, :length]
        self._lengths[row] = length
        self._lengths.pop()

    def close(self) -> None:
        self._own, self._past, self._lengths = [], [], []

    def _begin(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        lengths = [len(ids) for ids in prompts]
        pack = Pack(lengths, self._past, keep=True).to(self._model.device)
        ends = torch.tensor(lengths).cumsum(0) - 1
        places = [self._shared + place for length in lengths for place in range(length)]
        logits = self._forward(pack, [token for ids in prompts for token in ids], places, ends)
        for layer, pair in enumerate(self._own):
            for part, new in zip(pair, pack.new[layer], strict=True):
                for row, one in enumerate(torch.split(new, lengths, 2), len(self._lengths)):
                    part[row, :, : one.shape[2]] = one[0]
        self._lengths += lengths
        return logits

    def _forward(self, what: Pack | Step, tokens: Sequence[int], places: Sequence[int], keep: Tensor | int) -> Tensor:
        """Logits (kept, vocabulary)."""
        device = self._model.device
        with packed(what):
            output = self._model(
                input_ids=torch.tensor([list(tokens)], device=device),
                position_ids=torch.tensor([list(places)], device=device),
                logits_to_keep=keep if isinstance(keep, int) else keep.to(device), use_cache=False,
            )  # fmt: skip
        return output.logits[0]      # type: ignore[no-any-return]


def _empty(like: Tensor, rows: int, room: int) -> Tensor:
    """For keys or values ``like`` (1, heads, time, head_dim). Zeros, as what is masked must not be NaN."""
    return like.new_zeros(rows, like.shape[1], room, like.shape[3])


def _parts(prompts: Sequence[Sequence[int]], budget: int) -> list[list[Sequence[int]]]:
    """The prompts in parts of ``budget`` tokens; a longer one is a part of its own."""
    parts: list[list[Sequence[int]]] = []
    tokens = budget + 1
    for ids in prompts:
        tokens += len(ids)
        if tokens > budget:
            parts.append([])
            tokens = len(ids)
        parts[-1].append(ids)
    return parts
