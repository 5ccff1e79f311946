"""Starting a score or search job from the Rankings page: with one click, or through the form."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from workbench.gui.rankings.form import RunForm
from workbench.gui.rankings.request import Choices, RunRequest, build, default_request, read_choices
from workbench.gui.shell.session import Session
from workbench.services.project import Project


class RunStarter:
    """``started`` gets the id of a job that was put into the queue. ``page`` owns what is under way."""

    def __init__(self, session: Session, started: Callable[[int], None], page: QWidget) -> None:
        self._session, self._started, self._page = session, started, page

    def open_form(self, ids: Sequence[int] = ()) -> None:
        """Ask what to run, with ``ids`` as candidates if there are any. Says what is missing instead."""
        def show(choices: Choices, request: RunRequest) -> None:
            RunForm(self._session, choices, request, self.submit, self._page.window()).open()

        self._with_default(show, ids)

    def start_default(self) -> None:
        """Start a search with the defaults, with one click."""
        self._with_default(lambda choices, request: self.submit(request), ())

    def submit(self, request: RunRequest) -> None:
        self._session.ask(lambda project: project.jobs.submit(build(project, request)), self._started,
                          owner=self._page)

    def _with_default(self, then: Callable[[Choices, RunRequest], None], ids: Sequence[int]) -> None:
        prompt_id = self._session.current_prompt_id

        def work(project: Project) -> tuple[Choices, RunRequest | None]:
            choices = read_choices(project)
            return choices, default_request(choices, prompt_id, ids)

        def found(result: tuple[Choices, RunRequest | None]) -> None:
            choices, request = result
            if request is not None:
                then(choices, request)
            elif any(model.state == "ready" for model in choices.models):
                self._session.notice.emit("There is no question set with reference answers. Import one first.", "error")
            else:
                self._session.notice.emit("There is no model that is ready. Add one on the Models page.", "error")

        self._session.ask(work, found, owner=self._page)
