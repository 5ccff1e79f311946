"""The jobs' table: its rows, how they are painted, and the buttons at the end of each row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyleOptionViewItem, QToolTip

from workbench.domain import JobState
from workbench.gui.widgets import theme
from workbench.gui.widgets.chips import STATES, paint_state
from workbench.gui.widgets.data_table import GUTTER, ColumnSpec, DataTable, RowDelegate
from workbench.gui.widgets.glyphs import paint_progress, paint_text, paint_two_lines
from workbench.gui.widgets.painted_text import metrics
from workbench.gui.widgets.row_table import RowTable
from workbench.jobs.events import Progress
from workbench.jobs.kinds import KINDS
from workbench.services.job_queue import JobInfo
from workbench.wording import clock, duration

Index = QModelIndex | QPersistentModelIndex
STATE, JOB, PROGRESS, RATE, LEFT, STARTED, ACTIONS = range(7)
COLUMNS = (
    ColumnSpec("State", "Interrupted", extra=36), ColumnSpec("Job"), ColumnSpec("Progress", extra=208),
    ColumnSpec("Rate", "4 888 candidates / s", right=True, drop=1), ColumnSpec("Time left", "about 26 min", right=True),
    ColumnSpec("Started", "Wednesday", right=True, drop=2), ColumnSpec("", extra=92),
)
BUTTON = 30
RESULTS = {kind.name: kind.page for kind in KINDS.values() if kind.page}     # the page where results are looked at
_INSET = QPoint(5, 5)
RIGHT = Qt.AlignmentFlag.AlignRight

# the buttons of a row by its state: (what they do, icon, words)
_PAUSE = ("pause", "pause", "Pause, Space")
_CANCEL = ("cancel", "x", "Cancel; what is finished is kept, Del")
_REMOVE = ("remove", "trash", "Remove the job and its results, Del")
_MORE = ("more", "more", "More")
BUTTONS = {
    JobState.RUNNING: (_PAUSE, _CANCEL, _MORE),
    JobState.PAUSED: (("resume", "play", "Resume, Space"), _CANCEL, _MORE),
    JobState.WAITING: (("up", "up", "Start earlier, Alt+Up"), _CANCEL, _MORE),
    JobState.FINISHED: (("results", "rank", "Show the results, Enter"), _REMOVE, _MORE),
    **dict.fromkeys((state for state in JobState if state.ended_early),
                    (("resume", "history", "Go on where it stopped, Space"), _REMOVE, _MORE)),
}


def buttons_of(job: JobInfo) -> tuple[tuple[str, str, str], ...]:
    """What has no page for its results shows its log when it is finished."""
    if job.state is JobState.FINISHED and job.kind not in RESULTS:
        return (("log", "log", "Show the log, Enter"), _REMOVE, _MORE)
    return BUTTONS[job.state]


def part(job: JobInfo) -> float:
    """How much of the job is done, 0..1."""
    if job.state is JobState.FINISHED:
        return 1.0
    return job.done / job.total if job.total else 0.0


def rate(job: JobInfo) -> str:
    """Units a second: now for a running job, on the whole for a finished one."""
    value = job.rate
    if job.state is JobState.FINISHED and job.started is not None and job.ended is not None:
        seconds = (job.ended - job.started).total_seconds()
        value = job.done / seconds if seconds >= 1 else None
    if not value or value < 0.05 or not job.unit or job.state is JobState.WAITING:
        return "–"
    figure = f"{value:.1f}" if value < 9.95 else f"{value:,.0f}".replace(",", "\N{NO-BREAK SPACE}")
    unit = job.unit if job.unit.endswith("s") else f"{job.unit}s"
    return f"{figure} {unit} / s"


def left(job: JobInfo) -> str:
    if job.state.ended or job.seconds_left is None:
        return "–"
    return ("about " if job.state is not JobState.RUNNING else "") + duration(job.seconds_left)


class JobTable(RowTable[JobInfo]):
    """The rows that the filter lets through, in the queue's order."""

    columns = COLUMNS

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.everything: list[JobInfo] = []
        self._states: tuple[JobState, ...] = ()

    def key(self, row: JobInfo) -> int:
        return row.id

    def show_jobs(self, jobs: list[JobInfo]) -> None:
        self.everything = jobs
        self.show_rows([job for job in jobs if not self._states or job.state in self._states])

    def show_states(self, states: tuple[JobState, ...]) -> None:
        """Only jobs in these states; all with ()."""
        self._states = states
        self.show_jobs(self.everything)

    def progress(self, job_id: int, event: Progress) -> None:
        """A running job has said how far it is."""
        for rows in (self.everything, self.rows):
            for row, job in enumerate(rows):
                if job.id == job_id:
                    rows[row] = replace(job, done=event.done, total=event.total, unit=event.unit, rate=event.rate,
                                        seconds_left=event.seconds_left)
        row = self.row_of(job_id)
        if row >= 0:
            self.dataChanged.emit(self.index(row, PROGRESS), self.index(row, LEFT))

    def spoken(self, row: JobInfo, column: int) -> str:
        if column == JOB:
            return f"{row.title}, {STATES[row.state][0]}, {part(row):.0%}. {row.detail}"
        return self.text(row, column)

    def hint(self, row: JobInfo, column: int) -> str | None:
        if column != JOB:
            return None
        return f"{row.title}\n{row.detail}" if row.detail else row.title

    def text(self, row: JobInfo, column: int) -> str:
        match column:
            case 0:
                return STATES[row.state][0]
            case 1:
                return row.title
            case 2:
                return "" if row.state is JobState.WAITING else f"{part(row) * 100:.0f} %"
            case 3:
                return rate(row)
            case 4:
                return left(row)
            case 5:
                return clock(row.started)
        return ""


