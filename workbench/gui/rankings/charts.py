"""The lower left of the Rankings page: rounds, held-out questions, categories, cost. One chart is in front."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Interval
from workbench.errors import WorkbenchError
from workbench.gui.charts.bump import BumpChart
from workbench.gui.charts.chart_view import ChartTools, ChartView, scrolled
from workbench.gui.charts.cost_plot import CostPlot
from workbench.gui.charts.dot_plot import DotPlot, DotRow
from workbench.gui.rankings.comparison import difference_rows, difference_words
from workbench.gui.widgets.buttons import link
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.gui.widgets.segmented import Segmented
from workbench.search.strategies import title_of
from workbench.services.ranking_reading import RunReading, by_category, gains_over, held_out_words, random_gain
from workbench.services.results import HeldOut
from workbench.wording import plain

TABS = ("Rounds", "Held-out", "Categories", "Cost")
ROUNDS, HELD_OUT, CATEGORIES, COST = range(4)


class ChartsPane(QWidget):
    """``picked`` carries the demonstration that was chosen in a chart, ``asked`` a question (its index)."""

    picked = Signal(int)
    asked = Signal(object)

    def __init__(self, failed: Callable[[WorkbenchError], None]) -> None:
        super().__init__()
        self._reading: RunReading | None = None
        self._candidates: tuple[int, ...] = ()
        self._fillers = (self._fill_rounds, self._fill_held_out, self._fill_categories, self._fill_cost)
        self.bump, self.cost = BumpChart(), CostPlot()
        self.held_out = DotPlot("Held-out questions", "nats per answer over the base prompt", "Set")
        self.categories = DotPlot("Gain by category", "nats per question", "Category")
        self._views = [ChartView(self.bump, self.bump), ChartView(self.held_out, scrolled(self.held_out)),
                       ChartView(self.categories, scrolled(self.categories)),
                       ChartView(self.cost.widget, self.cost.widget)]
        self._pages = QStackedWidget()
        self._both: list[QStackedWidget] = []    # of each chart: nothing to show, or the chart
        self._empty = [EmptyState("rank", *words) for words in NOTHING]
        for view, empty in zip(self._views, self._empty, strict=True):
            empty.setMinimumHeight(60)           # it may be cut before it pushes the table away
            both = QStackedWidget()
            both.addWidget(empty)
            both.addWidget(view)
            self._pages.addWidget(both)
            self._both.append(both)
        self.tabs = Segmented(TABS, CATEGORIES, name="Chart")
        self.tools = ChartTools(lambda: self._views[self.tabs.current()], failed)
        self.other = link("Tokens")              # shown where there is room for one pane only
        self.other.hide()
        self._summary = label("", "small", wrap=True)
        self._summary.setContentsMargins(4, 0, 0, 0)     # as the charts' names
        self._hint = ElidedLabel("", "faint")
        self._build()
        self._tab_changed(self.tabs.current())
        self.bump.picked.connect(self.picked)
        self.cost.picked.connect(self._cost_picked)
        self.categories.picked.connect(self.asked)
        self.tabs.changed.connect(self._tab_changed)

    def _build(self) -> None:
        header = QWidget()
        header.setFixedHeight(40)
        row = QHBoxLayout(header)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(self.tabs)
        row.addWidget(self._hint, 1)
        row.addWidget(self.other)
        row.addWidget(self.tools.table)
        row.addWidget(self.tools.export)
        body = QVBoxLayout()
        body.setContentsMargins(16, 0, 12, 10)
        body.setSpacing(6)
        body.addWidget(self._summary)
        body.addWidget(self._pages, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(header)
        column.addLayout(body, 1)
        self.setMinimumSize(280, 160)

    # what is shown
    def show_reading(self, reading: RunReading | None) -> None:
        """Another run, or newer numbers of the same one. A search opens on its rounds, a score run on categories."""
        before, self._reading = self._reading, reading
        if reading is not None and (before is None or before.run.job_id != reading.run.job_id):
            self.tabs.set_current(ROUNDS if reading.is_search else CATEGORIES)
        self._fill()

    def show_candidates(self, ids: Sequence[int]) -> None:
        """The candidate that is selected in the table, or the two that are compared."""
        if tuple(ids) == self._candidates:
            return
        self._candidates = tuple(ids)
        self.bump.select(ids[0] if ids else None)
        if self.tabs.current() == CATEGORIES:
            self._fill()
        elif self.tabs.current() == COST:
            self.cost.select(next(iter(self._rows()), None))

    def show_comparison(self) -> None:
        """Bring the chart to the front that says where the compared candidates differ."""
        self.tabs.set_current(CATEGORIES)

    def _fill(self) -> None:
        """Fill the chart that is in front; the others wait until they are looked at."""
        tab, reading = self.tabs.current(), self._reading
        filled = reading is not None and self._fillers[tab](reading)
        self._both[tab].setCurrentIndex(1 if filled else 0)
        self._views[tab].chart_changed()
        self._say_hint()

    def _fill_rounds(self, reading: RunReading) -> bool:
        self.bump.set_rounds(reading.rounds, reading.titles, reading.planned_rounds)
        return bool(reading.rounds)

    def _fill_held_out(self, reading: RunReading) -> bool:
        rows = held_out_rows(reading.held_out) if reading.held_out is not None else []
        self.held_out.set_rows(rows)
        return bool(rows)

    def _fill_categories(self, reading: RunReading) -> bool:
        shown, table = self._rows(), reading.table
        if len(shown) == 2:
            rows = difference_rows(table, *shown)
        else:
            rows = [DotRow(name, interval, f"{questions} questions") for row in shown
                    for name, interval, questions in by_category(table.questions, table.gain[row].tolist())]
        self.categories.setAccessibleName("Difference by category and question" if len(shown) == 2
                                          else "Gain by category")
        self.categories.set_rows(rows)
        return bool(rows)

    def _fill_cost(self, reading: RunReading) -> bool:
        table = reading.table
        self.cost.set_points(table.titles, table.tokens, [interval.mean for interval in table.mean])
        self.cost.select(next(iter(self._rows()), None))
        return bool(table.titles)

    def _rows(self) -> list[int]:
        """The rows in the reading's table of what is selected: two are compared."""
        known = self._reading.candidates.row_of if self._reading is not None else {}
        return [known[id] for id in self._candidates if id in known]

    def _tab_changed(self, tab: int) -> None:
        self._pages.setCurrentIndex(tab)
        self.tools.view_changed()
        self._fill()

    def _say_hint(self) -> None:
        reading, tab = self._reading, self.tabs.current()
        compared = self._rows() if tab == CATEGORIES else []
        hint = {ROUNDS: _rounds_hint(reading), HELD_OUT: "nats per answer over the base prompt",
                CATEGORIES: "upper − lower, nats" if len(compared) == 2 else "nats, 95 %",
                COST: "nats per answer, by tokens added"}[tab]
        self._hint.setText(hint)
        summary = held_out_words(reading.held_out) if tab == HELD_OUT and reading and reading.held_out else ""
        if reading is not None and len(compared) == 2:
            summary = difference_words(reading.table, compared[0], compared[1])
        self._summary.setText(summary)
        self._summary.setVisible(bool(summary))

    def _cost_picked(self, index: int) -> None:
        if self._reading is not None:
            self.picked.emit(self._reading.table.demonstration_ids[index])

    def current_view(self) -> ChartView:
        return self._views[self.tabs.current()]


