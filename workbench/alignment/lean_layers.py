"""Layers of Llama, Mistral, Qwen and their like that keep less for their backward pass and compute less at their end.

- RMS norms and gated feed-forward layers, down(act(gate(x)) * up(x)): norms' outputs, act(gate) and the product are
  made again (see ``recomputed``). About two thirds of a layer's activations remain.
- Where only some positions' last hidden states are read, such as those that predict an answer, the last layer's
  queries, output projection and feed-forward are computed there alone: nothing after them mixes positions.

Both take effect inside ``lean_pass``. Layers that are put together otherwise stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

from workbench.alignment.recomputed import made_again, recomputed

WORTHWHILE = 0.8                     # of the positions: with more of them, gathering costs more than it saves


@dataclass(frozen=True, slots=True)
class _Positions:
    """Some positions of a (rows, time) batch, as indices into its rows laid end to end."""

    indices: Tensor
    rows: int
    time: int


_positions: ContextVar[_Positions | None] = ContextVar("positions", default=None)


@contextmanager
def lean_pass(model: nn.Module, needed: Tensor | None = None) -> Iterator[None]:
    """Around a forward pass. ``needed``, boolean (rows, time), says where the last hidden states are read; elsewhere
    they may be wrong. Does nothing where activations are checkpointed: layers are run again outside of it then."""
    if any(_is_checkpointed(module) for module in model.modules()):
        yield
        return
    some = None
    if needed is not None and int(needed.sum()) < WORTHWHILE * needed.numel():
        some = _Positions(needed.flatten().nonzero()[:, 0], *needed.shape)
    token = _positions.set(some)
    try:
        with made_again():
            yield
    finally:
        _positions.reset(token)


def _is_checkpointed(module: nn.Module) -> bool:
    return bool(getattr(module, "gradient_checkpointing", False)) or hasattr(module, "_checkpoint_wrapped_module")


def make_lean(model: nn.Module) -> int:
    """Prepare every norm and feed-forward layer of ``model`` that is known; returns how many there were."""
    forwards = {module: forward for module in model.modules() if (forward := _lean_forward(module))}
    for module, forward in forwards.items():
        module.forward = MethodType(forward, module)         # a method, so that a copy of the model has its own
    for module in _position_wise(model):
        if _take not in module._forward_pre_hooks.values():  # a model can be prepared twice
            module.register_forward_pre_hook(_take)
            module.register_forward_hook(_put)
    return len(forwards)


def _lean_forward(module: Any) -> Any:
    """What computes the same as ``module.forward`` and keeps less, or None."""
    if all(isinstance(getattr(module, name, None), nn.Module) for name in ("gate_proj", "up_proj", "down_proj")):
        weight, size, forward = getattr(module.gate_proj, "weight", None), module.gate_proj.in_features, _feed_forward
    elif isinstance(getattr(module, "variance_epsilon", None), float):
        weight, size, forward = getattr(module, "weight", None), len(module.weight), _norm
    else:
        return None
    if weight is None or not weight.is_floating_point():
        return None
    probe = torch.linspace(-1, 1, size, device=weight.device, dtype=weight.dtype)[None]
    with torch.no_grad():                                # is there a scale, or a dropout, in between?
        return forward if torch.equal(module(probe), forward(module, probe)) else None


def _norm(module: Any, x: Tensor) -> Tensor:
    def make(x: Tensor, weight: Tensor) -> Tensor:
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + module.variance_epsilon)
        return weight * wide.to(x.dtype)

    return recomputed(make, x, module.weight)


def _feed_forward(module: Any, x: Tensor) -> Tensor:
    product = recomputed(lambda gate, up: module.act_fn(gate) * up, module.gate_proj(x), module.up_proj(x))
    found: Tensor = module.down_proj(product)
    return found


def _position_wise(model: Any) -> list[nn.Module]:
    """The modules of the last layer whose output is needed only at the positions whose last hidden state is."""
    layers = getattr(model.get_decoder(), "layers", None)
    if not layers or not all(hasattr(layers[-1], name) for name in ("self_attn", "mlp")):
        return []
    last = layers[-1]
    found = [getattr(last.self_attn, "q_proj", None), getattr(last.self_attn, "o_proj", None), last.mlp]
    return found if all(found) else []


def _take(module: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor] | None:
    some = _positions.get()
    return (inputs[0].flatten(0, 1).index_select(0, some.indices)[None],) if some else None


def _put(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor | None:
    some = _positions.get()
    if not some:
        return None
    whole = output.new_zeros(some.rows * some.time, output.shape[-1])
    return whole.index_copy(0, some.indices, output[0]).view(some.rows, some.time, -1)
