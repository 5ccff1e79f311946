"""The menus of the top bar: projects, and the project's models. They are filled when they open."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from workbench.gui.shell import places, settings
from workbench.gui.shell.projects import Projects
from workbench.gui.shell.session import Session
from workbench.gui.shell.top_bar import ModelButton, ProjectButton
from workbench.gui.widgets import theme

if TYPE_CHECKING:
    from workbench.services.models import ModelInfo


class ProjectMenu(QObject):
    def __init__(self, session: Session, projects: Projects, button: ProjectButton) -> None:
        super().__init__(button)
        self._session, self._projects, self._menu = session, projects, button.menu
        self._menu.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self._menu.clear()
        project = self._session.project
        for id in ("project.new", "project.open", "project.sample"):
            self._add_command(id)
        recent = [other for other in settings.recent_projects() if project is None or other.folder != project.folder]
        if recent:
            self._menu.addSeparator()
        for other in recent:
            self._menu.addAction(theme.icon("folder"), f"{other.name}  ·  {places.short_path(other.folder)}",
                                 partial(self._projects.open, other.folder))
        if project is not None:
            self._menu.addSeparator()
            self._add_command("project.folder")
            self._add_command("project.close")

    def _add_command(self, id: str) -> None:
        command = self._session.commands.get(id)
        keys = f"\t{command.shortcuts[0]}" if command.shortcuts else ""
        action = self._menu.addAction(theme.icon(command.icon), command.title + keys, command.run)
        action.setEnabled(command.enabled())


class ModelMenu(QObject):
    """Also says on the button which model is the current one."""

    def __init__(self, session: Session, button: ModelButton) -> None:
        super().__init__(button)
        self._session, self._button, self._menu = session, button, button.menu
        self._models: list[ModelInfo] = []
        self._menu.aboutToShow.connect(self._fill)

    def read(self) -> None:
        def show(models: list[ModelInfo]) -> None:
            self._models = models
            self._button.set_model(next((model.ref for model in models if model.current), None))

        self._session.ask(lambda project: project.models.all(), show, owner=self)

    def _fill(self) -> None:
        self._menu.clear()
        if self._session.project is None:
            self._menu.addAction("Open a project to choose its model").setEnabled(False)
            return
        for model in self._models:
            ready = model.state == "ready"
            name = model.ref.name if ready else f"{model.ref.name} ({model.state})"
            action = self._menu.addAction(name, partial(self._choose, model.ref.id))
            action.setCheckable(True)
            action.setChecked(model.current)
            action.setEnabled(ready and not self._session.read_only)
        self._menu.addSeparator()
        self._menu.addAction(theme.icon("models"), "Manage models…", partial(self._session.open_page, "models"))

    def _choose(self, id: int | None) -> None:
        if id is not None:
            self._session.change(lambda project: project.models.set_current(id))
