"""The candidates of one run and round as rows: ranked by a measure, sortable by every column."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from workbench.domain import Interval
from workbench.gui.charts.chart import Table, tip
from workbench.services.ranked_candidates import Candidates, Measure, Places, places_of
from workbench.services.results import GainTable
from workbench.wording import grouped, interval_words, percent, plain, signed

Index = QModelIndex | QPersistentModelIndex

MARK = "\N{WARNING SIGN}\N{VARIATION SELECTOR-15} "         # before a candidate that asks what it is judged on
VALUE_ROLE = Qt.ItemDataRole.UserRole        # what the delegate paints, by column


class Column(IntEnum):
    RANK = 0
    CHANGE = 1
    TITLE = 2
    TOKENS = 3
    DIFFICULTY = 4
    GAIN = 5


class RankingModel(QAbstractTableModel):
    """Rows are candidates. ``order[row]`` is the row's index in the GainTable."""

    def __init__(self) -> None:
        super().__init__()
        self._candidates: Candidates | None = None
        self._measure = Measure.MEAN
        self._column, self._direction = Column.RANK, Qt.SortOrder.AscendingOrder
        self._order = self._rows = self._ranks = np.arange(0)        # rows shown, where each is shown, ranks from 1
        self._chosen: frozenset[int] = frozenset()

    # data
    def show(self, candidates: Candidates | None, chosen: frozenset[int] = frozenset()) -> None:
        """Show a run's round; ``chosen`` are ids that the search has taken."""
        self.beginResetModel()
        self._candidates, self._chosen = candidates, chosen
        self._rank()
        self.endResetModel()

    @property
    def table(self) -> GainTable | None:
        return self._candidates.table if self._candidates is not None else None

    @property
    def measure(self) -> Measure:
        return self._measure

    @property
    def order(self) -> Places:
        return self._order

    def set_measure(self, measure: Measure) -> None:
        """Rank by another measure, best first."""
        self._measure = measure
        self._column, self._direction = Column.RANK, Qt.SortOrder.AscendingOrder
        self._arrange(self._rank)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._direction = Column(column), order
        self._arrange(self._sort)

    def id_at(self, row: int) -> int:
        assert self._candidates is not None
        return self._candidates.table.demonstration_ids[int(self._order[row])]

    def row_of(self, demonstration_id: int) -> int:
        """The row of a candidate, or -1."""
        at = self._candidates.row_of.get(demonstration_id) if self._candidates is not None else None
        return int(self._rows[at]) if at is not None else -1

    def rank_of(self, demonstration_id: int) -> int:
        """Its rank by the measure, from 1, however the rows are sorted."""
        assert self._candidates is not None
        return int(self._ranks[self._candidates.row_of[demonstration_id]])

    def top(self, n: int) -> list[int]:
        """The ids of the ``n`` best by the measure, best first, however the rows are sorted."""
        if self._candidates is None:
            return []
        ids = self._candidates.table.demonstration_ids
        return [ids[index] for index in self._candidates.best[self._measure][:n]]

    def interval(self, index: int) -> Interval:
        """What is shown for the GainTable's row ``index`` under the measure."""
        assert self._candidates is not None
        return (self._candidates.win_rate(index) if self._measure is Measure.WIN_RATE
                else self._candidates.table.mean[index])

    def scale(self) -> tuple[float, float, float]:
        """(low, zero, high) of the interval plots: 0, ½, 1 for shares; all intervals and zero for gains."""
        if self._measure is Measure.WIN_RATE:
            return 0.0, 0.5, 1.0
        return self._candidates.scale if self._candidates is not None else (-1.0, 0.0, 1.0)

    def export(self) -> Table:
        """All rows as shown, with every number."""
        columns = ("Rank", "Previous rank", "Demonstration", "Candidate", "Mean gain, nats per answer", "95 % low",
                   "95 % high", "Win rate", "Prompt tokens", "Instruction-following difficulty")
        table = self.table
        if table is None:
            return Table(columns, ())
        return Table(columns, tuple(
            (int(self._ranks[i]), table.previous_rank[i], table.demonstration_ids[i], table.titles[i],
             table.mean[i].mean, table.mean[i].low, table.mean[i].high, table.win_rate[i], table.tokens[i],
             table.difficulty[i])
            for i in self._order))

    # ranking and sorting
    def _rank(self) -> None:
        if self._candidates is not None:
            self._ranks = places_of(self._candidates.best[self._measure]) + 1
        self._sort()

    def _sort(self) -> None:
        found = self._candidates
        if found is None:
            self._order = self._rows = self._ranks = np.arange(0)
            return
        key = {Column.RANK: self._ranks, Column.GAIN: self._ranks, Column.CHANGE: -self._changes(),
               Column.TITLE: found.by_title, Column.TOKENS: found.tokens, Column.DIFFICULTY: found.difficulty}
        down = self._direction is Qt.SortOrder.DescendingOrder
        self._order = np.lexsort((self._ranks, -key[self._column] if down else key[self._column]))
        self._rows = places_of(self._order)

    def _changes(self) -> Places:
        """Places won since the previous round; 0 without one, and when not ranked by mean gain."""
        assert self._candidates is not None
        previous = self._candidates.previous
        return np.where((previous > 0) & (self._measure is Measure.MEAN), previous - self._ranks, 0)

    def _arrange(self, work: Callable[[], None]) -> None:
        """Reorder the rows; what views remember (selection, current row) stays with its candidate."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        places = [self._order[index.row()] for index in before]
        work()
        self.changePersistentIndexList(before, [self.index(int(self._rows[place]), index.column())
                                                for place, index in zip(places, before, strict=True)])
        self.layoutChanged.emit()

    def _change(self, index: int) -> int:
        """Places won since the previous round; 0 without one, and when not ranked by mean gain."""
        assert self._candidates is not None
        previous = int(self._candidates.previous[index])
        return previous - int(self._ranks[index]) if previous and self._measure is Measure.MEAN else 0

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
        # the space after "#" keeps the sort arrow off it
        return {Column.RANK: "#\N{EN SPACE}", Column.CHANGE: "", Column.TITLE: "Candidate", Column.TOKENS: "Tokens",
                Column.DIFFICULTY: "IFD", Column.GAIN: gain}[Column(section)]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._candidates is None or not index.isValid():
            return None
        at, column = int(self._order[index.row()]), Column(index.column())
        if role == VALUE_ROLE:
            return self._value(at, column)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(at, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(at, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            overlap = self._overlap(at)
            return tip(self._candidates.table.titles[at], self._spoken(at, Column.GAIN).capitalize(),
                       f"Adds {grouped(self._candidates.table.tokens[at])} tokens",
                       overlap and f"{overlap.capitalize()}: its gain proves nothing")
        return None

    def _value(self, at: int, column: Column) -> Any:
        assert self._candidates is not None
        if column is Column.CHANGE:
            return self._change(at)
        if column is Column.GAIN:
            return self.interval(at)
        if column is Column.TITLE:
            return self._candidates.table.demonstration_ids[at] in self._chosen
        return None

    def _text(self, at: int, column: Column) -> str:
        assert self._candidates is not None
        table = self._candidates.table
        if column is Column.CHANGE:
            change = self._change(at)
            return "–" if not change else f"▲ {change}" if change > 0 else f"▼ {-change}"
        if column is Column.GAIN:
            return self.number(at)
        title = f"{MARK if self._overlap(at) else ''}{self._candidates.titles[at]}"
        return {Column.RANK: str(self._ranks[at]), Column.TITLE: title,
                Column.TOKENS: grouped(table.tokens[at]), Column.DIFFICULTY: plain(table.difficulty[at])}[column]

    def _overlap(self, at: int) -> str:
        """Which question the candidate asks, in words; "" for none."""
        assert self._candidates is not None
        return self._candidates.table.overlaps[at] if self._candidates.table.overlaps else ""

    def number(self, at: int) -> str:
        """The measure's number as text."""
        interval = self.interval(at)
        if self._measure is Measure.WIN_RATE:
            return percent(interval.mean)
        return signed(interval.low if self._measure is Measure.LOWER else interval.mean)

    def _spoken(self, at: int, column: Column) -> str:
        assert self._candidates is not None
        table = self._candidates.table
        if column is Column.CHANGE:
            change = self._change(at)
            return "no change" if not change else f"{'up' if change > 0 else 'down'} {abs(change)}"
        if column is Column.GAIN and self._measure is Measure.WIN_RATE:
            wins = self.interval(at)
            return f"win rate {percent(wins.mean)}, 95 % interval {percent(wins.low)} to {percent(wins.high)}"
        if column is Column.GAIN:
            return f"gain {signed(table.mean[at].mean)} nats per answer, {interval_words(table.mean[at])}"
        if column is Column.TITLE:
            chosen = "chosen" if table.demonstration_ids[at] in self._chosen else ""
            return ", ".join(filter(None, (self._candidates.titles[at], self._overlap(at), chosen)))
        return self._text(at, column)


HEADER_TIPS = {
    Column.RANK: "Rank by the chosen measure",
    Column.CHANGE: "Places won or lost since the previous round",
    Column.TITLE: "The demonstration's instruction",
    Column.TOKENS: "Tokens that the demonstration adds to the prompt",
    Column.DIFFICULTY: "Instruction-following difficulty: how little its instruction helps the model with its answer",
    Column.GAIN: "Change of the reference answers' log-likelihood when it is added to the base prompt",
}

