"""What a person does with demonstrations: decide on them one after the other, rate, tag, write, bring in, take out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QMenu, QWidget

from workbench.domain import Changes, Demonstration, Kind, Prompt, Status
from workbench.gui.demonstrations.side import SidePane
from workbench.gui.listing.view import DemonstrationView
from workbench.gui.shell.session import Session
from workbench.gui.widgets import theme
from workbench.services.demonstrations import Filter
from workbench.services.project import Project

if TYPE_CHECKING:
    from workbench.services.imports import ImportReport

MENU = (("accept", "reject", "flag", "candidate"), ("edit", "tag", "note", "prompt"), ("variant", "copy", "export"),
        ("delete",))


class DemonstrationActions(QObject):
    """``wanted`` carries a demonstration that is to be shown. Changes are of what is chosen in the table."""

    wanted = Signal(int)

    def __init__(self, session: Session, view: DemonstrationView, side: SidePane, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._view, self._side, self._parent = session, view, side, parent
        self._last_tag = ""
        self._connect()

    def _connect(self) -> None:
        editor, panel = self._side.editor, self._side.selection
        editor.status_pressed.connect(self._decide_on_shown)
        editor.step_pressed.connect(self._view.step)
        editor.properties.tags.added.connect(self._remember_tag)
        self._view.opened.connect(lambda id: self.edit())
        self._view.delete_pressed.connect(self.delete)
        self._view.customContextMenuRequested.connect(self._open_menu)
        panel.status_pressed.connect(self.set_status)
        panel.rated.connect(self.set_rating)
        panel.tagged.connect(self.add_tag)
        panel.categorised.connect(lambda name: self._change(lambda p, ids: p.demonstrations.set_category(ids, name)))
        panel.prompt_pressed.connect(self.add_to_prompt)
        panel.export_pressed.connect(self.export)
        panel.delete_pressed.connect(self.delete)

    # Decisions

    def _change(self, work: Callable[[Project, list[int]], Changes]) -> None:
        """Change what is chosen."""
        ids = self._view.chosen_ids()
        if ids and not self._session.read_only:
            self._session.change(lambda project: work(project, ids))

    def set_status(self, status: Status) -> None:
        self._change(lambda p, ids: p.demonstrations.set_status(ids, status))

    def decide(self, status: Status) -> None:
        """Decide on what is chosen, and go on to what comes after it."""
        ids = self._view.chosen_ids()
        if not ids or self._session.read_only:
            return
        self._side.editor.save()
        self._view.go_behind(ids[-1])
        self._session.change(lambda p: p.demonstrations.set_status(ids, status))

    def _decide_on_shown(self, status: Status, go_on: bool) -> None:
        """The editor's buttons: they mean the demonstration that the editor shows."""
        id = self._side.editor.current()
        if id is None or self._session.read_only:
            return
        if go_on:
            self._view.step(1)
        self._session.change(lambda p: p.demonstrations.set_status([id], status))

    def next_undecided(self) -> None:
        """Go to the next row that is still a candidate; after the last one, from the top again."""
        following = self._view.ids_from_current()

        def find(project: Project) -> int | None:
            undecided = set(project.demonstrations.ids(Filter(statuses=frozenset({Status.CANDIDATE}))))
            return next((id for id in following if id in undecided), None)

        def show(id: int | None) -> None:
            if id is None or not self._view.go_to_id(id):
                self._session.notice.emit("Each of the others shown is decided", "info")

        self._session.ask(find, show, owner=self)

    def set_rating(self, rating: int) -> None:
        self._change(lambda p, ids: p.demonstrations.set_rating(ids, rating))

    def delete(self) -> None:
        self._change(lambda p, ids: p.demonstrations.delete(ids))

    # Tags

    def add_tag(self, tag: str) -> None:
        self._remember_tag(tag)
        self._change(lambda p, ids: p.demonstrations.add_tag(ids, tag))

    def add_last_tag(self) -> None:
        if self._last_tag:
            self.add_tag(self._last_tag)

    def _remember_tag(self, tag: str) -> None:
        self._last_tag = tag

    # Writing

    def edit(self) -> None:
        if self._await_editor():
            self._side.editor.turns.start()

    def tag(self) -> None:
        self._side.drawer.open()
        if self._view.selected_count() > 1:
            self._side.selection.tags.start()
        else:
            self._side.await_editor()
            self._side.editor.start_tag()

    def note(self) -> None:
        if self._await_editor():
            self._side.editor.start_note()

    def _await_editor(self) -> bool:
        """Have the editor show the current demonstration; False where several are selected."""
        if self._view.selected_count() > 1:
            return False
        self._side.show_editor()
        self._side.await_editor()
        return True

    def finish(self) -> None:
        self._side.editor.finish()

    def write_new(self) -> None:
        if not self._session.read_only:
            self._side.show_editor()
            self._side.editor.write_new()

    def write_variant(self) -> None:
        """A new demonstration that begins with the turns of the current one."""
        id = self._view.current_id()
        if id is not None and not self._session.read_only:
            self._side.editor.save()
            self._side.show_editor()
            self._session.ask(lambda p: p.demonstrations.get([id]), self._write_like, owner=self)

    def _write_like(self, originals: list[Demonstration]) -> None:
        for demonstration in originals:
            self._side.editor.write_new(demonstration.turns)

    # To elsewhere and from there

    def add_to_prompt(self) -> None:
        """Add what is chosen to the current prompt; the first prompt is made for it."""
        prompt_id = self._session.current_prompt_id
        if prompt_id is not None:
            self._change(lambda p, ids: p.prompts.add_demonstrations(prompt_id, ids))
            return
        ids = self._view.chosen_ids()
        if ids and not self._session.read_only:
            self._session.change(lambda p: p.prompts.create(Prompt(name="Prompt 1"), ids), self._prompt_made)

    def _prompt_made(self, changes: Changes) -> None:
        if changes.created and changes.concerns(Kind.PROMPT):
            self._session.current_prompt_id = changes.created[0]

    def copy(self) -> None:
        ids = self._view.chosen_ids()[:1000]
        self._session.ask(lambda p: p.demonstrations.get(ids), lambda found: QGuiApplication.clipboard().setText(
            "\n\n\n".join("\n\n".join(turn.text for turn in d.turns) for d in found)), owner=self)

    def import_files(self) -> None:
        from workbench.gui.demonstrations.import_dialog import choose_files

        paths = choose_files(self._parent)
        if paths:
            self.open_import(paths)

    def open_import(self, paths: Sequence[Path]) -> None:
        from workbench.gui.demonstrations.import_dialog import ImportDialog

        if not self._session.read_only:
            dialog = ImportDialog(self._session, list(paths), self._parent)
            dialog.imported.connect(self._imported)
            _open(dialog)

    def _imported(self, report: ImportReport) -> None:
        """What came in stands at the end of the list: go there."""
        if report.prompt_id is None and report.question_set_id is None and report.changes.created:
            self.wanted.emit(report.changes.created[0])

    def export(self) -> None:
        from workbench.gui.shell.export_dialog import ExportDialog

        _open(ExportDialog(self._session, self._view.selected_ids(), self._view.all_ids(), self._parent))

    def _open_menu(self, at: QPoint) -> None:
        menu = QMenu(self._parent)
        for group in MENU:
            for id in group:
                command = self._session.commands.get(f"demonstrations.{id}")
                keys = command.shortcuts[0] if command.shortcuts else "Del" if id == "delete" else ""
                action = menu.addAction(theme.icon(command.icon), f"{command.title}\t{keys}", command.run)
                action.setEnabled(command.enabled())
            menu.addSeparator()
        menu.popup(self._view.viewport().mapToGlobal(at))


def _open(dialog: QDialog) -> None:
    """Show it; it goes when it is closed."""
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
