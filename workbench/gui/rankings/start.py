"""Starting a score or search job from the Rankings page: with one click, or through the form."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from workbench.gui.rankings.form import RunForm
from workbench.gui.shell.session import Session
from workbench.services import searches
from workbench.services.project import Project
from workbench.services.searches import SearchChoices, SearchRequest


class RunStarter:
    """``started`` gets the id of a job that was put into the queue. ``page`` owns what is under way."""

    def __init__(self, session: Session, started: Callable[[int], None], page: QWidget) -> None:
        self._session, self._started, self._page = session, started, page

    def open_form(self, ids: Sequence[int] = ()) -> None:
        """Ask what to run, with ``ids`` as candidates if there are any. Says what is missing instead."""
        def show(choices: SearchChoices, request: SearchRequest) -> None:
            RunForm(self._session, choices, request, self.submit, self._page.window()).open()

        self._with_default(show, ids)

    def start_default(self) -> None:
        """Start a search with the defaults, with one click."""
        self._with_default(lambda choices, request: self.submit(request), ())

    def submit(self, request: SearchRequest) -> None:
        self._session.ask(lambda project: searches.submit(project, request), self._started, owner=self._page)

    def _with_default(self, then: Callable[[SearchChoices, SearchRequest], None], ids: Sequence[int]) -> None:
        prompt_id = self._session.current_prompt_id

        def work(project: Project) -> tuple[SearchChoices, SearchRequest]:
            choices = searches.read_choices(project)
            return choices, searches.default_request(choices, prompt_id=prompt_id, selection=ids)

        self._session.ask(work, lambda found: then(*found),
                          lambda error: self._session.notice.emit(str(error), "error"), owner=self._page)
