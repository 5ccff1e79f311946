"""Which numbers a chart writes at its axes, and the tone of a signed one; workbench.wording writes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

FAR = 8.0                            # median deviations
FEW = 6                              # values none of which is far from all others


def tone(value: float, digits: int = 2) -> str:
    """"gain" or "loss", "" for what is shown as zero or is not known: the colour token of a signed number."""
    rounded = 0.0 if math.isnan(value) else round(value, digits)
    return "gain" if rounded > 0 else "loss" if rounded < 0 else ""


def near_values(values: Sequence[float]) -> tuple[float, float]:
    """Between which ends values are not far from all others: FAR median deviations from the median. Without ends for
    few values, or where half of them are the same."""
    known = [value for value in values if math.isfinite(value)]
    if len(known) < FEW:
        return -math.inf, math.inf
    middle = median(known)
    reach = FAR * median(abs(value - middle) for value in known)
    return (middle - reach, middle + reach) if reach else (-math.inf, math.inf)


def nice_ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers between ``low`` and ``high`` (steps of 1, 2 or 5 times a power of ten), about ``about`` of them."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    raw = (high - low) / max(1, about)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


def tick_digits(ticks: list[float]) -> int:
    """Decimals that tell the ticks apart."""
    if len(ticks) < 2:
        return 2
    return max(0, min(6, math.ceil(-math.log10(abs(ticks[1] - ticks[0])) - 1e-9)))
