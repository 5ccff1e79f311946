"""The Jobs page: what runs, what waits, what has ended, and each job's log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QCursor, QResizeEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QWidget

from workbench.domain import Changes, JobState, Kind
from workbench.gui.jobs.log import JobLog
from workbench.gui.jobs.table import COLUMNS, RESULTS, JobDelegate, JobTable, buttons_of
from workbench.gui.shell import dialogs, settings
from workbench.gui.shell.page import Page
from workbench.gui.shell.session import Session
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import secondary
from workbench.gui.widgets.data_table import DataTable
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.pane import splitter
from workbench.gui.widgets.segmented import Segmented
from workbench.jobs.events import Log, Progress
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project

FILTERS: tuple[tuple[str, tuple[JobState, ...]], ...] = (
    ("All", ()),
    ("Running", tuple(state for state in JobState if state.live)),
    ("Waiting", (JobState.WAITING,)),
    ("Finished", tuple(state for state in JobState if state.ended)),
)
SMALL, SMALL_HEIGHT = 1200, 600                  # page sizes below which the log is folded at first
LOG = 228                                        # the log's height


class JobsPage(Page):
    name, title = "jobs", "Jobs"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._wanted: int | None = None          # the job to select as soon as it is there
        self._logged: int | None = None
        self._small = False
        self.table = DataTable(COLUMNS, 52)
        self.table.setAccessibleName("Jobs")
        self.model = JobTable(self)
        self.table.setModel(self.model)
        self._delegate = JobDelegate(self.table)
        self.table.setItemDelegate(self._delegate)
        self.log = JobLog()
        self._build()
        self._connect()

    def _build(self) -> None:
        header = self.header()
        self._filter = Segmented([name for name, _ in FILTERS], name="Jobs shown")
        header.add_tool(self._filter)
        self._pause_all = secondary("Pause all", "pause")
        header.add_tool(self._pause_all)
        rankings = secondary("Go to Rankings", "rank")
        rankings.clicked.connect(lambda: self.session.open_page("rankings"))
        self._empty = EmptyState("jobs", "No jobs yet",
                                 "Score candidates or search for a set in Rankings; they run here.", [rankings])
        self._no_match = EmptyState("filter", "No job matches", "The filter leaves nothing to show.")
        self._stack = QStackedWidget()
        for widget in (self.table, self._empty, self._no_match):
            self._stack.addWidget(widget)
        self._splitter = splitter(Qt.Orientation.Vertical, self._stack, self.log,
                                  sizes=[560, LOG], remembered=settings.JOBS_PANES)
        self.body.addWidget(self._splitter, 1)

    def _connect(self) -> None:
        self._filter.changed.connect(self._filtered)
        self._pause_all.clicked.connect(self._pause_or_resume_all)
        self._delegate.acted.connect(self._act)
        self.table.chosen.connect(lambda row: self._read_log())
        self.log.collapsed_changed.connect(self._give_room)
        self.table.opened.connect(self._open)
        self.session.job_event.connect(self._on_event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """On a small window the log starts folded; after that the person decides."""
        super().resizeEvent(event)
        small = event.size().width() < SMALL or event.size().height() < SMALL_HEIGHT
        if small != self._small:
            self._small = small
            self.log.set_collapsed(small)

    def _give_room(self, collapsed: bool) -> None:
        """A folded log leaves its room to the table, and takes its own back."""
        above, log = self._splitter.sizes()
        wanted = self.log.maximumHeight() if collapsed else max(log, LOG)
        self._splitter.setSizes([max(above + log - wanted, 100), wanted])

    # -- reading

    def shown(self, *, job_id: int | None = None, **arguments: Any) -> None:
        self._wanted = job_id
        self._read()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self, changes: Changes) -> None:
        if changes.concerns(Kind.JOB):
            self._read()

    def _read(self) -> None:
        self.session.ask(lambda p: p.jobs.all(), self._show, owner=self)

    def _show(self, jobs: list[JobInfo]) -> None:
        current = self._wanted if self._wanted is not None else self._current_id()
        self.model.show_jobs(jobs)
        row = self.model.row_of(current)
        if row >= 0:
            self._wanted = None
        if self.model.rowCount() and self.table.current_row() != max(row, 0):
            self.table.choose(max(row, 0))
        self._stack.setCurrentWidget(
            self.table if self.model.rows else self._no_match if self.model.everything else self._empty)
        self.log.setVisible(bool(self.model.everything))
        self._show_counts()
        self._read_log()

    def _show_counts(self) -> None:
        states = [job.state for job in self.model.everything]
        counts = ((JobState.RUNNING, "running"), (JobState.PAUSED, "paused"), (JobState.WAITING, "waiting"))
        said = [f"{states.count(state)} {word}" for state, word in counts if state in states]
        self.header().set_subtitle(", ".join(said) or (f"{len(states)} ended" if states else ""))
        running = JobState.RUNNING in states
        self._pause_all.setText("Pause all" if running or JobState.PAUSED not in states else "Resume all")
        self._pause_all.set_icon_name("pause" if running or JobState.PAUSED not in states else "play")
        self._pause_all.setEnabled((running or JobState.PAUSED in states) and not self.session.read_only)

    def _read_log(self) -> None:
        job = self._current()
        if job is None:
            self.log.show_log("", [])
            return
        self._logged = job.id
        self.session.ask(lambda p: p.jobs.log(job.id),
                         lambda lines: self.log.show_log(job.title, lines) if self._logged == job.id else None,
                         owner=self)

    def _on_event(self, job_id: int, event: object) -> None:
        if isinstance(event, Progress):
            self.model.progress(job_id, event)
        elif isinstance(event, Log) and job_id == self._current_id() and self.isVisible():
            self._read_log()

    def _filtered(self, index: int) -> None:
        current = self._current_id()
        self.model.show_states(FILTERS[index][1])
        self._wanted = current
        self._show(self.model.everything)

    def _current(self) -> JobInfo | None:
        row = self.table.current_row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    def _current_id(self) -> int | None:
        job = self._current()
        return job.id if job else None

    # -- acting

    def _do(self, work: Callable[[Project], object]) -> None:
        if not self.session.read_only:
            self.session.ask(work, lambda result: self._read(), owner=self)

    def _act(self, job_id: int, what: str) -> None:
        job = next((job for job in self.model.rows if job.id == job_id), None)
        if job is None:
            return
        self.table.choose(self.model.row_of(job_id))
        match what:
            case "pause":
                self._do(lambda p: p.jobs.pause(job_id))
            case "resume":
                self._do(lambda p: p.jobs.resume(job_id))
            case "cancel":
                self._do(lambda p: p.jobs.cancel(job_id))
            case "remove":
                self._remove(job)
            case "up":
                self.move_job(-1)
            case "down":
                self.move_job(1)
            case "results":
                self.session.open_page(RESULTS[job.kind], job=job_id)
            case "log":
                self.log.set_collapsed(False)
                self.log.view.setFocus(Qt.FocusReason.OtherFocusReason)
            case "more":
                self._menu(job).popup(QCursor.pos())

    def _open(self, row: int) -> None:
        job = self.model.rows[row]
        has_results = job.kind in RESULTS and job.state is not JobState.WAITING
        self._act(job.id, "results" if has_results else "log")

    def toggle(self) -> None:
        job = self._current()
        if job is not None and job.state is JobState.RUNNING:
            self._act(job.id, "pause")
        elif job is not None and job.state.resumable:
            self._act(job.id, "resume")

    def cancel_or_remove(self) -> None:
        job = self._current()
        if job is not None:
            self._act(job.id, buttons_of(job)[1][0])

    def _remove(self, job: JobInfo) -> None:
        if self.session.read_only:
            return
        if dialogs.confirm(f"Remove “{job.title}”?", "Its results and its log are removed with it. This cannot be "
                           "undone; prompts and demonstrations stay.", "Remove job", self.window(), destroys=True):
            self.session.change(lambda p: p.jobs.remove(job.id))

    def move_job(self, step: int) -> None:
        """The chosen waiting job one place earlier or later."""
        job = self._current()
        waiting = [j.id for j in self.model.everything if j.state is JobState.WAITING]
        if job is None or job.id not in waiting or self.session.read_only:
            return
        place = waiting.index(job.id)
        other = place + step
        if 0 <= other < len(waiting):
            waiting[place], waiting[other] = waiting[other], waiting[place]
            self._wanted = job.id
            self.session.change(lambda p: p.jobs.reorder(waiting))

    def _pause_or_resume_all(self) -> None:
        running = [job.id for job in self.model.everything if job.state is JobState.RUNNING]
        paused = [job.id for job in self.model.everything if job.state is JobState.PAUSED]

        def work(project: Project) -> None:
            for id in running or paused:
                (project.jobs.pause if running else project.jobs.resume)(id)

        self._do(work)

    def _menu(self, job: JobInfo) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, True)
        for what, icon, words in buttons_of(job)[:2]:
            title, _, keys = words.partition(", ")
            action = menu.addAction(theme.icon(icon), f"{title}\t{keys}")
            action.triggered.connect(lambda checked=False, what=what: self._act(job.id, what))
            action.setEnabled(not self.session.read_only or what in ("results", "log"))
        if job.state is JobState.WAITING:
            later = menu.addAction(theme.icon("down"), "Start later\tAlt+Down")
            later.triggered.connect(lambda: self._act(job.id, "down"))
        menu.addSeparator()
        log = menu.addAction(theme.icon("log"), "Show the log")
        log.triggered.connect(lambda: self._act(job.id, "log"))
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        job = self._current()
        if job is not None:
            self._menu(job).popup(event.globalPos())

    def panes(self) -> list[QWidget]:
        return [self.table, self.log.view]
