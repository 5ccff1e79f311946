"""How the bench's job goes: a line on the page while it answers or judges, with the text as it comes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.domain import JobState
from workbench.gui.charts.chart import one_line
from workbench.gui.shell.status_bar import ProgressBar
from workbench.gui.widgets.buttons import ghost
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.jobs.events import Progress, Text
from workbench.services.job_queue import JobInfo
from workbench.wording import time_left

MOST = 256                           # answers whose newest text is kept
TAIL = 240                           # characters of the newest text that are shown


class RunLine(QWidget):
    """``acted`` carries "pause", "resume" or "stop" and the job's id. Hidden while nothing runs."""

    acted = Signal(str, int)

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(38)
        self.setAccessibleName("The bench that runs")
        self.job: JobInfo | None = None
        self._tails: dict[tuple[object, ...], str] = {}
        self._title, self._rest = label("", "strong"), label("", "small")
        self._bar = ProgressBar(140)
        self._text = ElidedLabel("", "faint")
        self.pause, self.stop = ghost("Pause", "pause"), ghost("Stop", "stop")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 0, 12, 0)
        row.setSpacing(10)
        for widget in (self._title, self._bar, self._rest):
            row.addWidget(widget)
        row.addWidget(self._text, 1)
        row.addWidget(self.pause)
        row.addWidget(self.stop)
        self.pause.clicked.connect(self._pause_or_resume)
        self.stop.clicked.connect(lambda: self._act("stop"))
        self.hide()

    def show_job(self, job: JobInfo | None, *, read_only: bool = False) -> None:
        if job is None or self.job is None or job.id != self.job.id:
            self._tails.clear()
            self._text.setText("")
        self.job = job
        self.setVisible(job is not None)
        if job is None:
            return
        self._title.setText(one_line(job.title)[:80])
        if job.kind == "judge":
            self._text.setText(one_line(job.detail))
        self._say(job.done, job.total, job.unit, job.seconds_left, job.state)
        paused = job.state is JobState.PAUSED
        self.pause.setText("Resume" if paused else "Pause")
        self.pause.set_icon_name("play" if paused else "pause")
        self.pause.setVisible(job.state is not JobState.WAITING)
        for button in (self.pause, self.stop):
            button.setEnabled(not read_only)

    def event_of(self, job_id: int, event: object) -> None:
        """Progress and text of the shown job, as they come."""
        if self.job is None or job_id != self.job.id:
            return
        if isinstance(event, Progress):
            self._say(event.done, event.total, event.unit, event.seconds_left, JobState.RUNNING)
            if event.message and self.job.kind == "judge":       # who judges, and what is spent
                self._text.setText(one_line(event.message))
        elif isinstance(event, Text):
            source = (event.contestant_id, event.question_id, event.turn, event.repeat)
            self._tails[source] = (self._tails.pop(source, "") + event.text)[-TAIL:]     # many are drawn at a time
            while len(self._tails) > MOST:
                del self._tails[next(iter(self._tails))]
            self._text.setText(one_line(self._tails[source]))

    def _say(self, done: int, total: int, unit: str, left: float | None, state: JobState) -> None:
        self._bar.set_part(done / total if total else 0.0)
        words = {JobState.PAUSED: "paused", JobState.WAITING: "waiting"}.get(state, time_left(left))
        counts = f"{done} of {total} {unit}" if total else ""
        self._rest.setText(" · ".join(part for part in (counts, words) if part))

    def _pause_or_resume(self) -> None:
        self._act("resume" if self.job is not None and self.job.state is JobState.PAUSED else "pause")

    def _act(self, what: str) -> None:
        if self.job is not None:
            self.acted.emit(what, self.job.id)
