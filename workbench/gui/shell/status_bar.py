"""The bar at the bottom: the job that runs, what the project holds, and the memory in use."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from workbench.domain import Changes, JobState, Kind
from workbench.domain.filter import Filter
from workbench.gui.shell.session import Session
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import IconButton
from workbench.gui.widgets.glyphs import paint_progress
from workbench.gui.widgets.labels import ElidedLabel, IconLabel, label
from workbench.jobs.events import Progress
from workbench.wording import gigabytes, grouped, time_left

if TYPE_CHECKING:
    from workbench.services.job_queue import JobInfo
    from workbench.services.models import Machine

MEMORY_EVERY_MS = 5_000


class ProgressBar(QWidget):
    """A thin bar; ``part`` is 0..1."""

    def __init__(self, width: int = 120, height: float = 4, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._height, self._part, self._token = height, 0.0, "accent"
        self.setFixedSize(width, 16)
        self.setAccessibleName("Progress")
        theme.notifier.changed.connect(self.update)

    def set_part(self, part: float, token: str = "accent") -> None:
        self._part, self._token = part, token
        self.setAccessibleDescription(f"{part:.0%}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_progress(QPainter(self), QRectF(self.rect()), self._part, self._token, height=self._height)


class _JobLine(QWidget):
    """The running job; a click anywhere on it opens the Jobs page."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.job: JobInfo | None = None
        self._own = ""                           # what the window itself does; a job is shown before it
        self._icon = IconLabel("jobs", "accent_text", 16)
        self._title = ElidedLabel("", "small")
        self._title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._title.setMaximumWidth(420)
        self._bar = ProgressBar()
        self._rest = label("", "small")
        self._pause = IconButton("pause", "Pause the job", size=14)
        self._pause.setFixedSize(24, 24)
        self._pause.clicked.connect(self._toggle)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self._icon, self._title, self._bar, self._rest, self._pause):
            row.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.show_job(None)

    def show_job(self, job: JobInfo | None) -> None:
        self.job = job
        for widget in (self._icon, self._bar, self._rest, self._pause):
            widget.setVisible(job is not None)
        if job is None:
            self._set_title(self._own or "No job is running")
            return
        self._set_title(job.title)
        paused = job.state is JobState.PAUSED
        self._pause.set_icon_name("play" if paused else "pause", "Resume the job" if paused else "Pause the job")
        self._pause.setEnabled(not self._session.read_only)
        self.show_progress(job.done, job.total, job.seconds_left, paused=paused)

    def _set_title(self, text: str) -> None:
        self._title.setText(text)
        self._title.updateGeometry()

    def show_progress(self, done: int, total: int, seconds_left: float | None, *, paused: bool = False) -> None:
        part = done / total if total else 0.0
        self._bar.set_part(part, "warn" if paused else "accent")
        left = "paused" if paused else time_left(seconds_left)
        self._rest.setText("  ·  ".join(text for text in (f"{part * 100:.0f} %", left) if text))

    def show_own(self, title: str, done: int, total: int, rate: float) -> None:
        """What the window does beside jobs; "" when that is over."""
        self._own = title
        if self.job is not None:
            return
        for widget in (self._icon, self._bar, self._rest):
            widget.setVisible(bool(title))
        self._set_title(title or "No job is running")
        if title:
            self.show_progress(done, total, (total - done) / rate if rate else None)
            self._rest.setText(f"{self._rest.text()}  ·  {grouped(round(rate))} a second")

    def _toggle(self) -> None:
        if self.job is None:
            return
        id, paused = self.job.id, self.job.state is JobState.PAUSED
        self._session.ask(lambda p: p.jobs.resume(id) if paused else p.jobs.pause(id), owner=self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._session.open_page("jobs", **({"job_id": self.job.id} if self.job else {}))


class StatusBar(QWidget):
    """30 px; reads what it shows itself."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setProperty("bg", "canvas")
        self.setFixedHeight(30)
        self._session = session
        self._saved = ""
        self._total: int | None = None
        self._job = _JobLine(session)
        self._counts = label("Ready", "small")
        self._chip = IconLabel("chip", "text3", 16)
        self._memory = label("", "small")
        self._memory.setToolTip("Memory in use on this computer")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(self._job)
        row.addStretch(1)
        row.addWidget(self._counts)
        row.addSpacing(8)
        row.addWidget(self._chip)
        row.addWidget(self._memory)
        self._chip.hide()
        session.project_opened.connect(self._opened)
        session.project_closed.connect(self._closed)
        session.changed.connect(self._refresh)
        session.job_event.connect(self._on_event)
        session.progress.connect(self._job.show_own)
        self._timer = QTimer(self, interval=MEMORY_EVERY_MS)
        self._timer.timeout.connect(lambda: None if session.busy else self._read_memory())

    def _opened(self) -> None:
        self._saved = ""
        self._read_counts()
        self._read_jobs()
        self._read_memory()
        self._timer.start()

    def _closed(self) -> None:
        self._timer.stop()
        self._total = None
        self._job.show_own("", 0, 0, 0.0)
        self._job.show_job(None)
        self._counts.setText("Ready")
        self._memory.setText("")
        self._chip.hide()

    def _refresh(self, changes: Changes) -> None:
        if changes.concerns(Kind.JOB):
            self._read_jobs()
        if not set(changes.touched) <= {Kind.JOB}:
            self._saved = f"saved {datetime.now():%H:%M}"
            self._show_counts()
        if changes.concerns(Kind.DEMONSTRATION) or changes.concerns(Kind.IMPORT):
            self._read_counts()

    def _read_counts(self) -> None:
        def got(total: int) -> None:
            self._total = total
            self._show_counts()

        self._session.ask(lambda p: p.demonstrations.facets(Filter()).total, got, owner=self)

    def _show_counts(self) -> None:
        if self._total is not None:
            word = "demonstration" if self._total == 1 else "demonstrations"
            self._counts.setText("  ·  ".join(part for part in (f"{grouped(self._total)} {word}", self._saved) if part))

    def _read_jobs(self) -> None:
        def got(jobs: list[JobInfo]) -> None:
            active = [j for j in jobs if j.state.live]
            self._job.show_job(active[0] if active else None)

        self._session.ask(lambda p: p.jobs.all(), got, owner=self)

    def _on_event(self, job_id: int, event: object) -> None:
        if isinstance(event, Progress) and self._job.job is not None and self._job.job.id == job_id:
            self._job.show_progress(event.done, event.total, event.seconds_left)

    def _read_memory(self) -> None:
        project = self._session.project
        if project is None:
            return

        def got(machine: Machine) -> None:
            used = machine.memory_total - machine.memory_free
            self._memory.setText(f"{gigabytes(used)} of {gigabytes(machine.memory_total)}")
            self._chip.show()

        self._session.background(project.models.machine, got, owner=self)
