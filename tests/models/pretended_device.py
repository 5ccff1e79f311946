"""A device that is not there: its tensors say that they are on "meta" and hold their values on the CPU.

As on a graphics card, an operation that mixes them with the CPU's tensors fails, but for numbers, for indices, and for
copies from one to the other; and they have no ``numpy()``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

DEVICE = torch.device("meta")
_MIXED = ("aten.copy_", "aten.index.Tensor", "aten.index_put")


class There(torch.Tensor):
    """A tensor on the device, with its ``value`` on the CPU."""

    value: torch.Tensor

    @staticmethod
    def __new__(cls, value: torch.Tensor) -> There:
        made: There = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, value.shape, strides=value.stride(), storage_offset=value.storage_offset(), dtype=value.dtype,
            device=DEVICE)
        made.value = value
        return made

    def tolist(self) -> Any:
        return self.value.tolist()

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        return _compute(func, args, kwargs or {})


class PretendedDevice(TorchDispatchMode):
    """Within it tensors can be made on the device and moved there; ``operations`` counts what was computed on it."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        self.operations += any(isinstance(leaf, There) for leaf in tree_leaves((args, kwargs)))
        return _compute(func, args, kwargs or {})


def _compute(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    leaves = tree_leaves((args, kwargs))
    there = [leaf for leaf in leaves if isinstance(leaf, There)]
    here = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor) and not isinstance(leaf, There) and leaf.dim()]
    if there and here and not str(func).startswith(_MIXED):
        raise RuntimeError(f"Expected all tensors to be on the same device: {func}")
    asked = [leaf for leaf in leaves if isinstance(leaf, torch.device)]
    goes_there = DEVICE in asked if asked else bool(there)
    values = tree_map_only(There, lambda one: one.value, (tuple(args), dict(kwargs)))
    values = tree_map_only(torch.device, lambda one: torch.device("cpu"), values)
    found = func(*values[0], **values[1])
    known = {id(one.value): one for one in there}

    def told(one: torch.Tensor) -> torch.Tensor:
        return known[id(one)] if id(one) in known else There(one)

    return tree_map_only(torch.Tensor, told, found) if goes_there else found
