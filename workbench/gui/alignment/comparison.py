"""Methods compared over seeds: a table of all measures, and a chart of one of them against the untrained student."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench import wording
from workbench.domain import Interval
from workbench.errors import WorkbenchError
from workbench.gui.charts.chart import one_line
from workbench.gui.charts.chart_view import ChartTools, ChartView, scrolled
from workbench.gui.charts.dot_plot import DotPlot, DotRow
from workbench.gui.shell import settings
from workbench.gui.widgets.cell_table import CellTable
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.pane import splitter
from workbench.services.alignment_comparison import UNTRAINED, Comparison, MethodResult, comparisons
from workbench.services.training_reading import RunReading
from workbench.services.trainings import METHODS
from workbench.wording import MISSING, percent, plain

MEASURES = (
    ("consistency_best", "Best agrees", "share of examples whose best subset is the teacher’s"),
    ("consistency_worst", "Worst agrees", "share of examples whose worst subset is the teacher’s"),
    ("kendall_tau", "Kendall τ", "Kendall’s τ with the teacher’s ranks"),
    ("kl", "KL", "KL to the teacher, nats a token"),
    ("log_likelihood_0", "Log-lik., 0", "held-out log-likelihood, 0 demonstrations, nats"),
    ("log_likelihood_8", "Log-lik., 8", "held-out log-likelihood, 8 demonstrations, nats"),
    ("exact_match_8", "Exact, 8", "held-out exact match, 8 demonstrations"),
)
SHARES = ("consistency_best", "consistency_worst", "exact_match_8")
LOWER_IS_BETTER = ("kl",)
SHOWN_FIRST = "log_likelihood_8"
ROOMY = 860                          # in a narrower pane the chart stands below the table


class MethodsPane(QWidget):
    """``opened`` carries the job of the run that a person wants to see."""

    opened = Signal(int)

    def __init__(self, failed: Callable[[WorkbenchError], None]) -> None:
        super().__init__()
        self._found: list[Comparison] = []
        self._jobs: tuple[int, ...] = ()
        self.settings = ElidedCombo("Runs with the same settings", 12)
        self.measure = ElidedCombo("Measure of the chart", 12)
        for name, _, words in MEASURES:
            self.measure.addItem(words[0].upper() + words[1:], name)
        self.measure.setCurrentIndex(self.measure.findData(SHOWN_FIRST))
        self.table = CellTable("Methods compared, means over seeds")
        self.chart = DotPlot("Change against vanilla", "change", "Method")
        self.view = ChartView(self.chart, scrolled(self.chart))
        self.tools = ChartTools(lambda: self.view, failed)
        self._build()
        self.settings.currentIndexChanged.connect(lambda _: self._show())
        self.measure.currentIndexChanged.connect(lambda _: self._show_chart())

    def _build(self) -> None:
        left, right = QWidget(), QWidget()
        rows = QVBoxLayout(left)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        self._over = QWidget()
        room = QHBoxLayout(self._over)
        room.setContentsMargins(16, 8, 12, 4)
        room.addWidget(self.settings)
        rows.addWidget(self._over)
        rows.addWidget(self.table, 1)
        column = QVBoxLayout(right)
        column.setContentsMargins(16, 8, 12, 6)
        column.setSpacing(6)
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.measure, 1)
        top.addWidget(self.tools.table)
        top.addWidget(self.tools.export)
        column.addLayout(top)
        column.addWidget(self.view, 1)
        self._left = left
        left.setMinimumWidth(260)
        right.setMinimumWidth(260)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self._panes = splitter(Qt.Orientation.Horizontal, left, right,
                               sizes=[620, 380], remembered=settings.ALIGNMENT_COMPARISON)
        whole.addWidget(self._panes)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = event.size().width() >= ROOMY
        self._panes.setOrientation(Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical)
        self._left.setMinimumHeight(0 if beside else event.size().height() // 2)

    # showing
    def show_runs(self, runs: Sequence[RunReading]) -> None:
        """The finished ones of all runs; the settings that were chosen stay."""
        finished = [one.run for one in runs if one.run.result is not None]
        jobs = tuple(run.job_id for run in finished)
        if jobs == self._jobs:
            return
        chosen = set(self._current_jobs())
        self._jobs, self._found = jobs, comparisons(finished)
        self.settings.blockSignals(True)
        self.settings.clear()
        for one in self._found:
            self.settings.addItem(settings_words(one))
        index = next((i for i, one in enumerate(self._found) if chosen & {run.job_id for run in one.runs}), 0)
        self.settings.setCurrentIndex(index if self._found else -1)
        self.settings.blockSignals(False)
        self._over.setVisible(len(self._found) > 1)
        self._show()

    def _current(self) -> Comparison | None:
        index = self.settings.currentIndex()
        return self._found[index] if 0 <= index < len(self._found) else None

    def _current_jobs(self) -> list[int]:
        current = self._current()
        return [run.job_id for run in current.runs] if current is not None else []

    def show_settings_of(self, job_id: int | None) -> None:
        """Compare the runs that have the settings of this one."""
        for index, one in enumerate(self._found):
            if job_id in {run.job_id for run in one.runs}:
                self.settings.setCurrentIndex(index)

    def _show(self) -> None:
        current = self._current()
        results = current.results if current is not None else ()
        self.table.show_cells(("Method", "Seeds", *(words for _, words, _ in MEASURES)), [cells(r) for r in results])
        self._show_chart()

    def _show_chart(self) -> None:
        measure, current = self.measure.currentData(), self._current()
        self.chart.setAccessibleName(f"Change against vanilla, {self.measure.currentText()}")
        self.chart.set_rows(chart_rows(current, measure) if current is not None else [])
        self.view.chart_changed()


def settings_words(one: Comparison) -> str:
    """ "60 steps, learning rate 0.0001, λ 0.03, tiny-student from tiny-teacher: 12 runs"."""
    spec = one.runs[0].spec
    options = spec.options
    return (f"{wording.counted(options.steps, 'step')}, learning rate {options.learning_rate:g}, "
            f"λ {options.ranking_weight:g}, {one_line(spec.student.name)} from {one_line(spec.teacher.name)}: "
            f"{wording.counted(len(one.runs), 'run')}")


def cells(result: MethodResult) -> tuple[str, ...]:
    """A row of the table: means after training, and half the width of their intervals."""
    return (METHODS[result.method], str(len(result.seeds)),
            *(mean_words(result.value(name), share=name in SHARES) for name, _, _ in MEASURES))


def mean_words(value: Interval | None, *, share: bool) -> str:
    if value is None:
        return MISSING
    write = percent if share else plain
    return write(value.mean) + (f" ± {write(value.high - value.mean)}" if value.high > value.low else "")


def chart_rows(one: Comparison, measure: str) -> list[DotRow]:
    """A row for each trained method, and what BiAlign adds to output alignment; better is the colour of a gain."""
    better = -1 if measure in LOWER_IS_BETTER else 1

    def row(label: str, value: Interval, points: Sequence[float], detail: str, *, strong: bool = False) -> DotRow:
        token = "control" if value.mean == 0 else "gain" if value.mean * better > 0 else "loss"
        return DotRow(label, value, detail, token, strong, tuple(points))

    rows = []
    for result in one.results:
        change = result.change(measure)
        if result.method != UNTRAINED and change is not None:
            detail = f"{wording.counted(len(result.seeds), 'seed')}, against vanilla"
            rows.append(row(METHODS[result.method], change, tuple(result.changes[measure].values()), detail))
    beyond = one.over("bialign", "output", measure)
    if beyond is not None:
        rows.append(row("Over Output-Align", beyond, (), "BiAlign less Output-Align, the same seeds", strong=True))
    return rows
