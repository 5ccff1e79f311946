"""Attention for many short stretches that follow one shared past: inside each stretch, over the past, and merged.

The stretches lie packed in one row, so that no padding goes through the linear layers and the past is neither copied
nor masked. Both parts are softmax averages over different keys; their log-sum-exps say how to weight them (as in
Hydragen, Juravsky et al., arXiv 2402.05099, section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import torch
from torch import Tensor

NAME = "cascade"
_SCORES = 2**26                      # attention scores that the plain computation holds at once
_KERNELS = {"cpu": "_scaled_dot_product_flash_attention_for_cpu", "cuda": "_scaled_dot_product_flash_attention"}

# What transformers' layers ask of an attention function beside queries, keys and values, and this one does not do.
_UNCOMMON = {"sliding_window": "attention has a window", "softcap": "scores are capped",
             "s_aux": "attention has sinks", "position_bias": "scores depend on the distance"}

KeyValue = tuple[Tensor, Tensor]     # each (1, kv_heads, time, head_dim)


@dataclass(slots=True)
class Pack:
    """What one pass attends to. ``lengths`` of the packed stretches sum to the row's; ``past`` has one entry a layer.

    ``new`` collects the row's own keys and values by layer when ``keep`` is set.
    """

    lengths: Sequence[int]
    past: Sequence[KeyValue] = ()
    keep: bool = False
    new: dict[int, KeyValue] = field(default_factory=dict)
    grid: Tensor | None = None       # (stretches * longest): which token of the row stands there
    back: Tensor | None = None       # (time): where each token of the row stands in the grid

    def __post_init__(self) -> None:
        longest = max(self.lengths)
        if min(self.lengths) == longest:
            return
        row = torch.arange(sum(self.lengths))
        starts = torch.tensor([0, *self.lengths[:-1]]).cumsum(0)
        stretch = torch.repeat_interleave(torch.arange(len(self.lengths)), torch.tensor(self.lengths))
        self.back = stretch * longest + row - starts[stretch]
        self.grid = torch.zeros(len(self.lengths) * longest, dtype=torch.long)
        self.grid[self.back] = row

    def to(self, device: torch.device) -> Pack:
        if self.grid is not None and self.back is not None:
            self.grid, self.back = self.grid.to(device), self.back.to(device)
        return self


    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """See Attending."""
        if self.keep:
            self.new[layer] = (key, value)
        out, lse = _inside(self, query, key, value, scale)
        return merge_past(out, lse, query, self.past[layer], scale) if self.past else out


class UncommonAttention(Exception):
    """A layer asks for an attention that is not computed here; says for which."""


class Attending(Protocol):
    """What the tokens of one pass, packed in a row, attend to."""

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """``query`` (1, heads, time, head_dim), ``key`` and ``value`` perhaps with fewer heads: to
        (1, time, heads, head_dim)."""


_active: ContextVar[Attending | None] = ContextVar("attending", default=None)


@contextmanager
def packed(pack: Attending) -> Iterator[None]:
    """Within it the model attends to this."""
    token = _active.set(pack)
    try:
        yield
    finally:
        _active.reset(token)


def register() -> None:
    """Make the attention known to transformers under NAME. Its mask function gives none: nothing is masked but time."""
    from transformers.masking_utils import AttentionMaskInterface
    from transformers.modeling_utils import AttentionInterface

    AttentionInterface.register(NAME, _attention)
    AttentionMaskInterface.register(NAME, lambda *args, **kwargs: None)


def attention_with_lse(query: Tensor, key: Tensor, value: Tensor, *, causal: bool, scale: float) -> KeyValue:
    """Attention (batch, heads, time, head_dim) and the log-sum-exp of its scores (batch, heads, time).

    ``key`` and ``value`` may have fewer heads. Torch's fused kernels give both but are private to it; where there is
    none that can be relied on the plain computation does the same.
    """
    fused = _fused(query.device, query.dtype, query.shape[-1])
    if fused is None:
        return plain_attention_with_lse(query, key, value, causal=causal, scale=scale)
    out, lse, *_ = fused(query, key, value, 0.0, causal, scale=scale)
    return out, lse


@cache
def _fused(device: torch.device, dtype: torch.dtype, width: int) -> Callable[..., Any] | None:
    """The device's kernel for heads of ``width``, if it computes there what the plain computation does: which cards,
    types, widths and fewer heads of keys it takes, and how it tells the sums, is torch's own business."""
    fused = getattr(torch.ops.aten, _KERNELS.get(device.type, ""), None)
    if fused is None:
        return None
    generator, tolerance = torch.Generator().manual_seed(0), 1e-4 if dtype is torch.float32 else 0.03
    for causal, queries, keys in ((True, 5, 5), (False, 5, 9), (False, 1, 9)):
        query, key, value = (torch.randn(2, heads, time, width, generator=generator).to(device, dtype)
                             for heads, time in ((4, queries), (2, keys), (2, keys)))
        plain = plain_attention_with_lse(query.float(), key.float(), value.float(), causal=causal, scale=0.3)
        try:
            found = fused(query, key, value, 0.0, causal, scale=0.3)[:2]
            alike = [torch.allclose(a.float(), b, rtol=tolerance, atol=tolerance)
                     for a, b in zip(found, plain, strict=True)]
        except RuntimeError:
            return None
        if not all(alike):
            return None
    return fused                     # type: ignore[no-any-return]


