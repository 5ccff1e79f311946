"""The ways through a token tree: packed rows with cascade attention, batches over a cache, and whole texts."""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.models import memory
from workbench.models.cascade import KeyValue, Pack, packed
from workbench.models.token_tree import Node

_CHUNK = {"cpu": 2**20}          # logits that are made float32 at once; on other devices _MORE
_MORE = 2**26


@contextmanager
def inference() -> Iterator[None]:
    """No gradients; and torch's ways to say that the memory is not enough, as MemoryError. What the failed pass had
    made is let go of first, or the next attempt would not find that memory."""
    try:
        with torch.inference_mode():
            yield
    except RuntimeError as error:
        if not memory.ran_out(error):
            raise
        traceback.clear_frames(error.__traceback__)
        raise MemoryError(str(error)) from None


class Cascade:
    """Nodes packed in one row (see cascade.py)."""

    most = most_kept = 1_000_000
    one_past = False

    def __init__(self, model: Any) -> None:
        self._model = model

    def run(self, nodes: Sequence[Node], past: Any, *, keep: bool) -> tuple[list[np.ndarray], list[Any]]:
        with inference():
            return self._run(nodes, past, keep)

    def _run(self, nodes: Sequence[Node], past: Any, keep: bool) -> tuple[list[np.ndarray], list[Any]]:
        device = self._model.device
        lengths = [len(node.ids) for node in nodes]
        pack = Pack(lengths, past or (), keep).to(device)
        positions = np.concatenate([np.arange(node.depth, node.end) for node in nodes])
        row = torch.from_numpy(np.concatenate([node.ids for node in nodes]).astype(np.int64))
        rows, places = _unique_rows(nodes, np.cumsum([0, *lengths[:-1]]))
        with packed(pack):
            output = self._model(
                input_ids=row[None].to(device),
                position_ids=torch.from_numpy(positions)[None].to(device),
                logits_to_keep=torch.from_numpy(rows if len(rows) else np.zeros(1, np.int64)).to(device),
                use_cache=False,
            )
        found = _pick(output.logits[0], nodes, places)
        if not keep:
            return found, []
        starts = np.cumsum([0, *lengths])
        layers = [pack.new[layer] for layer in sorted(pack.new)]
        return found, [
            [(k[:, :, a:b], v[:, :, a:b]) for k, v in layers] for a, b in pairwise(starts)
        ]

    def after(self, past: Any, kept: Any) -> list[KeyValue]:
        if past is None:
            return [(k.contiguous(), v.contiguous()) for k, v in kept]
        return [
            (torch.cat([old_k, k], 2), torch.cat([old_v, v], 2))
            for (old_k, old_v), (k, v) in zip(past, kept, strict=True)
        ]

    def crop(self, past: Any, length: int) -> Any:
        return [(k[:, :, :length], v[:, :, :length]) for k, v in past]

    def release(self, past: Any) -> None:
        """Tensors go when nothing refers to them."""

    def clear(self) -> None:
        """As ``release``."""

    def cost(self, node: Node) -> int:
        return len(node.ids)


