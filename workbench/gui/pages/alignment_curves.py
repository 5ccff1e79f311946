"""The middle of the Alignment page: how the chosen run goes, and four curves of it and of those beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from workbench.errors import WorkbenchError
from workbench.gui import wording
from workbench.gui.charts.chart_view import ChartView
from workbench.gui.charts.curve import Curve, Series
from workbench.gui.charts.numbers import MISSING, percent, plain
from workbench.gui.pages.alignment_reading import RunReading
from workbench.gui.views.buttons import ghost, icon_button
from workbench.gui.views.chips import StateChip
from workbench.gui.views.labels import ElidedLabel, hairline, label
from workbench.jobs.events import Progress
from workbench.jobs.specs import JobState

RESUMABLE = (JobState.PAUSED, JobState.FAILED, JobState.STOPPED, JobState.INTERRUPTED)
STOPPABLE = (JobState.RUNNING, JobState.PAUSED, JobState.WAITING)
MOST_RUNS = 5                        # over one another; more are not told apart


class CurveTile(QWidget):
    """A title line (name, value now, value before) over a curve."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__()
        self.name = name
        self.curve = Curve(name, value)
        self.view = ChartView(self.curve.widget, self.curve.widget)
        self._value, self._was = label("", "strong"), label("", "faint")
        self._title, self._hint = label(name, "strong"), ElidedLabel("", "faint")
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._title)
        line.addWidget(self._hint, 1)
        line.addWidget(self._value)
        line.addWidget(self._was)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self.view, 1)

    def set_title(self, title: str, hint: str) -> None:
        self._title.setText(title)
        self._hint.setText(hint)

    def show(self, series: Sequence[Series], steps: int, now: str, was: str,
             y: tuple[float, float] | None = None) -> None:
        self.curve.show(series, steps, y)
        self._value.setText(now)
        self._was.setText(was)
        self.view.chart_changed()


