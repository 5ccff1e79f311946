"""How much of a GGUF model llama.cpp puts on graphics cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from workbench.domain import MemoryEstimate, ModelFacts
from workbench.errors import ModelError
from workbench.models.machine import Gpu

ALL = -1
_COMPUTING = 2**29               # bytes of a card that llama.cpp's working buffers take
_SAFE = 0.95                     # of what is free


@dataclass(frozen=True, slots=True)
class Cards:
    """``found`` are the cards' memories where they are known (NVIDIA's, Apple's); ``only`` the one that is asked for,
    None for all."""

    found: tuple[Gpu, ...]
    only: int | None = None

    @property
    def free(self) -> int:
        """Bytes; 0 where it is not known, or is the computer's own memory."""
        return sum(free for name, _, free in self.found if name != "Apple GPU")


def chosen(device: str, gpus: Sequence[Gpu], *, offloads: bool) -> Cards | None:
    """The cards for a model's device: "auto" takes all where this build of llama.cpp can, "cuda:1" the second. None for
    the processor. Raises ModelError for a card that is asked for and cannot be had."""
    if device == "cpu" or (device == "auto" and not offloads):
        return None
    if not offloads:
        raise ModelError(f"llama.cpp is built here without support for {device}.", safe="Nothing was loaded.",
                         remedy="Set the model's device to auto or cpu, or build it with support (see the guide).")
    only = int(device.partition(":")[2]) if ":" in device else None
    if only is None:
        return Cards(tuple(gpus))
    if gpus and only >= len(gpus):
        raise ModelError(f"This computer has no {device}.", remedy="Set the model's device to auto or cpu.")
    return Cards(tuple(gpus[only : only + 1]), only)


def free_memory(cards: Cards | None) -> int:
    """Bytes for a model and its cache, wherever they go."""
    return int(psutil.virtual_memory().available) + (cards.free if cards is not None else 0)


def layers(cards: Cards | None, facts: ModelFacts, needed: MemoryEstimate) -> int:
    """How many layers with their cache the cards hold (the last one is the head's): ALL, or where less is free some."""
    if cards is None:
        return 0
    each = (facts.size_bytes + needed.cache) / (facts.layers + 1)
    if not cards.free or each <= 0:
        return ALL
    fitting = int((cards.free * _SAFE - _COMPUTING) // each)
    return ALL if fitting > facts.layers else max(fitting, 0)