class Cached:
    """Nodes as a right-padded batch over copies of their past's cache: right for every architecture.

    With causal attention what stands to the right of a token does not change it, so that padding needs no mask.
    """

    most, most_kept = 1_000_000, 1
    one_past = False

    def __init__(self, model: Any) -> None:
        self._model = model

    def run(self, nodes: Sequence[Node], past: Any, *, keep: bool) -> tuple[list[np.ndarray], list[Any]]:
        with inference():
            return self._run(nodes, past, keep)

    def _run(self, nodes: Sequence[Node], past: Any, keep: bool) -> tuple[list[np.ndarray], list[Any]]:
        device, longest = self._model.device, max(len(node.ids) for node in nodes)
        batch = np.zeros((len(nodes), longest), np.int64)
        mask = np.zeros((len(nodes), longest), bool)
        for place, node in enumerate(nodes):
            batch[place, : len(node.ids)] = node.ids
            mask[place, node.at] = True
        if not mask.any():
            mask[0, 0] = True
        flat = np.cumsum(mask.ravel()) - 1
        places = [flat[place * longest + node.at] for place, node in enumerate(nodes)]
        cache = fork(past, len(nodes)) if past is not None else self._empty()
        logits, grown = _continued(self._model, torch.from_numpy(batch).to(device), cache,
                                   torch.from_numpy(mask).to(device))
        return _pick(logits.reshape(-1, logits.shape[-1]), nodes, places), [grown] if keep else []

    def after(self, past: Any, kept: Any) -> Any:
        return kept

    def crop(self, past: Any, length: int) -> Any:
        layers = getattr(past, "layers", None)
        if layers is None or any(layer.is_sliding or not layer.is_croppable for layer in layers):
            return None
        cut = fork(past)
        for layer in cut.layers:
            layer.keys, layer.values = layer.keys[:, :, :length], layer.values[:, :, :length]
        return cut

    def release(self, past: Any) -> None:
        """Tensors go when nothing refers to them."""

    def clear(self) -> None:
        """As ``release``."""

    def cost(self, node: Node) -> int:
        # Every row gets a copy of the past in front of its own keys; a quarter is about what that costs.
        return len(node.ids) + node.depth // 4

    def _empty(self) -> Any:
        from transformers import DynamicCache

        return DynamicCache(config=self._model.config)


def fork(cache: Any, count: int = 1) -> Any:
    """A cache that grows on its own, ``count`` times in the batch; keys and values that are there are not copied.

    Safe because a dynamic layer's ``update`` makes new tensors and never writes in place. States of linear attention
    and convolutions are written in place, so those are copied.
    """
    from transformers import DynamicCache

    if not hasattr(cache, "layers"):         # of two caches, as decoders have that can also look at an encoder
        forked = copy.deepcopy(cache)
        forked.reorder_cache(torch.zeros(count, dtype=torch.long))
        return forked
    forked = copy.copy(cache) if type(cache) is DynamicCache else copy.deepcopy(cache)
    forked.layers = [_forked_layer(layer, count) for layer in forked.layers]
    return forked


def _forked_layer(layer: Any, count: int) -> Any:
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    if type(layer) in (DynamicLayer, DynamicSlidingWindowLayer):
        forked = copy.copy(layer)
        if count > 1 and layer.is_initialized:
            forked.keys = layer.keys.expand(count, -1, -1, -1)
            forked.values = layer.values.expand(count, -1, -1, -1)
        return forked
    forked = copy.deepcopy(layer)
    if count > 1:
        forked.reorder_cache(torch.zeros(count, dtype=torch.long))
    return forked


class Whole:
    """Each text from its beginning, in right-padded batches: right for whatever reads from left to right. A past is
    its tokens."""

    most = most_kept = 1_000_000
    one_past = False

    def __init__(self, model: Any) -> None:
        self._model = model

    def run(self, nodes: Sequence[Node], past: Any, *, keep: bool) -> tuple[list[np.ndarray], list[Any]]:
        before = np.empty(0, np.int32) if past is None else past
        with inference():
            found = self._run(nodes, before)
        return found, [np.concatenate([before, node.ids]) for node in nodes] if keep else []

    def _run(self, nodes: Sequence[Node], past: np.ndarray) -> list[np.ndarray]:
        if not any(len(node.at) for node in nodes):
            return [np.empty(0, np.float32) for _ in nodes]
        longest = len(past) + max(len(node.ids) for node in nodes)
        batch = np.zeros((len(nodes), longest), np.int64)
        batch[:, : len(past)] = past
        for place, node in enumerate(nodes):
            batch[place, len(past) : len(past) + len(node.ids)] = node.ids
        first = len(past) + min(int(node.at[0]) for node in nodes if len(node.at))
        logits = logits_at(self._model, torch.from_numpy(batch).to(self._model.device), range(first, longest))
        rows = [place * (longest - first) + len(past) - first + node.at for place, node in enumerate(nodes)]
        return _pick(logits.flatten(0, 1), nodes, rows)

    def after(self, past: Any, kept: Any) -> Any:
        return kept

    def crop(self, past: Any, length: int) -> Any:
        return past[:length]

    def release(self, past: Any) -> None:
        """Tokens cost nothing."""

    def clear(self) -> None:
        """As ``release``."""

    def cost(self, node: Node) -> int:
        return node.end


