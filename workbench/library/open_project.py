"""A project, opened for a notebook: the same services as the window's, one call after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from types import TracebackType
from typing import Any, TypeVar

from workbench.domain import Changes, Demonstration, Prompt, Question
from workbench.domain.filter import Filter
from workbench.domain.job_state import JobState
from workbench.errors import JobError, WorkbenchError
from workbench.jobs.events import Event, Failed, Finished, Progress, Stopped
from workbench.jobs.result import Result
from workbench.library.model import Model
from workbench.services import searches
from workbench.services.imports import ImportReport
from workbench.services.project import Project
from workbench.services.results import GainTable, HeldOut

T = TypeVar("T")


def open_project(folder: str | Path, *, read_only: bool = False) -> OpenProject:
    """Open a project's folder. One program writes it at a time: raises ProjectError where another has it open."""
    return OpenProject(Project.open(Path(folder), read_only=read_only))


def create_project(folder: str | Path, name: str = "") -> OpenProject:
    """Make a new project in an empty or new folder. Raises ProjectError."""
    return OpenProject(Project.create(Path(folder), name))


class OpenProject:
    """An open project. Close it, or use it in a ``with`` statement.

    ``call`` runs any use case of ``workbench.services`` on the project's own thread:
    ``project.call(lambda p: p.demonstrations.set_rating([3], 5))``.
    """

    def __init__(self, project: Project) -> None:
        self.project = project

    @property
    def folder(self) -> Path:
        return self.project.folder

    def call(self, work: Callable[[Project], T]) -> T:
        return self.project.lane.run(lambda: work(self.project))

    def close(self) -> None:
        self.project.close()

    def __enter__(self) -> OpenProject:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    # -- what is in it

    def import_file(self, path: str | Path) -> ImportReport:
        """Import demonstrations, or a prompt file. Raises FormatError."""
        return self.call(lambda p: p.imports.run(Path(path)))

    def import_questions(self, path: str | Path, references: str | Path | None = None, name: str = "") -> Changes:
        return self.call(lambda p: p.questions.import_file(
            Path(path), None if references is None else Path(references), name))

    def demonstrations(self, query: str = "") -> list[Demonstration]:
        """Those that a query finds, as typed into the window's filter (``tag:code rating>=3``). Raises QueryError."""
        return self.call(lambda p: p.demonstrations.get(p.demonstrations.ids(Filter(text=f"{query} "))))

    def questions(self, name: str = "") -> tuple[Question, ...]:
        """The questions of a set, by default of the first. Raises WorkbenchError if there is none of this name."""
        sets = self.call(lambda p: p.questions.sets())
        found = _named(sets, name, "question set")
        return self.call(lambda p: p.questions.get(found.id).questions)

    def prompt(self, name: str = "") -> Prompt:
        found = _named(self.call(lambda p: p.prompts.all()), name, "prompt")
        return self.call(lambda p: p.prompts.get(found.id))

    def model(self, name: str = "") -> Model:
        """A model of the project, by default the current one."""
        models = self.call(lambda p: p.models.all())
        current = sorted(models, key=lambda info: not info.current)
        found = _named(current, name, "model", lambda info: info.ref.name)
        return Model(found.ref, found.facts)

    def add_model(self, path: str | Path, name: str = "") -> Model:
        """Register a folder or a .gguf file. Raises ModelError."""
        changes = self.call(lambda p: p.models.register(Path(path), name))
        added = {id for ids in changes.touched.values() for id in ids}
        found = next(info for info in self.call(lambda p: p.models.all()) if info.ref.id in added)
        return Model(found.ref, found.facts)

    # -- jobs, in child processes, as the window runs them

    def score(self, told: Callable[[str], None] | None = None, **changes: Any) -> GainTable:
        """Score the project's candidates. ``changes`` are fields of ``services.searches.SearchRequest`` that
        differ from the defaults, which are the window's. Raises JobError."""
        job_id = self._submit("score", changes)
        self.wait(job_id, told)
        return self.call(lambda p: p.results.gains(job_id))

    def search(self, told: Callable[[str], None] | None = None, **changes: Any) -> HeldOut | None:
        """Search the project's candidates; what was found on held-out questions. ``changes`` as in ``score``."""
        job_id = self._submit("search", changes)
        self.wait(job_id, told)
        return self.call(lambda p: p.results.held_out(job_id))

    def _submit(self, kind: Any, changes: dict[str, Any]) -> int:
        def work(project: Project) -> int:
            request = searches.default_request(searches.read_choices(project), kind=kind)
            return searches.submit(project, replace(request, **changes))

        return self.call(work)

    def wait(self, job_id: int, told: Callable[[str], None] | None = None) -> Result | None:
        """Wait for a job of the queue; what it found. Raises JobError when it does not finish."""
        ended = Flag()

        def listen(job: int, event: Event, changes: Changes) -> None:
            if job == job_id and isinstance(event, Progress) and told is not None and event.total:
                told(f"{event.message + ': ' if event.message else ''}{event.done:,} of {event.total:,} {event.unit}")
            if job == job_id and isinstance(event, Finished | Failed | Stopped):
                ended.set()

        unlisten = self.call(lambda p: p.jobs.listen(listen))
        try:
            if not self.call(lambda p: p.jobs.get(job_id)).state.ended:
                ended.wait()
        except KeyboardInterrupt:
            self.call(lambda p: p.jobs.cancel(job_id))
            raise
        finally:
            self.call(lambda p: unlisten())
        info = self.call(lambda p: p.jobs.get(job_id))
        if info.state is not JobState.FINISHED:
            raise JobError(info.detail, safe="What was finished is kept in the project.")
        return info.result


def _named(things: list[Any], name: str, what: str, name_of: Callable[[Any], str] = lambda thing: thing.name) -> Any:
    found = next((thing for thing in things if not name or name_of(thing) == name), None)
    if found is None:
        known = ", ".join(map(name_of, things)) or "none"
        raise WorkbenchError(f"The project has no {what} “{name}”." if name else f"The project has no {what}.",
                             remedy=f"There is: {known}.")
    return found
