"""The middle of the Alignment page: how the chosen run goes, and six curves of it and of those beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from workbench import wording
from workbench.domain import JobState
from workbench.errors import WorkbenchError
from workbench.gui.charts.chart_view import ChartView
from workbench.gui.charts.curve import BACKGROUND, Curve, Series
from workbench.gui.widgets.buttons import ghost, icon_button
from workbench.gui.widgets.chips import StateChip
from workbench.gui.widgets.labels import ElidedLabel, hairline, label
from workbench.jobs.events import Progress
from workbench.services.training_reading import SHOWN, RunReading
from workbench.wording import MISSING, compact, percent, plain

MOST_COLOURED = 6                    # runs over one another; of more, the first few are coloured
HIGHLIGHTED = 3
WIDE = 720                           # from here on three curves stand side by side
LOW = 330                            # in a lower pane with two columns the total and the learning rate are left out


def series_colours(number: int) -> list[int]:
    """The colour of each of ``number`` runs that lie over one another."""
    coloured = number if number <= MOST_COLOURED else HIGHLIGHTED
    return [place if place < coloured else BACKGROUND for place in range(number)]


class CurveTile(QWidget):
    """A title line (name, value now, value before) over a curve."""

    def __init__(self, name: str, value: str, write: Callable[[float | None], str] = plain) -> None:
        super().__init__()
        self.name, self.write = name, write
        self.curve = Curve(name, value) if write is plain else Curve(name, value, write)
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

    def show_series(self, series: Sequence[Series], steps: int, now: float | None, was: float | None,
             y: tuple[float, float] | None = None) -> None:
        """``now`` and ``was`` are the values that the title line says."""
        self.curve.show(series, steps, y)
        self._value.setText(self.write(now))
        self._was.setText("" if was is None else f"was {self.write(was)}")
        self.view.chart_changed()


def share(value: float | None) -> str:
    return MISSING if value is None else percent(value)


class CurvesPane(QWidget):
    """``acted`` says what a person wants of the shown run: "pause", "resume", "stop", or "resume from" where there are
    several checkpoints to choose from."""

    acted = Signal(str)

    def __init__(self, failed: Callable[[WorkbenchError], None]) -> None:
        super().__init__()
        self._failed = failed
        self._reading: RunReading | None = None
        self._others: Sequence[RunReading] = ()
        self._held_out_metric = ""                   # "": the log-likelihood with the most demonstrations
        self.kl = CurveTile("KL to the teacher", "nats a token")
        self.ranking = CurveTile("Ranking loss", "")
        self.total = CurveTile("Total loss", "")
        self.consistency = CurveTile("Consistency", "of examples", share)
        self.held_out = CurveTile("Held-out answers", "")
        self.rate = CurveTile("Learning rate", "", compact)
        # in the order in which rows are filled: with two columns as the losses, the measures, the rest
        self.tiles = (self.kl, self.ranking, self.consistency, self.held_out, self.total, self.rate)
        self.tiles_wide = (self.kl, self.ranking, self.total, self.consistency, self.held_out, self.rate)
        self._losses = (self.kl, self.ranking, self.total)
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
        self.look = icon_button("more", "How the curves are drawn")
        self.look.setMenu(self._look_menu())
        self.export = icon_button("export", "Export a curve")
        self.export.setMenu(self._export_menu())
        for widget in (self._chip, self._title):
            row.addWidget(widget)
        row.addWidget(self._rest, 1)
        for tool in (self.pause, self.stop, self.look, self.table, self.export):
            row.addWidget(tool)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(16, 8, 8, 6)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        self._arranged = (0, False)
        self._arrange(2, low=False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(hairline())
        column.addLayout(self._grid, 1)
        self.pause.clicked.connect(lambda: self.acted.emit(self.pause_or_resume()))
        self.stop.clicked.connect(lambda: self.acted.emit("stop"))
        self.table.toggled.connect(self._show_tables)
        for tile in self.tiles:
            tile.curve.hovered.connect(self._mark)
            tile.curve.widget.sigXRangeChanged.connect(self._zoom_all)

    # room
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = event.size().width() >= WIDE
        self._arrange(3 if wide else 2, low=not wide and event.size().height() < LOW)

    def _arrange(self, columns: int, *, low: bool) -> None:
        if (columns, low) == self._arranged:
            return
        self._arranged = columns, low
        tiles = self.tiles_wide if columns == 3 else self.tiles
        shown = [tile for tile in tiles if not low or tile not in (self.total, self.rate)]
        rows = len(shown) // columns
        for tile in tiles:
            tile.setVisible(tile in shown)
        for index, tile in enumerate(shown):
            self._grid.addWidget(tile, index // columns, index % columns)
        for index in range(3):
            self._grid.setColumnStretch(index, 1 if index < columns else 0)
            self._grid.setRowStretch(index, 1 if index < rows else 0)

    # how it looks
    def _zoom_all(self, _: object, steps: tuple[float, float]) -> None:
        """A zoom along the steps is one of all curves. (pyqtgraph's own link lines plots up by their place on the
        screen, which is wrong while they are laid out.)"""
        for tile in self.tiles:
            if tile.curve.widget.getPlotItem().getViewBox().viewRange()[0] != list(steps):
                tile.curve.widget.setXRange(*steps, padding=0)

    def _mark(self, step: float | None) -> None:
        for tile in self.tiles:
            tile.curve.mark(step)

    def _show_tables(self, on: bool) -> None:
        for tile in self.tiles:
            tile.view.show_table(on)

    def _look_menu(self) -> QMenu:
        menu = QMenu(self.look)
        smooth, logarithmic = menu.addAction("Losses smoothed"), menu.addAction("Losses on a logarithmic scale")
        smooth.setCheckable(True)
        logarithmic.setCheckable(True)
        smooth.setChecked(True)
        for tile in self._losses:
            smooth.toggled.connect(tile.curve.set_smooth)
            logarithmic.toggled.connect(tile.curve.set_logarithmic)
        menu.addSeparator()
        menu.addAction("Show all steps", self.kl.curve.show_all)
        for metric, words in (("log_likelihood", "Held-out log-likelihood"), ("exact_match", "Held-out exact match")):
            inner = menu.addMenu(words)
            for shown in reversed(SHOWN):
                action = inner.addAction(wording.counted(shown, "demonstration"))
                action.triggered.connect(partial(self.show_held_out, f"{metric}_{shown}"))
        return menu

    def show_held_out(self, metric: str) -> None:
        """Which measure on held-out examples is drawn."""
        self._held_out_metric = metric
        if self._reading is not None:
            self._show_curves()

    def _export_menu(self) -> QMenu:
        menu = QMenu(self.export)
        for tile in self.tiles:
            inner = menu.addMenu(tile.name)
            for ending, words in (("png", "PNG picture…"), ("svg", "SVG drawing…"), ("csv", "CSV table…")):
                inner.addAction(words, partial(tile.view.save_as, ending, self._failed))
            inner.addAction("Copy table", tile.view.copy_table)
        return menu

    # showing
    def show_runs(self, reading: RunReading, others: Sequence[RunReading], *, read_only: bool) -> None:
        """``others`` are drawn beside the run, each in a colour of its own."""
        self._reading, self._others = reading, others
        state = reading.run.state
        self._chip.set_state(state.value)
        can_resume = state.resumable
        self.pause.setText("Pause" if not can_resume else _resume_words(reading))
        self.pause.set_icon_name("play" if can_resume else "pause")
        self.pause.setVisible(can_resume or state is JobState.RUNNING)
        self.stop.setVisible(not state.ended)
        for button in (self.pause, self.stop):
            button.setEnabled(not read_only)
        job = reading.run.job
        self._say_progress(job.done, job.total, job.unit, job.detail, job.seconds_left)
        self._show_curves()

    def pause_or_resume(self) -> str:
        if self._reading is None or not self._reading.run.state.resumable:
            return "pause"
        return "resume from" if len(self._reading.checkpoints) > 1 else "resume"

    def progress(self, event: Progress) -> None:
        self._say_progress(event.done, event.total, event.unit, event.message, event.seconds_left)

    def _say_progress(self, done: int, total: int, unit: str, detail: str, left: float | None) -> None:
        if self._reading is None:
            return
        name, state = self._reading.name, self._reading.run.state
        running = state.live and total > 0
        self._title.setText(f"{name}, {unit.removesuffix('s')} {done} of {total}" if running else name)
        rest = [detail] if detail else []
        if running and left is not None:
            rest.append(wording.time_left(left))
        if self._others:
            rest.append("beside " + ", ".join(other.name for other in self._others))
        self._rest.setText(" · ".join(rest))

    def _show_curves(self) -> None:
        assert self._reading is not None
        first, shown = self._reading, (self._reading, *self._others)
        steps = max(one.run.spec.options.steps for one in shown)
        loss = "kl" if "kl" in first.curves or "cross_entropy" not in first.curves else "cross_entropy"
        with_teacher = loss == "kl"
        self.kl.set_title("KL to the teacher" if with_teacher else "Cross-entropy",
                          "– – held out" if with_teacher else "")
        series = _each(shown, loss, noisy=True)
        if with_teacher:
            series += _each(shown, "held_out_kl", " held out", dashed=True)
        metric = loss if loss in first.curves else "held_out_kl"
        self.kl.show_series(series, steps, first.last(metric), first.first(metric))
        for tile, name in ((self.ranking, "ranking_loss"), (self.total, "loss"), (self.rate, "learning_rate")):
            tile.show_series(_each(shown, name, noisy=tile is not self.rate, steady=tile is self.rate), steps,
                      first.last(name), None if tile is self.rate else first.first(name))
        self.consistency.set_title("Consistency", "best, – – worst")
        self.consistency.show_series(_each(shown, "consistency_best", " best") +
                              _each(shown, "consistency_worst", " worst", dashed=True), steps,
                              first.last("consistency_best"), first.first("consistency_best"), (0.0, 1.0))
        self._show_held_out(shown, steps)

    def _show_held_out(self, shown: Sequence[RunReading], steps: int) -> None:
        first = shown[0]
        metric = self._held_out_metric or first.likelihood
        exact = metric.startswith("exact_match")
        self.held_out.write = share if exact else plain
        self.held_out.set_title(f"Held-out, {metric.rpartition('_')[2]} shown",
                                "exact match" if exact else "log-likelihood")
        self.held_out.show_series(_each(shown, metric), steps, first.last(metric), first.first(metric),
                           (0.0, 1.0) if exact else None)


def _resume_words(reading: RunReading) -> str:
    if len(reading.checkpoints) > 1:
        return "Resume from…"
    return f"Resume from step {reading.checkpoints[0].step}" if reading.checkpoints else "Resume"


def _each(shown: Sequence[RunReading], metric: str, words: str = "", *, dashed: bool = False,
          noisy: bool = False, steady: bool = False) -> list[Series]:
    colours = series_colours(len(shown))
    return [Series(one.name + words, one.curves.get(metric, ()), colour, dashed, noisy, steady)
            for one, colour in zip(shown, colours, strict=True)]
