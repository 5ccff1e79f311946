"""Activations that are made again in the backward pass instead of being kept for it.

Some of what a layer hands on costs next to nothing to compute, a norm's output or the product of a gate and its values,
yet is kept for the gradient of every linear layer that reads it. Inside ``made_again()`` such a tensor is replaced,
wherever autograd would keep it, by what it was made of (the selective recomputation of Korthikanti et al., arXiv
2205.05198). The arithmetic is the same, so gradients are.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Make = Callable[..., Tensor]


class _Recipe:
    """How to make a tensor, and its inputs' gradients, once more. Lives until those gradients have been taken."""

    def __init__(self, make: Make, inputs: tuple[Tensor, ...]) -> None:
        self._make = make
        self._inputs = tuple(tensor.detach().requires_grad_(tensor.requires_grad) for tensor in inputs)
        self._made: Tensor | None = None                 # from the first reader's backward to its own

    def tensor(self) -> Tensor:
        if self._made is None:
            with torch.enable_grad():
                self._made = self._make(*self._inputs)
        return self._made

    def gradients(self, grad: Tensor) -> Iterator[Tensor | None]:
        found = iter(torch.autograd.grad(self.tensor(), [t for t in self._inputs if t.requires_grad], grad))
        wanted = [tensor.requires_grad for tensor in self._inputs]
        self._made, self._inputs = None, ()
        return (next(found) if want else None for want in wanted)


class _Remade(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, recipe: _Recipe, make: Make, *inputs: Tensor) -> Tensor:
        ctx.recipe = recipe
        return make(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return None, None, *ctx.recipe.gradients(grad)


@dataclass(frozen=True, slots=True)
class _InPlaceOf:
    """A tensor or a view of it that is not kept."""

    recipe: _Recipe
    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int


Recipes = dict[int, tuple["weakref.ref[Tensor]", _Recipe]]       # by the address of the tensor's memory
_recipes: ContextVar[Recipes | None] = ContextVar("recipes", default=None)


@contextmanager
def made_again() -> Iterator[None]:
    """Around a forward pass: what ``recomputed`` makes is not kept. One backward pass through it is possible."""
    recipes: Recipes = {}

    def pack(tensor: Tensor) -> Tensor | _InPlaceOf:
        made, recipe = recipes.get(tensor.untyped_storage().data_ptr(), (lambda: None, None))
        if made() is None or recipe is None:             # another tensor, or memory that was given to another since
            return tensor
        return _InPlaceOf(recipe, tuple(tensor.shape), tensor.stride(), int(tensor.storage_offset()))

    def unpack(kept: Tensor | _InPlaceOf) -> Tensor:
        if isinstance(kept, Tensor):
            return kept
        return kept.recipe.tensor().detach().as_strided(kept.size, kept.stride, kept.offset)

    token = _recipes.set(recipes)
    try:
        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            yield
    finally:
        _recipes.reset(token)


def recomputed(make: Make, *inputs: Tensor) -> Tensor:
    """``make(*inputs)``, a contiguous tensor that inside ``made_again()`` is not kept; ``inputs`` are, unless they are
    recomputed too. ``make`` must be cheap, draw no random numbers and read no other tensor that has a gradient."""
    recipes = _recipes.get()
    if recipes is None or not torch.is_grad_enabled() or not any(tensor.requires_grad for tensor in inputs):
        return make(*inputs)
    recipe = _Recipe(make, inputs)
    made: Tensor = _Remade.apply(recipe, make, *inputs)          # type: ignore[no-untyped-call]
    recipes[made.untyped_storage().data_ptr()] = weakref.ref(made), recipe
    return made