class JobDelegate(RowDelegate):
    """Also hit-tests the buttons; ``acted`` has the job's id and what to do."""

    acted = Signal(int, str)

    def __init__(self, table: DataTable) -> None:
        super().__init__(table)
        self._under: tuple[int, int] | None = None        # row and button below the mouse

    def paint_cell(self, painter: QPainter, room: QRectF, index: Index, *, hovered: bool, selected: bool) -> None:
        job: JobInfo = index.data(Qt.ItemDataRole.UserRole)
        match index.column():
            case 0:
                paint_state(painter, room, job.state)
            case 1:
                tone = "bad" if job.state is JobState.FAILED else "text2"
                paint_two_lines(painter, room, job.title, _line(job), ("text", tone))
            case 2:
                self._paint_progress(painter, room, job)
            case 3 | 4 | 5:
                text = index.data(Qt.ItemDataRole.DisplayRole)
                strong = index.column() == LEFT and text != "–"
                paint_text(painter, room, text, "text" if strong else "text2",
                           "small_medium" if strong else "small", RIGHT)
            case 6:
                self._paint_buttons(painter, index, job, shown=hovered or selected)

    def _paint_progress(self, painter: QPainter, room: QRectF, job: JobInfo) -> None:
        if job.state is JobState.WAITING and not job.done:
            return
        token = {JobState.RUNNING: "accent", JobState.FAILED: "bad", JobState.PAUSED: "warn",
                 JobState.INTERRUPTED: "warn"}.get(job.state, "border")
        number = metrics("small").horizontalAdvance("100 %") + 10
        paint_progress(painter, room.adjusted(0, 0, -number, 0), part(job), token)
        paint_text(painter, room, f"{part(job) * 100:.0f} %", "text2", "small", RIGHT)

    # -- buttons

    @staticmethod
    def _places(cell: QRectF, count: int) -> list[QRectF]:
        start = cell.right() - GUTTER - count * BUTTON + 6
        return [QRectF(start + i * BUTTON, cell.center().y() - 14, 28, 28) for i in range(count)]

    def _paint_buttons(self, painter: QPainter, index: Index, job: JobInfo, *, shown: bool) -> None:
        cell = QRectF(self.table.visualRect(index))
        dpr = painter.device().devicePixelRatioF()
        for number, ((_, icon, _), place) in enumerate(zip(buttons_of(job), self._places(cell, 3), strict=True)):
            if self._under == (index.row(), number):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("pressed"))
                painter.drawRoundedRect(place, 6, 6)
            painter.drawPixmap(place.topLeft().toPoint() + _INSET, theme.pixmap(icon, "text2", 18, dpr))

    def _button_at(self, event: QMouseEvent | QHelpEvent, option: QStyleOptionViewItem, index: Index) -> int:
        if index.column() != ACTIONS:
            return -1
        at = event.position() if isinstance(event, QMouseEvent) else event.pos().toPointF()
        return next((i for i, place in enumerate(self._places(QRectF(option.rect), 3)) if place.contains(at)), -1)

    def editorEvent(self, event: QEvent, model: Any, option: QStyleOptionViewItem, index: Index) -> bool:
        if isinstance(event, QMouseEvent):
            number = self._button_at(event, option, index)
            under = (index.row(), number) if number >= 0 else None
            if under != self._under:
                self._under = under
                self.table.viewport().update()
            if event.type() == QEvent.Type.MouseButtonRelease and number >= 0:
                job: JobInfo = index.data(Qt.ItemDataRole.UserRole)
                self.acted.emit(job.id, buttons_of(job)[number][0])
                return True
        return super().editorEvent(event, model, option, index)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        number = self._button_at(event, option, index)
        if number >= 0:
            QToolTip.showText(event.globalPos(), buttons_of(index.data(Qt.ItemDataRole.UserRole))[number][2], view)
            return True
        return super().helpEvent(event, view, option, index)


def _line(job: JobInfo) -> str:
    """The second line: what it does, or how it ended."""
    if job.detail:
        return job.detail
    if job.state is JobState.WAITING:
        return "Starts when it is its turn"
    if job.ended is not None and job.started is not None:
        return f"Took {duration((job.ended - job.started).total_seconds())}"
    return ""
