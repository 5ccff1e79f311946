"""The runs of the Alignment page: one row each, all finished ones compared, and benchmarks of the models."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from workbench.errors import WorkbenchError
from workbench.gui.alignment.benchmarks import BenchmarksPane
from workbench.gui.alignment.comparison import MethodsPane
from workbench.gui.charts.chart import one_line
from workbench.gui.charts.curve import BACKGROUND
from workbench.gui.widgets import theme
from workbench.gui.widgets.chips import STATES, paint_state
from workbench.gui.widgets.data_table import ColumnSpec, DataTable, RowDelegate
from workbench.gui.widgets.glyphs import paint_text
from workbench.gui.widgets.labels import hairline
from workbench.gui.widgets.pane import PaneHeader
from workbench.gui.widgets.row_table import RowTable
from workbench.gui.widgets.segmented import Segmented
from workbench.services.training_reading import Points, RunReading
from workbench.services.trainings import settings_words
from workbench.wording import MISSING, counted, duration, percent, plain

Index = QModelIndex | QPersistentModelIndex
RUN, STATE, SETTINGS, KL, CONSISTENCY, HELD_OUT, CURVE, TIME = range(8)
COLUMNS = (
    ColumnSpec("Run", "Run 888", role="strong", extra=14), ColumnSpec("State", "Interrupted", extra=36),
    ColumnSpec("Settings"),
    ColumnSpec("KL", "88.88", right=True, drop=4), ColumnSpec("Consistency", "100 %", right=True, drop=3),
    ColumnSpec("Held-out", "−88.88", right=True, extra=16),
    ColumnSpec("Held-out curve", "Held-out curve", extra=16, drop=2),
    ColumnSpec("Time", "few seconds", right=True, extra=12, drop=1),
)
ROW = 34
RUNS, COMPARE, BENCHMARKS = range(3)


class RunsTable(DataTable):
    """Several rows can be selected: their curves are drawn over one another."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, ROW)
        self.setSelectionMode(DataTable.SelectionMode.ExtendedSelection)
        self.setAccessibleName("Runs")

    def row_height(self) -> int:
        return max(ROW, round(QFontMetricsF(theme.font("body")).height()) + 14)


class RunsModel(RowTable[RunReading]):
    columns = COLUMNS

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.colours: dict[int, int] = {}        # of the runs whose curves lie over one another, by job

    def set_colours(self, colours: dict[int, int]) -> None:
        self.colours = colours
        self.repaint_column(RUN)

    def key(self, row: RunReading) -> int:
        return row.run.job_id

    def text(self, row: RunReading, column: int) -> str:
        return cells(row)[column]

    def hint(self, row: RunReading, column: int) -> str | None:
        if column != SETTINGS:
            return None
        spec = row.run.spec
        return "\n".join((cells(row)[SETTINGS], f"Student {one_line(spec.student.name)}",
                          f"Teacher {one_line(spec.teacher.name)}"))


def cells(reading: RunReading) -> tuple[str, ...]:
    """A row's words: the newest numbers, measured on held-out examples."""
    run = reading.run
    agreement, job = reading.last("consistency_best"), run.job
    took = (job.ended - job.started).total_seconds() if job.ended and job.started else None
    said = settings_words(run)
    if run.state.value in ("failed", "interrupted") and job.detail:
        said = f"{said}: {job.detail}"
    return (reading.name, STATES[run.state.value][0], said, plain(reading.last("held_out_kl")),
            MISSING if agreement is None else percent(agreement), plain(reading.last(reading.likelihood)),
            "" if agreement is None else f"from {plain(reading.first(reading.likelihood))}",
            MISSING if took is None else duration(took))


