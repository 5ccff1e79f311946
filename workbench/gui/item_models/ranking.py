"""The candidates of one run and round as rows: ranked by a measure, sortable by every column."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from workbench.domain import Interval
from workbench.gui.charts.chart import Table, one_line, tip
from workbench.gui.charts.numbers import count, interval_words, percent, plain, signed
from workbench.services.results import GainTable

Index = QModelIndex | QPersistentModelIndex
Z95 = 1.959964                       # two-sided 95 % of the normal distribution

VALUE_ROLE = Qt.ItemDataRole.UserRole        # what the delegate paints, by column


class Measure(StrEnum):
    """By what the candidates are ranked."""

    MEAN = "Mean gain"
    WIN_RATE = "Win rate"
    LOWER = "Lower bound"


class Column(IntEnum):
    RANK = 0
    CHANGE = 1
    TITLE = 2
    TOKENS = 3
    DIFFICULTY = 4
    GAIN = 5


def wilson(share: float, trials: int) -> Interval:
    """The 95 % score interval of a share of ``trials`` (Wilson 1927), which stays inside 0 … 1."""
    if trials == 0:
        return Interval(share, 0.0, 1.0)
    scale = 1 + Z95**2 / trials
    centre = (share + Z95**2 / (2 * trials)) / scale
    half = Z95 / scale * math.sqrt(share * (1 - share) / trials + Z95**2 / (4 * trials**2))
    return Interval(share, min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))


class RankingModel(QAbstractTableModel):
    """Rows are candidates. ``order[row]`` is the row's index in the GainTable."""

    def __init__(self) -> None:
        super().__init__()
        self._table: GainTable | None = None
        self._measure = Measure.MEAN
        self._column, self._direction = Column.RANK, Qt.SortOrder.AscendingOrder
        self._order: list[int] = []
        self._ranks: list[int] = []
        self._wins: list[Interval] = []
        self._titles: list[str] = []
        self._previous: dict[int, int] = {}
        self._chosen: frozenset[int] = frozenset()

    # data
    def set_table(self, table: GainTable | None, chosen: frozenset[int] = frozenset()) -> None:
        """Show a run's round; ``chosen`` are ids that the search has taken."""
        self.beginResetModel()
        self._table, self._chosen = table, chosen
        gains = np.asarray(table.gain) if table is not None and table.gain else np.zeros((0, 0))
        scored = np.isfinite(gains).sum(axis=1) if gains.size else np.zeros(len(gains), int)
        self._titles = [one_line(title) for title in table.titles] if table is not None else []
        self._previous = _previous_places(table.previous_rank if table is not None else ())
        self._wins = [wilson(share, int(n)) for share, n in zip(table.win_rate, scored, strict=True)] if table else []
        self._rank()
        self.endResetModel()

    @property
    def table(self) -> GainTable | None:
        return self._table

    @property
    def measure(self) -> Measure:
        return self._measure

    @property
    def order(self) -> list[int]:
        return list(self._order)

    def set_measure(self, measure: Measure) -> None:
        """Rank by another measure, best first."""
        self._measure = measure
        self._column, self._direction = Column.RANK, Qt.SortOrder.AscendingOrder
        self._arrange(self._rank)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._direction = Column(column), order
        self._arrange(self._sort)

    def id_at(self, row: int) -> int:
        assert self._table is not None
        return self._table.demonstration_ids[self._order[row]]

    def row_of(self, demonstration_id: int) -> int:
        """The row of a candidate, or -1."""
        if self._table is None or demonstration_id not in self._table.demonstration_ids:
            return -1
        return self._order.index(self._table.demonstration_ids.index(demonstration_id))

    def top(self, n: int) -> list[int]:
        """The ids of the ``n`` best by the measure, best first, however the rows are sorted."""
        if self._table is None:
            return []
        best = sorted(range(len(self._ranks)), key=self._ranks.__getitem__)[:n]
        return [self._table.demonstration_ids[index] for index in best]

    def interval(self, index: int) -> Interval:
        """What is shown for the GainTable's row ``index`` under the measure."""
        assert self._table is not None
        return self._wins[index] if self._measure is Measure.WIN_RATE else self._table.mean[index]

    def scale(self) -> tuple[float, float, float]:
        """(low, zero, high) of the interval plots: 0, ½, 1 for shares; all intervals and zero for gains."""
        if self._measure is Measure.WIN_RATE:
            return 0.0, 0.5, 1.0
        ends = [0.0]
        for interval in self._table.mean if self._table is not None else ():
            ends += [value for value in (interval.low, interval.mean, interval.high) if math.isfinite(value)]
        low, high = float(np.percentile(ends, 1)), max(ends)
        return (low, 0.0, high) if low < high else (-1.0, 0.0, 1.0)

    def export(self) -> Table:
        """All rows as shown, with every number."""
        columns = ("Rank", "Previous rank", "Demonstration", "Candidate", "Mean gain, nats per answer", "95 % low",
                   "95 % high", "Win rate", "Prompt tokens", "Instruction-following difficulty")
        table = self._table
        if table is None:
            return Table(columns, ())
        return Table(columns, tuple(
            (self._ranks[i], table.previous_rank[i], table.demonstration_ids[i], table.titles[i], table.mean[i].mean,
             table.mean[i].low, table.mean[i].high, table.win_rate[i], table.tokens[i], table.difficulty[i])
            for i in self._order))

    # ranking and sorting
    def _rank(self) -> None:
        table = self._table
        keys: dict[Measure, Callable[[int], float]] = {
            Measure.MEAN: lambda i: table.mean[i].mean,
            Measure.WIN_RATE: lambda i: table.win_rate[i],
            Measure.LOWER: lambda i: table.mean[i].low,
        }
        size = len(table.demonstration_ids) if table is not None else 0
        best = sorted(range(size), key=lambda i: -_number(keys[self._measure](i)))
        self._ranks = [0] * size
        for place, index in enumerate(best, start=1):
            self._ranks[index] = place
        self._sort()

    def _sort(self) -> None:
        table = self._table
        if table is None:
            self._order = []
            return
        keys: dict[Column, Callable[[int], Any]] = {
            Column.RANK: lambda i: self._ranks[i],
            Column.CHANGE: lambda i: -(self._change(i) or 0),
            Column.TITLE: lambda i: table.titles[i].casefold(),
            Column.TOKENS: lambda i: table.tokens[i],
            Column.DIFFICULTY: lambda i: math.inf if table.difficulty[i] is None else table.difficulty[i],
            Column.GAIN: lambda i: self._ranks[i],
        }
        down = self._direction is Qt.SortOrder.DescendingOrder
        by_rank = sorted(range(len(self._ranks)), key=self._ranks.__getitem__)
        self._order = sorted(by_rank, key=keys[self._column], reverse=down)

    def _arrange(self, work: Callable[[], None]) -> None:
        """Reorder the rows; what views remember (selection, current row) stays with its candidate."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        places = [self._order[index.row()] for index in before]
        work()
        rows = {index: row for row, index in enumerate(self._order)}
        self.changePersistentIndexList(before, [self.index(rows[place], index.column())
                                                for place, index in zip(places, before, strict=True)])
        self.layoutChanged.emit()

    def _change(self, index: int) -> int | None:
        """Places won since the previous round; None without one, or when not ranked by mean gain."""
        assert self._table is not None
        previous = self._previous.get(index)
        return None if previous is None or self._measure is not Measure.MEAN else previous - self._ranks[index]

    # the model's interface
    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = section in (Column.RANK, Column.TOKENS, Column.DIFFICULTY)
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return HEADER_TIPS[Column(section)]
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        gain = {Measure.MEAN: "Nats per answer, 95 %", Measure.WIN_RATE: "Questions won, 95 %",
                Measure.LOWER: "Lower bound, nats"}[self._measure]
        return {Column.RANK: "#", Column.CHANGE: "", Column.TITLE: "Candidate", Column.TOKENS: "Tokens",
                Column.DIFFICULTY: "IFD", Column.GAIN: gain}[Column(section)]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._table is None or not index.isValid():
            return None
        at, column = self._order[index.row()], Column(index.column())
        if role == VALUE_ROLE:
            return self._value(at, column)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(at, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(at, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self._table.titles[at], self._spoken(at, Column.GAIN).capitalize(),
                       f"Adds {count(self._table.tokens[at])} tokens")
        return None

    def _value(self, at: int, column: Column) -> Any:
        assert self._table is not None
        if column is Column.CHANGE:
            return self._change(at)
        if column is Column.GAIN:
            return self.interval(at)
        if column is Column.TITLE:
            return self._table.demonstration_ids[at] in self._chosen
        return None

    def _text(self, at: int, column: Column) -> str:
        table = self._table
        assert table is not None
        if column is Column.CHANGE:
            change = self._change(at)
            return "–" if not change else f"▲ {change}" if change > 0 else f"▼ {-change}"
        if column is Column.GAIN:
            return self.number(at)
        return {Column.RANK: str(self._ranks[at]), Column.TITLE: self._titles[at],
                Column.TOKENS: count(table.tokens[at]), Column.DIFFICULTY: plain(table.difficulty[at])}[column]

    def number(self, at: int) -> str:
        """The measure's number as text."""
        interval = self.interval(at)
        if self._measure is Measure.WIN_RATE:
            return percent(interval.mean)
        return signed(interval.low if self._measure is Measure.LOWER else interval.mean)

    def _spoken(self, at: int, column: Column) -> str:
        table = self._table
        assert table is not None
        if column is Column.CHANGE:
            change = self._change(at)
            return "no change" if not change else f"{'up' if change > 0 else 'down'} {abs(change)}"
        if column is Column.GAIN and self._measure is Measure.WIN_RATE:
            wins = self._wins[at]
            return f"win rate {percent(wins.mean)}, 95 % interval {percent(wins.low)} to {percent(wins.high)}"
        if column is Column.GAIN:
            return f"gain {signed(table.mean[at].mean)} nats per answer, {interval_words(table.mean[at])}"
        if column is Column.TITLE and table.demonstration_ids[at] in self._chosen:
            return f"{self._titles[at]}, chosen"
        return self._text(at, column)


HEADER_TIPS = {
    Column.RANK: "Rank by the chosen measure",
    Column.CHANGE: "Places won or lost since the previous round",
    Column.TITLE: "The demonstration's instruction",
    Column.TOKENS: "Tokens that the demonstration adds to the prompt",
    Column.DIFFICULTY: "Instruction-following difficulty: how little its instruction helps the model with its answer",
    Column.GAIN: "Change of the reference answers' log-likelihood when it is added to the base prompt",
}


def _previous_places(ranks: Sequence[int | None]) -> dict[int, int]:
    """Places in the previous round among those that are still ranked: what was chosen left a gap, and nobody's merit
    is to have moved up into it."""
    ranked = sorted((rank, index) for index, rank in enumerate(ranks) if rank is not None)
    return {index: place for place, (_, index) in enumerate(ranked, start=1)}


def _number(value: float) -> float:
    return -math.inf if math.isnan(value) else value
