"""What a report of a score or search job says. It is laid out in markdown.py and html_page.py."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.domain import Demonstration, Interval
from workbench.formats.svg import GAIN, PLAIN, Mark, interval_plot

PLOTTED = 30
"""Candidates in the interval plot: the best ones, and the worst where there are more."""


@dataclass(frozen=True, slots=True)
class RankingLine:
    """One candidate. ``gain`` in nats per answer; ``previous_rank`` None in a first round; IFD None if not measured."""

    rank: int
    demonstration_id: int
    title: str
    gain: Interval
    win_rate: float
    tokens: int
    difficulty: float | None = None
    previous_rank: int | None = None


@dataclass(frozen=True, slots=True)
class RoundLine:
    """One round of a search: what was chosen, and the objective then (nats per answer)."""

    number: int
    demonstration_id: int
    title: str
    objective: float
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class SetLine:
    """A set of demonstrations on the held-out questions: nats per answer."""

    strategy: str
    label: str
    size: int
    mean: float
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with what it shows in words. ``svg`` is a whole ``<svg>`` element, made by this program."""

    title: str
    svg: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """``facts`` are (name, value) pairs: what made the numbers. ``difference`` is chosen − mean of random sets."""

    title: str
    made: str
    facts: tuple[tuple[str, str], ...] = ()
    ranking: tuple[RankingLine, ...] = ()
    rounds: tuple[RoundLine, ...] = ()
    sets: tuple[SetLine, ...] = ()
    random_mean: float | None = None
    difference: Interval | None = None
    chosen: tuple[Demonstration, ...] = ()
    charts: tuple[Chart, ...] = ()


def charts(ranking: Sequence[RankingLine], sets: Sequence[SetLine], random_mean: float | None) -> tuple[Chart, ...]:
    """The charts that a report has by itself: the candidates' gains, and the sets on the held-out questions."""
    found = []
    if ranking:
        shown = list(ranking) if len(ranking) <= PLOTTED else [*ranking[:PLOTTED - 5], *ranking[-5:]]
        svg = interval_plot([Mark(f"{line.rank}. {line.title}", line.gain.mean, line.gain) for line in shown],
                            title="Gain of each candidate", axis="gain, nats per answer")
        left_out = len(ranking) - len(shown)
        caption = "Each candidate added alone to the base prompt: mean over questions with its 95 % interval."
        caption += f" {left_out:,} candidates between the best and the last five are left out." if left_out else ""
        found.append(Chart("Gain of each candidate", svg, caption))
    if sets:
        marks = [Mark(name_of(line), line.mean, colour=GAIN if line.chosen else PLAIN) for line in sets
                 if line.chosen or line.strategy != "random"]
        marks += [Mark("random sets, mean", random_mean, _spread(sets, random_mean), PLAIN,
                       "all of them")] \
            if random_mean is not None else []
        svg = interval_plot(marks, title="Held-out questions", axis="log-likelihood, nats per answer", zero=False)
        found.append(Chart("Held-out questions", svg, "Further right is better. The line through the random sets goes "
                                                      "from the lowest of them to the highest."))
    return tuple(chart for chart in found if chart.svg)


def name_of(line: SetLine) -> str:
    """What a set is called in a table or a chart."""
    if line.chosen:
        return f"chosen ({line.strategy.replace('_', ' ')})"
    return "base prompt" if line.strategy == "base" else line.label or line.strategy


def number(value: float | None, digits: int = 3) -> str:
    """For a table; "–" where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.{digits}f}".replace("-", "−")


def interval(value: Interval | None) -> str:
    if value is None:
        return "–"
    return f"{number(value.mean)} [{number(value.low)}, {number(value.high)}]"


def verdict(report: Report) -> str:
    """The held-out comparison in one sentence; "" where there is none."""
    difference = report.difference
    if difference is None:
        return ""
    if difference.low > 0:
        words = "better than sets of the same size drawn at random"
    elif difference.high < 0:
        words = "worse than sets of the same size drawn at random"
    else:
        words = "not shown to differ from sets of the same size drawn at random"
    random = [line for line in report.sets if line.strategy == "random" and not line.chosen]
    over = "over questions and sets" if len(random) > 1 else "over questions; it is said of the one such set there is"
    return (f"On the held-out questions the chosen set is {words}: "
            f"{interval(difference)} nats per answer (95 % interval {over}).")


def _spread(sets: Sequence[SetLine], mean: float) -> Interval | None:
    values = [line.mean for line in sets if line.strategy == "random" and not line.chosen and math.isfinite(line.mean)]
    return Interval(mean, min(values), max(values)) if values else None
