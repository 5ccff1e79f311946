"""What can be done from anywhere in the window: its commands, the project menu and the model menu."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu

from workbench.gui.shell import places, settings
from workbench.gui.shell.choosing import choose_folder
from workbench.gui.shell.pages import PAGES
from workbench.gui.shell.session import Session
from workbench.gui.widgets import theme

if TYPE_CHECKING:
    from workbench.gui.shell.main_window import MainWindow
    from workbench.services.models import ModelInfo


def is_project(folder: Path) -> bool:
    return (folder / "project.db").is_file()


class WindowCommands(QObject):
    """Registers the window's commands and fills its menus."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session: Session = window.session
        self._register()
        window.top.project.menu.aboutToShow.connect(self._fill_project_menu)
        window.top.model.menu.aboutToShow.connect(self._fill_model_menu)
        self._models: list[ModelInfo] = []

    def _register(self) -> None:
        add, session, window = self._session.commands.add, self._session, self._window

        def has_project() -> bool:
            return session.project is not None

        def can_write() -> bool:
            return session.project is not None and not session.read_only

        for index, page in enumerate(PAGES):
            enabled = has_project if page.needs_project else (lambda: True)
            add(f"page.{page.name}", f"Go to {page.title}", partial(session.open_page, page.name),
                f"Ctrl+{index + 1}", enabled=enabled, icon=page.icon, group="Pages")
        add("palette", "Search or run a command", self.open_palette, ("Ctrl+Shift+P", "Ctrl+K"), icon="search")
        add("shortcuts", "Show the keys", self.open_shortcuts, ("F1", "Ctrl+/"), icon="help")
        add("undo", "Undo", session.undo, "Ctrl+Z", enabled=can_write, icon="undo")
        add("redo", "Redo", session.redo, ("Ctrl+Shift+Z", "Ctrl+Y"), enabled=can_write, icon="history")
        add("project.new", "New project…", self.new_project, icon="plus", group="Project")
        add("project.open", "Open project…", self.open_project, "Ctrl+O", icon="folder", group="Project")
        add("project.sample", "Open the sample project", self.open_sample, icon="spark", group="Project")
        add("project.folder", "Show the project's folder", self.show_folder, enabled=has_project, icon="folder",
            group="Project")
        add("project.close", "Close the project", session.close_project, "Ctrl+Shift+W", enabled=has_project,
            icon="x", group="Project")
        add("theme.light", "Use the light theme", lambda: window.set_theme("light"), icon="sun", group="Look")
        add("theme.dark", "Use the dark theme", lambda: window.set_theme("dark"), icon="moon", group="Look")
        add("theme.system", "Follow the system's theme", lambda: window.set_theme("system"), icon="sun", group="Look")
        add("theme.toggle", "Switch between light and dark", window.toggle_theme, "Ctrl+Shift+L", icon="moon",
            group="Look")
        add("text.larger", "Larger text", lambda: window.set_text_step(theme.text_step() + 1), ("Ctrl+=", "Ctrl++"),
            icon="plus", group="Look")
        add("text.smaller", "Smaller text", lambda: window.set_text_step(theme.text_step() - 1), "Ctrl+-",
            icon="down", group="Look")
        add("text.normal", "Text as large as the system's", lambda: window.set_text_step(0), "Ctrl+0",
            icon="check", group="Look")
        add("rail", "Collapse or expand the rail", window.toggle_rail, "Ctrl+B", icon="sidebar", group="Look")
        add("pane.next", "Move to the next pane", window.next_pane, "F6", icon="right")
        add("pane.previous", "Move to the previous pane", lambda: window.next_pane(-1), "Shift+F6", icon="right")
        add("quit", "Quit", window.close, "Ctrl+Q", icon="x")

    # -- palette and help

    def open_palette(self) -> None:
        from workbench.gui.shell.command_palette import CommandPalette

        CommandPalette(self._window).open()

    def open_shortcuts(self) -> None:
        from workbench.gui.shell.shortcuts_view import ShortcutsDialog

        ShortcutsDialog(self._window).open()

    # -- projects

    def new_project(self) -> None:
        from workbench.gui.shell.new_project import NewProjectDialog

        dialog = NewProjectDialog(self._window)
        dialog.chosen.connect(self._session.create_project)
        dialog.open()

    def open_project(self) -> None:
        folder = choose_folder(self._window, "Open a project folder", settings.PROJECTS_FOLDER)
        if folder is not None:
            self.open_folder(folder)

    def open_folder(self, folder: Path) -> None:
        """Open a project; if another program has it open, offer to open it for reading."""
        from workbench.gui.shell.opening import open_or_offer_reading

        open_or_offer_reading(self._session, folder, self._window)

    def open_sample(self) -> None:
        self._session.open_sample(places.sample_folder())

    def open_paths(self, paths: list[Path]) -> None:
        """What was dropped on the window: a project is opened, anything else is offered for import."""
        if len(paths) == 1 and is_project(paths[0]):
            self.open_folder(paths[0])
        elif self._session.project is not None:
            self._session.open_page("demonstrations", import_paths=paths)
        else:
            from workbench.gui.shell.new_project import NewProjectDialog

            dialog = NewProjectDialog(self._window, purpose=f"{paths[0].name} is imported into it.")
            dialog.chosen.connect(lambda folder, name: self._create_and_import(folder, name, paths))
            dialog.open()

    def _create_and_import(self, folder: Path, name: str, paths: list[Path]) -> None:
        def opened() -> None:
            self._session.project_opened.disconnect(opened)
            self._session.open_page("demonstrations", import_paths=paths)

        self._session.project_opened.connect(opened)
        self._session.create_project(folder, name)

    def show_folder(self) -> None:
        if self._session.project is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._session.project.folder)))

    def _fill_project_menu(self) -> None:
        menu = self._window.top.project.menu
        menu.clear()
        for id in ("project.new", "project.open", "project.sample"):
            self._add_action(menu, id)
        recent = [p for p in settings.recent_projects()
                  if self._session.project is None or p.folder != self._session.project.folder]
        if recent:
            menu.addSeparator()
            for project in recent:
                action = menu.addAction(theme.icon("folder"), f"{project.name}  ·  {short_path(project.folder)}")
                action.triggered.connect(lambda checked=False, folder=project.folder: self.open_folder(folder))
        if self._session.project is not None:
            menu.addSeparator()
            self._add_action(menu, "project.folder")
            self._add_action(menu, "project.close")

    def _add_action(self, menu: QMenu, id: str) -> None:
        command = self._session.commands.get(id)
        action = menu.addAction(theme.icon(command.icon), command.title)
        if command.shortcuts:
            action.setText(f"{command.title}\t{command.shortcuts[0]}")
        action.setEnabled(command.enabled())
        action.triggered.connect(lambda checked=False: command.run())

    # -- models

    def read_models(self) -> None:
        def got(models: list[ModelInfo]) -> None:
            self._models = models
            self._window.top.model.set_model(next((m.ref for m in models if m.current), None))

        self._session.ask(lambda p: p.models.all(), got, owner=self)

    def _fill_model_menu(self) -> None:
        menu = self._window.top.model.menu
        menu.clear()
        for model in self._models if self._session.project is not None else []:
            action = menu.addAction(model.ref.name if model.state == "ready" else f"{model.ref.name} ({model.state})")
            action.setCheckable(True)
            action.setChecked(model.current)
            action.setEnabled(model.state == "ready" and not self._session.read_only)
            id = model.ref.id
            action.triggered.connect(
                lambda checked=False, id=id: self._session.change(lambda p: p.models.set_current(id)))
        if self._session.project is None:
            menu.addAction("Open a project to choose its model").setEnabled(False)
            return
        menu.addSeparator()
        menu.addAction(theme.icon("models"), "Manage models…").triggered.connect(
            lambda: self._session.open_page("models"))


def short_path(path: Path) -> str:
    """With "~" for the home folder."""
    try:
        return "~/" + path.relative_to(Path.home()).as_posix()
    except ValueError:
        return str(path)
