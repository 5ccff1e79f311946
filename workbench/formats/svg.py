"""Charts for reports, written by hand as inline SVG: they need no script, and take the page's own text colour."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from workbench.domain import Interval

GAIN, LOSS, PLAIN = "#0072b2", "#d55e00", "#7f7f7f"
"""Of Okabe and Ito's palette: told apart by people with any colour vision, on white and on near-black."""

_LABEL, _PLOT, _ROW, _TOP = 330, 520, 22, 8
_Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Mark:
    """One row of an interval plot: a point, and a line over the interval where one is known.

    ``span`` says what the line is.
    """

    label: str
    mean: float
    interval: Interval | None = None
    colour: str = ""
    span: str = "95 % interval"


def interval_plot(marks: Sequence[Mark], *, title: str, axis: str, zero: bool = True) -> str:
    """Points with 95 % intervals, a row each. ``zero`` draws the line of no change and keeps it in sight.

    ``axis`` names the quantity with its unit. Values that are not finite are left out.
    """
    marks = [mark for mark in marks if math.isfinite(mark.mean)]
    if not marks:
        return ""
    low, high = _extent(marks, zero=zero)
    scale = _PLOT / (high - low)
    height = _TOP + _ROW * len(marks)

    def x(value: float) -> float:
        return round(_LABEL + (value - low) * scale, 1)

    parts = [f'<line x1="{x(tick)}" x2="{x(tick)}" y1="{_TOP}" y2="{height}" stroke="currentColor" '
             f'stroke-opacity="{0.55 if zero and tick == 0 else 0.12}"/>'
             f'<text x="{x(tick)}" y="{height + 18}" text-anchor="middle">{_number(tick)}</text>'
             for tick in _ticks(low, high)]
    parts += [_row(mark, _TOP + _ROW * place + _ROW / 2, x, zero=zero) for place, mark in enumerate(marks)]
    parts.append(f'<text x="{_LABEL + _PLOT / 2}" y="{height + 38}" text-anchor="middle">{escape(axis)}</text>')
    width = _LABEL + _PLOT + 20
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 46}" role="img" '
            f'font-family="system-ui, sans-serif" font-size="12" fill="currentColor">'
            f"<title>{escape(title)}</title>{''.join(parts)}</svg>")


def _extent(marks: Sequence[Mark], *, zero: bool) -> tuple[float, float]:
    ends = [end for mark in marks for end in (
        (mark.mean, mark.interval.low, mark.interval.high) if mark.interval else (mark.mean,)) if math.isfinite(end)]
    low, high = min(ends), max(ends)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    margin = (high - low) * 0.05 or max(abs(high) * 0.05, 0.5)
    return low - margin, high + margin


def _row(mark: Mark, y: float, x: _Scale, *, zero: bool) -> str:
    colour = mark.colour or (PLAIN if not zero else GAIN if mark.mean >= 0 else LOSS)
    value = f"{_number(mark.mean)}"
    line = ""
    interval = mark.interval
    if interval is not None and math.isfinite(interval.low) and math.isfinite(interval.high):
        value += f" ({mark.span} {_number(interval.low)} to {_number(interval.high)})"
        line = (f'<line x1="{x(interval.low)}" x2="{x(interval.high)}" y1="{y}" y2="{y}" stroke="{colour}" '
                'stroke-width="2"/>')
    label = escape(_short(mark.label, 48))
    return (f"<g><title>{escape(mark.label)}: {value}</title>"
            f'<text x="{_LABEL - 12}" y="{y + 4}" text-anchor="end">{label}</text>{line}'
            f'<circle cx="{x(mark.mean)}" cy="{y}" r="4" fill="{colour}"/></g>')


def _ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers between the ends."""
    rough = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step)
    return [round(number * step, 10) + 0.0 for number in range(first, math.floor(high / step) + 1)]


def _number(value: float) -> str:
    """At most three decimals, a real minus sign."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return text.replace("-", "−") if text not in ("-0", "") else "0"


def _short(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