class RunDelegate(RowDelegate):
    def paint_cell(self, painter: QPainter, room: QRectF, index: Index, *, hovered: bool, selected: bool) -> None:
        reading: RunReading = index.data(Qt.ItemDataRole.UserRole)
        column = index.column()
        if column == STATE:
            paint_state(painter, room, reading.run.state.value)
            return
        if column == CURVE:
            paint_spark(painter, room, reading.curves.get(reading.likelihood, ()))
            return
        if column == RUN:
            runs = index.model()
            assert isinstance(runs, RunsModel)
            colour = runs.colours.get(reading.run.job_id)
            if colour is not None:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("border") if colour == BACKGROUND else theme.series(colour))
                painter.drawEllipse(QRectF(room.x(), room.center().y() - 4, 8, 8))
            room = room.adjusted(14, 0, 0, 0)
        align = Qt.AlignmentFlag.AlignRight if COLUMNS[column].right else Qt.AlignmentFlag.AlignLeft
        paint_text(painter, room, str(index.data()), "text2" if column in (SETTINGS, TIME) else "text",
                   "strong" if column in (RUN, HELD_OUT) else "small", align)


def paint_spark(painter: QPainter, room: QRectF, points: Points) -> None:
    """A small curve without axes, from its least to its greatest value; nothing for a single point."""
    if len(points) < 2:
        return
    steps, values = [step for step, _ in points], [value for _, value in points]
    low, high, last = min(values), max(values), max(steps)
    room = room.adjusted(0, 10, 0, -11)
    painter.setPen(QPen(theme.color("accent_text"), 1.75, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                        Qt.PenJoinStyle.RoundJoin))
    painter.drawPolyline([QPointF(room.x() + step / last * room.width(),
                                  room.bottom() - (value - low) / ((high - low) or 1) * room.height())
                          for step, value in points])


class RunsPane(QWidget):
    """``selected`` says that other runs are to be shown: the current one first."""

    selected = Signal()

    def __init__(self, failed: Callable[[WorkbenchError], None]) -> None:
        super().__init__()
        self.table = RunsTable()
        self.model = RunsModel(self)
        self.table.setModel(self.model)
        self.table.setItemDelegate(RunDelegate(self.table))
        self.comparison = MethodsPane(failed)
        self.benchmarks = BenchmarksPane()
        self.part = Segmented(("Runs", "Compare", "Benchmarks"), name="Below the curves")
        self._header = PaneHeader("Runs", height=44)
        self._header.add_tool(self.benchmarks.start)
        self._header.add_tool(self.part)
        self.benchmarks.start.hide()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.comparison)
        self._stack.addWidget(self.benchmarks)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addWidget(hairline())
        column.addWidget(self._stack, 1)
        self.part.changed.connect(self._part_chosen)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self.selected.emit())

    def show_runs(self, runs: list[RunReading], wanted: int | None) -> None:
        """``wanted`` is a job that is to become the current row; without it the current one stays."""
        job_id = wanted if wanted is not None else self.current_id()
        self.model.show_rows(runs)
        row = max(self.model.row_of(job_id), 0)
        if runs and (self.table.current_row() != row or not self.table.selectionModel().hasSelection()):
            self.table.choose(row)
        part = self.part.current()
        finished = sum(one.run.result is not None for one in runs)
        self._header.set_title(self.part.text())
        self._header.set_hint((f"{counted(len(runs), 'run')}, Ctrl+click or Shift+↓ lays curves over one another",
                               f"{finished} finished, means and 95 % intervals over seeds",
                               "scores ± standard errors")[part])
        if part == COMPARE:
            self.comparison.show_runs(runs)
            if wanted is not None:
                self.comparison.show_settings_of(wanted)

    def current_id(self) -> int | None:
        row = self.table.current_row()
        return self.model.rows[row].run.job_id if 0 <= row < len(self.model.rows) else None

    def chosen(self) -> list[RunReading]:
        """The current run first, then the others that are selected."""
        row = self.table.current_row()
        if not 0 <= row < len(self.model.rows):
            return []
        rows = sorted({index.row() for index in self.table.selectionModel().selectedRows()} - {row})
        return [self.model.rows[row], *(self.model.rows[other] for other in rows)]

    def _part_chosen(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        self.benchmarks.start.setVisible(index == BENCHMARKS)
        self.show_runs(self.model.rows, None)
        if index == COMPARE:
            self.comparison.show_settings_of(self.current_id())

    def view(self) -> QWidget:
        return (self.table, self.comparison.table, self.benchmarks.table)[self.part.current()]
