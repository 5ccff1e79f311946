"""The window: rail, bars and pages, and what holds them together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QMimeData, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Changes, Kind
from workbench.errors import WorkbenchError
from workbench.gui.shell import dialogs, look, settings
from workbench.gui.shell.commands import Declared, always
from workbench.gui.shell.menus import ModelMenu, ProjectMenu
from workbench.gui.shell.page import Page
from workbench.gui.shell.pages import PAGES, PageEntry, entry
from workbench.gui.shell.projects import Projects
from workbench.gui.shell.rail import Rail
from workbench.gui.shell.session import Session
from workbench.gui.shell.status_bar import StatusBar
from workbench.gui.shell.top_bar import TopBar
from workbench.gui.widgets import theme
from workbench.gui.widgets.dragged_ids import MIME, ids_from_mime
from workbench.gui.widgets.focus import FocusRing
from workbench.gui.widgets.labels import hairline, vertical_hairline
from workbench.gui.widgets.notice import UndoToast
from workbench.wording import counted

NARROW = 1360                                    # below this width the rail collapses by itself


class MainWindow(QWidget):
    """One window with one session. Pages are built when they are first shown."""

    def __init__(self, session: Session, *, log: Path | None = None, focus_ring: FocusRing | None = None) -> None:
        super().__init__()
        self.session = session
        self.log = log
        self._focus_ring = focus_ring
        self._pages: dict[str, Page] = {}
        self._current = ""
        self._rail_choice: bool | None = None
        self._shortcuts: list[QShortcut] = []
        self._dialog_open = False
        self._rebuild = QTimer(self, singleShot=True, interval=0)
        self.setWindowTitle("Demonstration Workbench")
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setProperty("bg", "canvas")
        self.setMinimumSize(1024, 640)
        self.setAcceptDrops(True)
        self._build()
        self.projects = Projects(session, self)
        ProjectMenu(session, self.projects, self.top.project)
        self._models = ModelMenu(session, self.top.model)
        session.commands.declare(COMMANDS, self)
        self._connect()
        self._restore()
        self._drop_pages()
        self.show_page("welcome")

    # -- building

    def _build(self) -> None:
        self.top = TopBar()
        self.rail = Rail(PAGES)
        self.status = StatusBar(self.session)
        self.stack = QStackedWidget()
        self.stack.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.stack.setProperty("bg", "surface")
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(vertical_hairline())
        middle.addWidget(self.stack, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addWidget(hairline())
        column.addLayout(middle, 1)
        column.addWidget(hairline())
        column.addWidget(self.status)
        self.toast = UndoToast(self.stack, lambda: self.page(self.current_page).foot_height())

    def _connect(self) -> None:
        session = self.session
        session.page_requested.connect(lambda name, arguments: self.show_page(name, **arguments))
        session.project_opened.connect(self._project_opened)
        session.project_closed.connect(self._project_closed)
        session.changed.connect(self._refresh)
        session.notice.connect(self.toast.say)
        session.saving.connect(self.toast.wait)
        session.error.connect(self.show_error)
        session.bug.connect(self.show_bug)
        session.paths_offered.connect(self.projects.open_paths)
        session.commands.changed.connect(lambda: self._rebuild.start())
        self.toast.undo.connect(session.undo)
        self.rail.chosen.connect(self.show_page)
        self.rail.items["prompt"].take_drops(MIME)
        self.rail.items["prompt"].dropped.connect(self._add_to_prompt)
        self.rail.collapse_toggled.connect(self.toggle_rail)
        self.top.search.connect(self.open_palette)
        self.top.theme_toggled.connect(look.toggle_theme)
        self.top.help.connect(self.open_shortcuts)
        self._rebuild.timeout.connect(self._rebuild_shortcuts)
        self._rebuild_shortcuts()

    # -- pages

    @property
    def current_page(self) -> str:
        return self._current

    def page(self, name: str) -> Page:
        """The page of that name, built if it has not been shown yet."""
        if name not in self._pages:
            page = entry(name).build(self.session)
            self._pages[name] = page
            self.stack.addWidget(page)
        return self._pages[name]

    def show_page(self, name: str, **arguments: Any) -> None:
        if entry(name).needs_project and self.session.project is None:
            name, arguments = "welcome", {}
        page = self.page(name)
        self._current = name
        self.rail.set_current(name)
        self.stack.setCurrentWidget(page)
        self._enable_shortcuts()
        page.shown(**arguments)
        if not page.holds_focus():
            first = next((pane for pane in page.panes() if pane.isVisible() and pane.isEnabled()), None)
            if first is not None:
                first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _refresh(self, changes: Changes) -> None:
        for page in self._pages.values():
            page.refresh(changes)
        if changes.concerns(Kind.MODEL) or changes.concerns(Kind.PROJECT):
            self._models.read()
        if changes.concerns(Kind.JOB):
            self._read_badge()

    def next_pane(self, step: int = 1) -> None:
        """Move the focus to the next part of the page (F6)."""
        panes = [pane for pane in self.page(self._current).panes() if pane.isVisible() and pane.isEnabled()]
        if not panes:
            return
        now = next((i for i, pane in enumerate(panes) if pane.hasFocus() or pane.isAncestorOf(
            self.focusWidget() or pane)), -1 if step > 0 else 0)
        panes[(now + step) % len(panes)].setFocus(Qt.FocusReason.ShortcutFocusReason)

    # -- the project

    def _project_opened(self) -> None:
        project = self.session.project
        assert project is not None
        self._drop_pages()
        self.top.project.set_project(project.name, read_only=project.read_only)
        self.setWindowTitle(f"{project.name} – Demonstration Workbench")
        self._models.read()
        self._read_badge()
        self.show_page("demonstrations")
        self.session.ask(lambda p: sum(job.state == "interrupted" for job in p.jobs.all()), self._offer_resuming,
                         owner=self)

    def _offer_resuming(self, interrupted: int) -> None:
        if interrupted:
            self.toast.say(f"{counted(interrupted, 'job')} interrupted; what was finished is kept", "info",
                           ("Show jobs", lambda: self.session.open_page("jobs")))

    def _project_closed(self) -> None:
        self.top.project.set_project("")
        self.top.model.set_model(None)
        self.setWindowTitle("Demonstration Workbench")
        self.rail.items["jobs"].set_badge("")
        self.show_page("welcome")
        self._drop_pages()

    def _drop_pages(self) -> None:
        """Pages show one project; another project gets new ones."""
        for name in [n for n in self._pages if entry(n).needs_project]:
            page = self._pages.pop(name)
            self.stack.removeWidget(page)
            page.deleteLater()
            self.session.commands.drop_page(name)
        for entry_ in PAGES:
            self.rail.set_enabled(entry_.name, not entry_.needs_project or self.session.project is not None)

    def _add_to_prompt(self, data: QMimeData) -> None:
        """Demonstrations were dropped on the rail's Prompt."""
        ids, prompt_id = ids_from_mime(data), self.session.current_prompt_id
        if prompt_id is None:
            self.session.notice.emit("There is no prompt yet: press P in the table to begin one", "info")
        elif ids and not self.session.read_only:
            self.session.change(lambda p: p.prompts.add_demonstrations(prompt_id, ids))

    def _read_badge(self) -> None:
        def got(active: int) -> None:
            self.rail.items["jobs"].set_badge(str(active) if active else "")

        self.session.ask(
            lambda p: sum(job.state in ("running", "waiting", "paused") for job in p.jobs.all()), got, owner=self)

    # -- errors

    def show_error(self, error: WorkbenchError) -> None:
        self._open_dialog(dialogs.error_dialog(error, self))

    def show_bug(self, error: BaseException) -> None:
        self._open_dialog(dialogs.bug_dialog(error, self.log, self))

    def _open_dialog(self, dialog: dialogs.Dialog) -> None:
        """One at a time: a fault in something that repeats must not bury the window in dialogs."""
        if self._dialog_open:
            dialog.deleteLater()
            return
        self._dialog_open = True
        dialog.finished.connect(self._dialog_closed)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, True)
        dialog.open()

    def _dialog_closed(self, result: int) -> None:
        self._dialog_open = False

    # -- palette and keys

    def open_palette(self) -> None:
        from workbench.gui.shell.command_palette import CommandPalette

        CommandPalette(self.session, self._current, self).open()

    def open_shortcuts(self) -> None:
        from workbench.gui.shell.shortcuts_view import ShortcutsDialog

        ShortcutsDialog(COMMANDS, self).open()

    def close_overlays(self) -> None:
        """Close the palette and other things that lie over the window."""
        for overlay in self.findChildren(QWidget, "overlay"):
            overlay.close()
        for dialog in self.findChildren(dialogs.Dialog):
            dialog.close()

    # -- shortcuts

    def _rebuild_shortcuts(self) -> None:
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts = []
        for command in self.session.commands.all():
            for keys in command.shortcuts:
                shortcut = QShortcut(QKeySequence(keys), self)
                shortcut.setProperty("page", command.page or "")
                shortcut.activated.connect(lambda keys=keys, id=command.id: self._run_shortcut(keys, id))
                self._shortcuts.append(shortcut)
        self._enable_shortcuts()

    def _enable_shortcuts(self) -> None:
        """A page's keys act on that page alone, and there go before the window's own."""
        here = {s.key().toString() for s in self._shortcuts if s.property("page") == self._current}
        for shortcut in self._shortcuts:
            page = shortcut.property("page")
            shortcut.setEnabled(page == self._current or (not page and shortcut.key().toString() not in here))

    def _run_shortcut(self, keys: str, id: str) -> None:
        focused = self.focusWidget()
        if keys in ("Space", "Return", "Enter") and isinstance(focused, QAbstractButton):
            focused.click()                      # a button that has the focus keeps its own key
        else:
            self.session.commands.run(id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses a button that has the focus, as it does in dialogs."""
        focused = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(focused, QAbstractButton) \
                and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            focused.click()
        else:
            super().keyPressEvent(event)

    # -- room

    def toggle_rail(self) -> None:
        wanted = not self.rail.collapsed
        self._rail_choice = None if wanted == (self.width() < NARROW) else wanted
        self.rail.set_collapsed(wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        narrow = event.size().width() < NARROW
        self.rail.set_collapsed(narrow if self._rail_choice is None else self._rail_choice)
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._focus_ring is not None and self.windowHandle() is not None:
            self._focus_ring.watch(self.windowHandle())

    def _restore(self) -> None:
        self.resize(1440, 900)
        self.restoreGeometry(settings.GEOMETRY.get())
        self._rail_choice = {"collapsed": True, "open": False}.get(settings.RAIL.get())

    def closeEvent(self, event: QCloseEvent) -> None:
        settings.GEOMETRY.set(self.saveGeometry())
        settings.RAIL.set("" if self._rail_choice is None else "collapsed" if self._rail_choice else "open")
        self.session.close_project()
        super().closeEvent(event)

    # -- files dropped on the window

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.projects.open_paths(paths)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress \
                and event.key() == Qt.Key.Key_Escape and self.toast.isVisible():
            self.toast.hide()
            return True
        return super().event(event)


def has_project(window: MainWindow) -> bool:
    return window.session.project is not None


def can_write(window: MainWindow) -> bool:
    return window.session.project is not None and not window.session.read_only


def _go_to(number: int, page: PageEntry) -> Declared[MainWindow]:
    return Declared(f"page.{page.name}", f"Go to {page.title}", lambda window: window.session.open_page(page.name),
                    f"Ctrl+{number}", page.icon, has_project if page.needs_project else always, "Pages")


COMMANDS: tuple[Declared[MainWindow], ...] = (
    *(_go_to(number, page) for number, page in enumerate(PAGES, 1)),
    Declared("palette", "Search or run a command", MainWindow.open_palette, ("Ctrl+Shift+P", "Ctrl+K"), "search"),
    Declared("shortcuts", "Show the keys", MainWindow.open_shortcuts, ("F1", "Ctrl+/"), "help"),
    Declared("undo", "Undo", lambda window: window.session.undo(), "Ctrl+Z", "undo", can_write),
    Declared("redo", "Redo", lambda window: window.session.redo(), ("Ctrl+Shift+Z", "Ctrl+Y"), "history", can_write),
    Declared("project.new", "New project…", lambda window: window.projects.make(), (), "plus", group="Project"),
    Declared("project.open", "Open project…", lambda window: window.projects.choose(), "Ctrl+O", "folder",
             group="Project"),
    Declared("project.sample", "Open the sample project", lambda window: window.projects.open_sample(), (), "spark",
             group="Project"),
    Declared("project.folder", "Show the project's folder", lambda window: window.projects.show_folder(), (), "folder",
             has_project, "Project"),
    Declared("project.close", "Close the project", lambda window: window.session.close_project(), "Ctrl+Shift+W", "x",
             has_project, "Project"),
    Declared("theme.light", "Use the light theme", lambda window: look.set_theme("light"), (), "sun", group="Look"),
    Declared("theme.dark", "Use the dark theme", lambda window: look.set_theme("dark"), (), "moon", group="Look"),
    Declared("theme.system", "Follow the system's theme", lambda window: look.set_theme("system"), (), "sun",
             group="Look"),
    Declared("theme.toggle", "Switch between light and dark", lambda window: look.toggle_theme(), "Ctrl+Shift+L",
             "moon", group="Look"),
    Declared("text.larger", "Larger text", lambda window: look.set_text_step(theme.text_step() + 1),
             ("Ctrl+=", "Ctrl++"), "plus", group="Look"),
    Declared("text.smaller", "Smaller text", lambda window: look.set_text_step(theme.text_step() - 1), "Ctrl+-", "down",
             group="Look"),
    Declared("text.normal", "Text as large as the system's", lambda window: look.set_text_step(0), "Ctrl+0", "check",
             group="Look"),
    Declared("rail", "Collapse or expand the rail", MainWindow.toggle_rail, "Ctrl+B", "sidebar", group="Look"),
    Declared("pane.next", "Move to the next pane", MainWindow.next_pane, "F6"),
    Declared("pane.previous", "Move to the previous pane", lambda window: window.next_pane(-1), "Shift+F6"),
    Declared("quit", "Quit", MainWindow.close, "Ctrl+Q", "x"),
)