class CurvesPane(QWidget):
    """``acted`` says what a person wants of the shown run: "pause", "resume" or "stop"."""

    acted = Signal(str)

    def __init__(self, failed: Callable[[WorkbenchError], None]) -> None:
        super().__init__()
        self._failed = failed
        self._reading: RunReading | None = None
        self._others: Sequence[RunReading] = ()
        self.kl = CurveTile("KL to the teacher", "nats a token")
        self.ranking = CurveTile("Ranking loss", "")
        self.consistency = CurveTile("Consistency", "of examples")
        self.held_out = CurveTile("Held-out answers", "nats an answer")
        self.tiles = (self.kl, self.ranking, self.consistency, self.held_out)
        self._build()

    def _build(self) -> None:
        head = QWidget()
        head.setFixedHeight(44)
        row = QHBoxLayout(head)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(8)
        self._chip = StateChip("waiting")
        self._title, self._rest = label("", "strong"), ElidedLabel("", "faint")
        self.pause, self.stop = ghost("Pause", "pause"), ghost("Stop", "stop")
        self.table = icon_button("columns", "Show the curves as tables")
        self.table.setCheckable(True)
        self.look = icon_button("more", "How the losses are drawn")
        self.look.setMenu(self._look_menu())
        self.export = icon_button("export", "Export a curve")
        self.export.setMenu(self._export_menu())
        for widget in (self._chip, self._title):
            row.addWidget(widget)
        row.addWidget(self._rest, 1)
        for tool in (self.pause, self.stop, self.look, self.table, self.export):
            row.addWidget(tool)
        grid = QGridLayout()
        grid.setContentsMargins(16, 10, 8, 8)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        for index, tile in enumerate(self.tiles):
            grid.addWidget(tile, index // 2, index % 2)
        for index in range(2):
            grid.setColumnStretch(index, 1)
            grid.setRowStretch(index, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(hairline())
        column.addLayout(grid, 1)
        self.pause.clicked.connect(lambda: self.acted.emit(self.pause_or_resume()))
        self.stop.clicked.connect(lambda: self.acted.emit("stop"))
        self.table.toggled.connect(self._show_tables)

    def _show_tables(self, on: bool) -> None:
        for tile in self.tiles:
            tile.view.show_table(on)

    def _look_menu(self) -> QMenu:
        menu = QMenu(self.look)
        smooth, logarithmic = menu.addAction("Smoothed"), menu.addAction("Logarithmic scale")
        smooth.setCheckable(True)
        logarithmic.setCheckable(True)
        smooth.setChecked(True)
        for curve in (self.kl.curve, self.ranking.curve):
            smooth.toggled.connect(curve.set_smooth)
            logarithmic.toggled.connect(curve.set_logarithmic)
        return menu

    def _export_menu(self) -> QMenu:
        menu = QMenu(self.export)
        for tile in self.tiles:
            inner = menu.addMenu(tile.name)
            for ending, words in (("png", "PNG picture…"), ("svg", "SVG drawing…"), ("csv", "CSV table…")):
                inner.addAction(words, lambda tile=tile, ending=ending: tile.view.save_as(ending, self._failed))
            inner.addAction("Copy table", tile.view.copy_table)
        return menu

    # showing
    def show_runs(self, reading: RunReading, others: Sequence[RunReading], *, read_only: bool) -> None:
        """``others`` are drawn beside the run, each in a colour of its own."""
        self._reading, self._others = reading, others[:MOST_RUNS - 1]
        state = reading.run.state
        self._chip.set_state(state.value)
        can_resume = state in RESUMABLE
        self.pause.setText("Resume" if can_resume else "Pause")
        self.pause.set_icon_name("play" if can_resume else "pause")
        self.pause.setVisible(can_resume or state is JobState.RUNNING)
        self.stop.setVisible(state in STOPPABLE)
        for button in (self.pause, self.stop):
            button.setEnabled(not read_only)
        job = reading.run.job
        self._say_progress(job.done, job.total, job.unit, job.detail, job.seconds_left)
        self._show_curves()

    def pause_or_resume(self) -> str:
        return "resume" if self._reading is not None and self._reading.run.state in RESUMABLE else "pause"

    def progress(self, event: Progress) -> None:
        self._say_progress(event.done, event.total, event.unit, event.message, event.seconds_left)

    def _say_progress(self, done: int, total: int, unit: str, detail: str, left: float | None) -> None:
        if self._reading is None:
            return
        name, state = self._reading.name, self._reading.run.state
        running = state in (JobState.RUNNING, JobState.PAUSED) and total > 0
        self._title.setText(f"{name}, {unit.removesuffix('s')} {done} of {total}" if running else name)
        rest = [detail] if detail else []
        if running and left is not None:
            rest.append(wording.time_left(left))
        overlaid = ", ".join(other.name for other in self._others)
        if overlaid:
            rest.append(f"beside {overlaid}")
        self._rest.setText(" · ".join(rest))

    def _show_curves(self) -> None:
        assert self._reading is not None
        shown = (self._reading, *self._others)
        first = self._reading
        steps = max(one.run.spec.options.steps for one in shown)
        loss = "kl" if "kl" in first.curves or "cross_entropy" not in first.curves else "cross_entropy"
        self.kl.set_title("KL to the teacher" if loss == "kl" else "Cross-entropy",
                          "– – held out" if loss == "kl" else "")
        self.kl.show(_each(shown, loss, noisy=True) + (_each(shown, "held_out_kl", " held out", dashed=True)
                                                       if loss == "kl" else []),
                     steps, *_now(first, loss if loss in first.curves else "held_out_kl"))
        self.ranking.show(_each(shown, "ranking_loss", noisy=True), steps, *_now(first, "ranking_loss"))
        now, was = first.last("consistency_best"), first.first("consistency_best")
        self.consistency.show(_each(shown, "consistency_best", " best") +
                              _each(shown, "consistency_worst", " worst", dashed=True), steps,
                              MISSING if now is None else percent(now),
                              "" if was is None else f"was {percent(was)}", (0.0, 1.0))
        self.consistency.set_title("Consistency", "best, – – worst")
        metric = first.likelihood
        self.held_out.set_title(f"Held-out, {metric.rpartition('_')[2]} shown", "log-likelihood")
        self.held_out.show(_each(shown, metric), steps, *_now(first, metric))


def _each(shown: Sequence[RunReading], metric: str, words: str = "", *, dashed: bool = False,
          noisy: bool = False) -> list[Series]:
    return [Series(one.name + words, one.curves.get(metric, ()), index, dashed, noisy)
            for index, one in enumerate(shown)]


def _now(reading: RunReading, metric: str) -> tuple[str, str]:
    was = reading.first(metric)
    return plain(reading.last(metric)), "" if was is None else f"was {plain(was)}"
