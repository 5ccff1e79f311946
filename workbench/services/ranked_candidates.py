"""A run's candidates as arrays: what the table would otherwise work out while the window waits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from workbench.domain import Interval
from workbench.services.results import GainTable
from workbench.statistics.intervals import wilson
from workbench.wording import one_line

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


class Measure(StrEnum):
    """By what the candidates are ranked."""

    MEAN = "Mean gain"
    WIN_RATE = "Win rate"
    LOWER = "Lower bound"


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """All arrays are by the row of ``table``. Made on the lane, and not changed afterwards.

    ``best`` has for each measure the rows from the best down, NaN last. ``by_title`` is each row's place in the
    alphabet; ``previous`` its place in the round before among those that are still ranked, 0 without one.
    ``scale`` is (low, zero, high) of the gains' intervals.
    """

    table: GainTable
    titles: list[str]
    row_of: dict[int, int]
    best: dict[Measure, Places]
    by_title: Places
    previous: Places
    tokens: Places
    difficulty: Floats
    scored: Places
    scale: tuple[float, float, float]

    @classmethod
    def of(cls, table: GainTable) -> Candidates:
        size = len(table.demonstration_ids)
        titles = [one_line(title) for title in table.titles]
        mean, low, high = (_floats((getattr(one, end) for one in table.mean), size) for end in ("mean", "low", "high"))
        measured = {Measure.MEAN: mean, Measure.WIN_RATE: _floats(table.win_rate, size), Measure.LOWER: low}
        return cls(
            table, titles,
            dict(zip(table.demonstration_ids, range(size), strict=True)),
            {measure: np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
             for measure, values in measured.items()},
            places_of(np.argsort(np.array([title.casefold() for title in titles], np.str_), kind="stable")),
            _previous(table.previous_rank), np.array(table.tokens, np.int64),
            _floats((math.inf if one is None else one for one in table.difficulty), size),
            np.isfinite(table.gain).sum(axis=1), _scale(low, mean, high))

    def win_rate(self, row: int) -> Interval:
        """The share of questions won, with its score interval."""
        return wilson(self.table.win_rate[row], int(self.scored[row]))


def places_of(order: Places) -> Places:
    """The inverse of an order: where each row stands, from 0."""
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return places


def _floats(values: Iterable[float], size: int) -> Floats:
    return np.fromiter(values, np.float64, size)


def _previous(ranks: tuple[int | None, ...]) -> Places:
    """What was chosen left a gap, and nobody's merit is to have moved up into it."""
    known = np.array([0 if rank is None else rank for rank in ranks], np.int64)
    ranked = np.flatnonzero(known)
    previous = np.zeros(len(known), np.int64)
    previous[ranked[np.argsort(known[ranked], kind="stable")]] = np.arange(1, len(ranked) + 1)
    return previous


def _scale(low: Floats, mean: Floats, high: Floats) -> tuple[float, float, float]:
    """All intervals and zero; the lowest hundredth may be cut."""
    ends = np.concatenate(([0.0], low, mean, high))
    ends = ends[np.isfinite(ends)]
    least, most = float(np.percentile(ends, 1)), float(ends.max())
    return (least, 0.0, most) if least < most else (-1.0, 0.0, 1.0)
