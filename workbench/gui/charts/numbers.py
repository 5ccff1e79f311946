"""How numbers are written in charts: a true minus, a sign where it carries meaning, thin groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from workbench.domain import Interval
from workbench.wording import MINUS as MINUS
from workbench.wording import MISSING as MISSING
from workbench.wording import plain as plain

FAR = 8.0                            # median deviations
FEW = 6                              # values none of which is far from all others


def compact(value: float | None) -> str:
    """Three significant digits, for what is small: ``0.0000125`` → "1.25e−5"."""
    if value is None or math.isnan(value):
        return MISSING
    return f"{value:.3g}".replace("e-0", "e-").replace("-", MINUS)


def signed(value: float | None, digits: int = 2) -> str:
    """``0.29`` → "+0.29", ``-0.05`` → "−0.05", zero without a sign."""
    if value is None or math.isnan(value):
        return MISSING
    rounded = round(value, digits)
    return plain(rounded, digits) if rounded == 0 else f"{rounded:+.{digits}f}".replace("-", MINUS)


def tone(value: float, digits: int = 2) -> str:
    """"gain" or "loss", "" for what is shown as zero or is not known: the colour token of a signed number."""
    rounded = 0.0 if math.isnan(value) else round(value, digits)
    return "gain" if rounded > 0 else "loss" if rounded < 0 else ""


def count(value: int) -> str:
    """``1284`` → "1 284" (narrow no-break space)."""
    return f"{value:,}".replace(",", "\u202f")


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def interval_words(interval: Interval, digits: int = 2) -> str:
    """"95 % interval 0.21 to 0.63"."""
    return f"95 % interval {plain(interval.low, digits)} to {plain(interval.high, digits)}"


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