class WholeSteps:
    """A model without a usable cache taken token by token (see generation.Steps): a past is its tokens."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def forward(self, ids: Sequence[int], past: Any) -> tuple[Tensor, Any]:
        whole = [*(past or ()), *ids]
        return logits_at(self._model, torch.tensor([whole], device=self._model.device), [len(whole) - 1])[0, 0], whole

    def fork(self, past: Any) -> Any:
        return past

    def release(self, past: Any) -> None:
        """Tokens cost nothing."""


class CacheSteps:
    """A model taken token by token over a growing cache (see generation.Steps)."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def forward(self, ids: Sequence[int], past: Any) -> tuple[Tensor, Any]:
        rows = torch.tensor([list(ids)], device=self._model.device)
        logits, grown = _continued(self._model, rows, past, 1)
        return logits[0, -1], grown

    def fork(self, past: Any) -> Any:
        return fork(past)

    def release(self, past: Any) -> None:
        """Tensors go when nothing refers to them."""


def logits_at(model: Any, ids: Tensor, places: Sequence[int]) -> Tensor:
    """Logits (batch, places, vocabulary) of ``ids`` (batch, time), nothing standing before them. A few old
    architectures can only give those of all places."""
    keep = torch.tensor(places, device=ids.device)
    if "logits_to_keep" not in inspect.signature(model.forward).parameters:
        return model(input_ids=ids, use_cache=False).logits[:, keep]     # type: ignore[no-any-return]
    return model(input_ids=ids, use_cache=False, logits_to_keep=keep).logits     # type: ignore[no-any-return]


def _continued(model: Any, ids: Tensor, cache: Any, keep: int | Tensor) -> tuple[Tensor, Any]:
    """What the model says to ``ids`` (batch, time) behind its key-value cache, or None at a text's beginning: logits
    (batch, kept, vocabulary), or (kept, vocabulary) where ``keep`` is a mask, and the cache grown by ``ids``."""
    name = _cache_argument()
    output = model(input_ids=ids, use_cache=True, logits_to_keep=keep, **{name: cache})
    return output.logits, getattr(output, name)


@functools.cache
def _cache_argument() -> str:
    """What transformers calls a key-value cache, as an argument and in the output: ``cache`` from 5.24 on, where the
    former name warns (from 5.40 on it is gone)."""
    from transformers.modeling_outputs import CausalLMOutputWithPast

    named = any(field.name == "cache" for field in dataclasses.fields(CausalLMOutputWithPast))
    return "cache" if named else "past_key_values"


def _unique_rows(nodes: Sequence[Node], starts: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The row's places whose logits are needed, and for each node which of them its wants look at."""
    wanted = [start + node.at for start, node in zip(starts, nodes, strict=True)]
    rows, inverse = np.unique(np.concatenate(wanted), return_inverse=True)
    return rows.astype(np.int64), np.split(inverse, np.cumsum([len(w) for w in wanted])[:-1])


def _pick(logits: Tensor, nodes: Sequence[Node], places: Sequence[np.ndarray]) -> list[np.ndarray]:
    """log P(target) at each place. ``logits`` is (rows, vocabulary); worked on in chunks, as fp32 copies are large."""
    if not sum(len(place) for place in places):
        return [np.empty(0, np.float32) for _ in nodes]
    rows_at_once = max(_CHUNK.get(logits.device.type, _MORE) // logits.shape[-1], 1)
    norm = torch.cat([part.float().logsumexp(-1) for part in torch.split(logits, rows_at_once)])
    rows = torch.from_numpy(np.concatenate(places)).to(logits.device)
    targets = torch.from_numpy(np.concatenate([node.targets for node in nodes])).to(logits.device)
    found = (logits[rows, targets].float() - norm[rows]).cpu().numpy()
    return np.split(found, np.cumsum([len(place) for place in places])[:-1])
