"""Gated feed-forward layers that keep less for their backward pass.

down(act(gate(x)) * up(x)), as Llama, Mistral, Qwen and others have it, keeps four tensors of the inner width for each
token. Two of them, act(gate) and the product, are cheap to make again from the other two. The arithmetic is the same,
so the gradients are.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

Activation = Callable[[Tensor], Tensor]


class _Down(torch.autograd.Function):
    """down(act(gate) * up): gate and up are (…, inner), ``weight`` is (width, inner), the result (…, width)."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor, weight: Tensor, act: Activation) -> Tensor:
        ctx.save_for_backward(gate, up, weight)
        ctx.act = act
        return nn.functional.linear(act(gate) * up, weight)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor | None, None]:
        gate, up, weight = ctx.saved_tensors
        with torch.enable_grad():
            gate, up = gate.detach().requires_grad_(), up.detach().requires_grad_()
            product = ctx.act(gate) * up
        of_gate, of_up = torch.autograd.grad(product, (gate, up), grad @ weight.to(grad.dtype))
        of_weight = None
        if ctx.needs_input_grad[2]:
            flat = grad.reshape(-1, grad.shape[-1])
            of_weight = (flat.T @ product.detach().reshape(-1, product.shape[-1]).to(grad.dtype)).to(weight.dtype)
        return of_gate, of_up, of_weight, None


def make_lean(model: nn.Module) -> int:
    """Let every gated feed-forward layer of ``model`` keep less; returns how many there were.

    Layers that are put together otherwise (biases, adapters, quantised weights) stay as they are.
    """
    found = [module for module in model.modules() if _is_gated(module)]
    for module in found:
        module.forward = MethodType(_forward, module)        # a method, so that a copy of the model has its own
    return len(found)


def _is_gated(module: Any) -> bool:
    parts = [getattr(module, name, None) for name in ("gate_proj", "up_proj", "down_proj")]
    if not all(type(part) is nn.Linear for part in parts) or not callable(getattr(module, "act_fn", None)):
        return False
    gate, up, down = module.gate_proj, module.up_proj, module.down_proj
    if down.bias is not None:
        return False
    probe = torch.linspace(-1, 1, gate.in_features, device=gate.weight.device, dtype=gate.weight.dtype)[None]
    with torch.no_grad():                                # is there a scale, or a dropout, in between?
        return torch.equal(module(probe), down(module.act_fn(gate(probe)) * up(probe)))


def _forward(module: Any, x: Tensor) -> Tensor:
    found: Tensor = _Down.apply(                         # type: ignore[no-untyped-call]
        module.gate_proj(x), module.up_proj(x), module.down_proj.weight, module.act_fn)
    return found