NOTHING = (
    ("No round has ended yet", "A search shows here how the candidates move from round to round."),
    ("Nothing on held-out questions yet", "A search with held-out questions reports here when it has ended."),
    ("No candidate is selected", "Its mean gain by category of question shows here."),
    ("Nothing scored yet", "Each candidate's gain against the tokens that it costs shows here."),
)


def _rounds_hint(reading: RunReading | None) -> str:
    if reading is None or not reading.rounds:
        return "rank over the rounds"
    done = len(reading.rounds)
    return f"round {done} of {reading.planned_rounds} has ended" if reading.running else f"rank over {done} rounds"


def held_out_rows(held_out: HeldOut) -> list[DotRow]:
    """Base, random sets (each a small dot, and their mean), the other baselines, and the chosen set last and strong."""
    if held_out.base is None:
        return []
    rows = [DotRow("Base prompt", Interval(0.0, 0.0, 0.0), f"{plain(held_out.base.mean)} nats per answer", "idle")]
    random = [one for one in held_out.baselines if one.strategy == "random"]
    if random:
        means = tuple(interval.mean for interval in gains_over(held_out.base, random))
        rows.append(DotRow(f"Random sets ({len(random)})", random_gain(held_out.base, random),
                           f"{len(random)} sets of the same size, each a small dot", "idle", points=means))
    others = [one for one in held_out.baselines if one.strategy not in ("random", "base")]
    if held_out.chosen is not None:
        others.append(held_out.chosen)
    for one, interval in zip(others, gains_over(held_out.base, others), strict=True):
        rows.append(DotRow(title_of(one.strategy), interval,
                           f"{len(one.demonstration_ids)} demonstrations", strong=one is held_out.chosen))
    return rows
