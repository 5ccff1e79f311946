"""A grid of decoding parameters (the ICL-alignment paper's finding: they matter most)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from workbench.domain import DecodingSettings
from workbench.errors import WorkbenchError

AXES = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_tokens", "seed")
DRAWN_ONLY = ("top_p", "top_k", "min_p", "seed")         # without a temperature they change nothing

PAPER: Mapping[str, Sequence[float]] = {
    "temperature": (0.0, 0.1, 0.3, 0.5, 0.7, 1.0), "repetition_penalty": (1.0, 1.05, 1.1, 1.15, 1.2),
}


def grid(axes: Mapping[str, Sequence[float]], base: DecodingSettings | None = None) -> list[DecodingSettings]:
    """Every combination of the axes' values, the first axis slowest; what is the same (greedy with another top-p) once.

    Raises WorkbenchError for an axis that there is not, or that has no value or one out of its range.
    """
    for name, values in axes.items():
        if name not in AXES:
            raise WorkbenchError(f"“{name}” is not a decoding parameter.", remedy=f"Choose among: {', '.join(AXES)}.")
        if not values or not all(_in_range(name, value) for value in values):
            raise WorkbenchError(f"The values of {name} are not possible: {', '.join(map(str, values)) or 'none'}.")
    found: dict[tuple[Any, ...], DecodingSettings] = {}
    for values in product(*axes.values()):
        changes: dict[str, Any] = {name: int(value) if name in ("top_k", "max_tokens", "seed") else float(value)
                                   for name, value in zip(axes, values, strict=True)}
        one = replace(base or DecodingSettings(), **changes)
        found.setdefault(_effect(one), one)
    return list(found.values())


def _effect(one: DecodingSettings) -> tuple[Any, ...]:
    drawn = one.temperature > 0
    return tuple(getattr(one, name) if drawn or name not in DRAWN_ONLY else None for name in AXES)


def _in_range(name: str, value: float) -> bool:
    if name in ("top_p", "min_p"):
        return 0 <= value <= 1 and (name == "min_p" or value > 0)
    if name in ("repetition_penalty", "max_tokens"):
        return value > 0
    return value >= 0
