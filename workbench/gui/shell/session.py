"""One window's open project, and the way between the window's thread and the project's database lane."""

from __future__ import annotations

import getpass
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from workbench.domain import Changed, Changes, Kind, Status
from workbench.domain.filter import Filter
from workbench.errors import WorkbenchError
from workbench.gui.shell import settings
from workbench.gui.shell.commands import CommandRegistry
from workbench.wording import grouped

if TYPE_CHECKING:
    from workbench.services.project import Project  # SQL and file formats: imported when a project is opened

T = TypeVar("T")
R = TypeVar("R", bound=Changed)
SLOW_MS = 300                      # a change that takes longer is spoken of while it is under way
GATHER_MS = 200                    # changes that jobs make are gathered, so that views read at most 5 times a second


@dataclass
class _Call:
    """One piece of work on its way to a worker thread and back."""

    then: Callable[[Any], None] | None
    failed: Callable[[Exception], None] | None
    owner: QObject | None
    project: Project | None
    saving: str = ""                             # said while it is under way, if it is a slow change
    result: Any = None
    error: BaseException | None = field(default=None)

    def wanted(self, project: Project | None) -> bool:
        alive = self.owner is None or shiboken6.isValid(self.owner)
        return alive and (self.project is None or self.project is project)


class Session(QObject):
    """What every page talks to. All of it belongs to the GUI thread; the work handed in runs on the lane."""

    project_opened = Signal()
    closing = Signal()                           # the project is about to close: hand in what was typed
    project_closed = Signal()
    changed = Signal(object)                     # Changes
    stepped = Signal(object)                     # Changes of an undo or redo, after ``changed``
    job_event = Signal(int, object)              # job id, Event
    notice = Signal(str, str)                    # text, kind: "undo" | "info" | "error"
    saving = Signal(str)                         # what a slow change is doing; "" when none is under way any more
    progress = Signal(str, int, int, float)      # what the window does beside jobs ("": it is over), done, of, a second
    error = Signal(object)                       # WorkbenchError: to be shown with its remedy
    bug = Signal(object)                         # any other exception
    page_requested = Signal(str, dict)
    paths_offered = Signal(list)                 # files or folders (Path) that a person dropped or chose
    current_prompt_changed = Signal()
    idle = Signal()                              # nothing handed in is under way any more

    _returned = Signal(object)
    _job_said = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project: Project | None = None
        self.read_only = False
        self.commands = CommandRegistry(self)
        self._current_prompt_id: int | None = None
        self._pending = 0
        self._saving: list[str] = []             # of the changes under way
        self._slow = QTimer(self, singleShot=True, interval=SLOW_MS)
        self._slow.timeout.connect(lambda: self.saving.emit(self._saving[0]))
        self._unlisten: Callable[[], None] | None = None
        self._closing: threading.Thread | None = None
        self._gathered: list[Changes] = []
        self._gather = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._gather.timeout.connect(self._emit_gathered)
        self._returned.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._job_said.connect(self._on_job_event, Qt.ConnectionType.QueuedConnection)

    # -- work on the lane

    @property
    def busy(self) -> bool:
        """Whether something that was handed in has not come back."""
        return self._pending > 0 or self._gather.isActive()

    def ask(
        self, work: Callable[[Project], T], then: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None, *, owner: QObject | None = None,
    ) -> None:
        """Run ``work(project)`` on the database lane; ``then(result)`` comes back on the GUI thread.

        The answer is dropped if ``owner`` was destroyed or the project closed meanwhile. A WorkbenchError goes to
        ``failed``, or is shown; any other exception is a bug and is shown as one.
        """
        self._ask(work, _Call(then, failed, owner, self.project))

    def _ask(self, work: Callable[[Project], object], call: _Call) -> None:
        project = call.project
        if project is None:
            return
        self._pending += 1
        if call.saving:
            self._saving.append(call.saving)
            if len(self._saving) == 1:
                self._slow.start()
        project.lane.submit(lambda: work(project)).add_done_callback(lambda done: self._hand_back(call, done))

    def background(
        self, work: Callable[[], T], then: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None, *, owner: QObject | None = None,
    ) -> None:
        """Run work that does not touch the database on a thread of its own (reading a folder, pure rendering)."""
        self._pending += 1
        call = _Call(then, failed, owner, None)
        threading.Thread(target=self._run_apart, args=(call, work), daemon=True, name="window-background").start()

    def _run_apart(self, call: _Call, work: Callable[[], object]) -> None:
        try:
            call.result = work()
        except BaseException as error:
            call.error = error
        self._emit_returned(call)

    def _hand_back(self, call: _Call, done: Future[Any]) -> None:
        call.error = done.exception()
        if call.error is None:
            call.result = done.result()
        self._emit_returned(call)

    def _emit_returned(self, call: _Call) -> None:
        if shiboken6.isValid(self):              # else the window has gone; nobody waits for the answer
            self._returned.emit(call)

    def _deliver(self, call: _Call) -> None:
        self._pending -= 1
        try:
            if not call.wanted(self.project):
                return
            if call.error is None:
                if call.then is not None:
                    call.then(call.result)
            elif isinstance(call.error, WorkbenchError):
                (call.failed or self.error.emit)(call.error)
            else:
                self.bug.emit(call.error)
        finally:
            if call.saving:
                self._saved(call.saving)
            if self._pending == 0:
                self.idle.emit()

    def _saved(self, what: str) -> None:
        self._saving.remove(what)
        if not self._saving:
            self._slow.stop()
            self.saving.emit("")

    def change(
        self, work: Callable[[Project], R | None], then: Callable[[R], None] | None = None,
        failed: Callable[[Exception], None] | None = None, *, owner: QObject | None = None, quiet: bool = False,
    ) -> None:
        """As ``ask``, for work that changes the project: every view that it concerns reads again, and a message offers
        to take it back. Where it is ``quiet``, the view that asks says itself how it went.

        ``changed`` is sent even when ``owner`` has gone: the project did change.
        """
        def finished(result: R | None) -> None:
            if result is None:
                return
            changes = result.changes
            self.changed.emit(changes)
            if changes.label and not quiet:
                self.notice.emit(changes.label, "undo" if changes.undoable else "info")
            if then is not None and (owner is None or shiboken6.isValid(owner)):
                then(result)

        self._ask(work, _Call(finished, failed, None, self.project, "" if quiet else "Saving the change…"))

    def undo(self) -> None:
        self._step_history(lambda project: project.history.undo(), "Undoing…", "Nothing to undo")

    def redo(self) -> None:
        self._step_history(lambda project: project.history.redo(), "Doing it again…", "Nothing to do again")

    def _step_history(self, work: Callable[[Project], Changes | None], saving: str, otherwise: str) -> None:
        def finished(changes: Changes | None) -> None:
            if changes is None:
                self.notice.emit(otherwise, "info")
                return
            self.changed.emit(changes)
            self.stepped.emit(changes)
            self.notice.emit(changes.label, "info")

        self._ask(work, _Call(finished, None, None, self.project, saving))

    # -- jobs

    def _listen(self, job_id: int, event: object, changes: Changes) -> None:
        if shiboken6.isValid(self):
            self._job_said.emit(job_id, event, changes)

    def _on_job_event(self, job_id: int, event: object, changes: Changes) -> None:
        if self.project is None:
            return
        self.job_event.emit(job_id, event)
        if changes is not None and changes.touched:
            self._gathered.append(changes)
            if not self._gather.isActive():
                self._gather.start()

    def _emit_gathered(self) -> None:
        gathered, self._gathered = self._gathered, []
        touched: dict[Kind, frozenset[int]] = {}
        for changes in gathered:
            for kind, ids in changes.touched.items():
                before = touched.get(kind)
                # an empty set means "many of them", and many and some are many
                touched[kind] = ids if before is None else (before | ids if before and ids else frozenset())
        if touched:
            self.changed.emit(Changes(touched))

    # -- the project

    def open_project(self, folder: Path, *, read_only: bool = False,
                     failed: Callable[[Exception], None] | None = None) -> None:
        def opener() -> Project:
            from workbench.services.project import Project

            return Project.open(folder, read_only=read_only, person=person())

        self.open_with(opener, failed)

    def create_project(self, folder: Path, name: str = "") -> None:
        def opener() -> Project:
            from workbench.services.project import Project

            return Project.create(folder, name, person=person())

        self.open_with(opener)

    def open_sample(self, folder: Path) -> None:
        def opener() -> Project:
            from workbench.services.project import open_sample

            return open_sample(folder, person=person())

        self.open_with(opener)

    def open_with(self, opener: Callable[[], Project], failed: Callable[[Exception], None] | None = None) -> None:
        """Open a project off the GUI thread; the one that is open is closed once the new one is there."""
        closing = self._closing

        def open_after_closing() -> Project:
            if closing is not None:              # it may be the same folder, whose lock is not free before
                closing.join()
            return opener()

        def opened(project: Project) -> None:
            self.adopt(project)
            if not project.read_only:
                self.ask(lambda p: p.jobs.start_waiting())   # what the program before left in the queue

        self.background(open_after_closing, opened, failed)

    def adopt(self, project: Project) -> None:
        """Take over an open project."""
        self.close_project()
        self.project = project
        self.read_only = project.read_only
        self._unlisten = project.jobs.listen(self._listen)
        self.ask(lambda p: [info.id for info in p.prompts.all()], self._choose_prompt)
        self.project_opened.emit()
        self._remember(project)

    def close_project(self) -> None:
        """Close it; running jobs are ended by the project, and what they finished is kept."""
        if self.project is not None:
            self.closing.emit()
        project, self.project = self.project, None
        if project is None:
            return
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        self._gather.stop()
        self._gathered.clear()
        self._set_prompt(None, remember=False)
        self.project_closed.emit()
        self._closing = threading.Thread(target=project.close, name="project-closes")
        self._closing.start()

    def join(self) -> None:
        """Wait until a project that was closed has let go of its folder."""
        if self._closing is not None:
            self._closing.join()
            self._closing = None

    def _remember(self, project: Project) -> None:
        def counted(counts: tuple[int, int]) -> None:
            summary = f"{grouped(counts[0])} demonstrations, {grouped(counts[1])} accepted"
            settings.remember_project(settings.RecentProject(project.folder, project.name, datetime.now(), summary))

        self.ask(_count, counted)

    # -- prompts and pages

    @property
    def current_prompt_id(self) -> int | None:
        """The prompt that additions go to, and that the Prompt page shows."""
        return self._current_prompt_id

    @current_prompt_id.setter
    def current_prompt_id(self, prompt_id: int | None) -> None:
        self._set_prompt(prompt_id, remember=True)

    def _set_prompt(self, prompt_id: int | None, *, remember: bool) -> None:
        if prompt_id == self._current_prompt_id:
            return
        self._current_prompt_id = prompt_id
        if remember and self.project is not None and prompt_id is not None:
            settings.CURRENT_PROMPT.of(self.project.folder).set(prompt_id)
        self.current_prompt_changed.emit()

    def _choose_prompt(self, ids: list[int]) -> None:
        assert self.project is not None
        wanted = settings.CURRENT_PROMPT.of(self.project.folder).get()
        self._set_prompt(wanted if wanted in ids else ids[0] if ids else None, remember=False)

    def open_page(self, name: str, **arguments: Any) -> None:
        """Show a page: "welcome", "demonstrations", "prompt", "rankings", "models", "jobs"."""
        self.page_requested.emit(name, arguments)


def _count(project: Project) -> tuple[int, int]:
    facets = project.demonstrations.facets(Filter())
    return facets.total, facets.statuses.get(Status.ACCEPTED, 0)


def person() -> str:
    """Who makes the changes: the name of the account."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):                  # an account without a name, as in a container
        return ""
