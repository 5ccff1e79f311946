"""Numbers, times and sizes as the window says them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Protocol

NARROW = "\N{NO-BREAK SPACE}"
MINUS = "−"
MISSING = "–"


def gigabytes(size: float) -> str:
    """Bytes in words: "13.5 GB", "48 MB". Decimal units, as disks and model cards use them."""
    if size >= 999.5e6:
        return f"{size / 1e9:.1f}{NARROW}GB"
    if size >= 999.5e3:
        return f"{size / 1e6:.1f}{NARROW}MB" if size < 9.95e6 else f"{size / 1e6:.0f}{NARROW}MB"
    return f"{size / 1e3:.0f}{NARROW}kB"


def parameters(count: int) -> str:
    """"7.2 billion", "1.1 million", "48 000"."""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if count >= size * 0.9995:
            value = count / size
            return f"{value:.0f} {word}" if value >= 99.5 else f"{value:.1f} {word}"
    return grouped(count)


def short_parameters(count: int) -> str:
    """As a column shows it: "7.2 B", "1.9 M", "48 k"."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if count >= size * 0.9995:
            value = count / size
            return f"{value:.0f}{NARROW}{unit}" if value >= 99.5 else f"{value:.1f}{NARROW}{unit}"
    return str(count)


def duration(seconds: float) -> str:
    """"few seconds", "1 min 28 s", "3 min", "2 h 5 min"."""
    if seconds < 10:
        return "few seconds"
    if seconds < 60:
        return f"{round(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 2:
        return f"{minutes} min {rest} s"
    if minutes < 60:
        return f"{minutes + (rest >= 30)} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def time_left(seconds: float | None) -> str:
    """"3 min left", or "" when it is not known."""
    return "" if seconds is None else f"{duration(seconds)} left"


def day(when: datetime, now: datetime | None = None) -> str:
    """"Today, 10:42", "Yesterday", "12 November", "3 May 2024"."""
    when = when.astimezone() if when.tzinfo else when
    now = now or datetime.now(when.tzinfo)
    if when.date() == now.date():
        return f"Today, {when:%H:%M}"
    if when.date() == (now - timedelta(days=1)).date():
        return "Yesterday"
    return f"{when.day} {when:%B}" + ("" if when.year == now.year else f" {when.year}")


def clock(when: datetime | None, now: datetime | None = None) -> str:
    """"10:29" for today, "Yesterday", "Tuesday" within a week, else the date; "–" for None."""
    if when is None:
        return "–"
    when = when.astimezone() if when.tzinfo else when
    now = now or datetime.now(when.tzinfo)
    if when.date() == now.date():
        return f"{when:%H:%M}"
    if timedelta(0) < now.date() - when.date() < timedelta(days=7):
        return "Yesterday" if (now.date() - when.date()).days == 1 else f"{when:%A}"
    return day(when, now)


def grouped(number: int) -> str:
    """"1 284": thousands apart by a no-break space."""
    return f"{number:,}".replace(",", NARROW)


def counted(number: int, one: str, many: str = "") -> str:
    """"1 demonstration", "12 demonstrations", "1 284 demonstrations"."""
    return f"{grouped(number)} {one if number == 1 else many or one + 's'}"


def time_ago(when: datetime, now: datetime | None = None) -> str:
    """"just now", "12 min ago", "2 h ago", "yesterday", then the day, as the end of a sentence."""
    now = now or datetime.now().astimezone()
    when = when.astimezone(now.tzinfo)
    seconds = (now - when).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if when.date() == now.date() or seconds < 6 * 3600:
        return f"{int(seconds // 3600)} h ago"
    said = day(when, now)
    return said.lower() if said == "Yesterday" else said


def plain(value: float | None, digits: int = 2) -> str:
    """``-1.236`` → "−1.24", with a true minus; a dash where there is no number."""
    if value is None or math.isnan(value):
        return MISSING
    return f"{round(value, digits) or 0.0:.{digits}f}".replace("-", MINUS)


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


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"


class _Ends(Protocol):
    """An Interval of the domain, which this module stands below."""

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...


def interval_words(interval: _Ends, digits: int = 2) -> str:
    """"95 % interval 0.21 to 0.63"."""
    return f"95 % interval {plain(interval.low, digits)} to {plain(interval.high, digits)}"


def one_line(text: str) -> str:
    """Text of strangers for a label: no line breaks, no control characters."""
    if text.isprintable():
        return " ".join(text.split())
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