def plain_attention_with_lse(query: Tensor, key: Tensor, value: Tensor, *, causal: bool, scale: float) -> KeyValue:
    """The same as ``attention_with_lse``, written out, a part of the queries at a time."""
    groups = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    at_once = max(_SCORES // (query.shape[0] * query.shape[1] * key.shape[2]), 1)
    outs, sums = [], []
    for start in range(0, query.shape[2], at_once):
        part = query[:, :, start : start + at_once]
        scores = (part @ key.transpose(-1, -2)).float() * scale
        if causal:
            hidden = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1 + start)
            scores = scores.masked_fill(hidden, float("-inf"))
        outs.append(scores.softmax(-1).to(value.dtype) @ value)
        sums.append(scores.logsumexp(-1))
    return torch.cat(outs, 2), torch.cat(sums, 2)


def _attention(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None,
    scaling: float | None = None, dropout: float = 0.0, **kwargs: Any,
) -> tuple[Tensor, None]:
    """Transformers' attention interface: query (1, heads, time, head_dim) to (1, time, heads, head_dim)."""
    pack = _active.get()
    if pack is None or attention_mask is not None:
        raise RuntimeError("cascade attention needs an active pack and no mask")
    if asked := next((words for name, words in _UNCOMMON.items() if kwargs.get(name) is not None), ""):
        raise UncommonAttention(asked)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    layer = int(module.layer_idx)  # type: ignore[arg-type]
    return pack.attend(layer, query, key, value, scale).to(query.dtype), None


def merge_past(out: Tensor, lse: Tensor, query: Tensor, past: KeyValue, scale: float) -> Tensor:
    """Attention to what a row has of its own (1, time, heads, head_dim), with its log-sum-exps (1, time, heads),
    together with that to the past that all share."""
    past_out, past_lse = attention_with_lse(query, *past, causal=False, scale=scale)
    past_lse = past_lse.transpose(1, 2)
    both = torch.logaddexp(lse, past_lse)
    out = out * (lse - both).exp()[..., None]
    return out.addcmul_(past_out.transpose(1, 2), (past_lse - both).exp()[..., None])


def _inside(pack: Pack, query: Tensor, key: Tensor, value: Tensor, scale: float) -> KeyValue:
    """Causal attention of each stretch to itself: (1, time, heads, head_dim) and (1, time, heads).

    The row is folded to (stretches, heads, longest, head_dim) and back. What fills a short stretch up stands to the
    right of its tokens, where they do not see it, so that any token will do.
    """
    count = len(pack.lengths)

    def fold(row: Tensor) -> Tensor:
        tokens = row[0].transpose(0, 1)
        grid = tokens if pack.grid is None else tokens.index_select(0, pack.grid)
        return grid.reshape(count, -1, *tokens.shape[1:]).transpose(1, 2)

    def unfold(grid: Tensor) -> Tensor:
        tokens = grid.transpose(1, 2).flatten(0, 1)
        return (tokens if pack.back is None else tokens.index_select(0, pack.back))[None]

    out, lse = attention_with_lse(fold(query), fold(key), fold(value), causal=True, scale=scale)
    return unfold(out), unfold(lse)
