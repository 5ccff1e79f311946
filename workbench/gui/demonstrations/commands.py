"""What can be done on the page Demonstrations, by key, by menu and by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QMenu

from workbench.domain import Changes, Demonstration, Kind, Prompt, Status
from workbench.gui.demonstrations.review import Review
from workbench.gui.widgets import theme
from workbench.services.project import Project

if TYPE_CHECKING:
    from workbench.gui.demonstrations.page import DemonstrationsPage
    from workbench.services.imports import ImportReport


class DemonstrationsCommands(QObject):
    def __init__(self, page: DemonstrationsPage) -> None:
        super().__init__(page)
        self._page = page
        self._session = page.session
        self._review = Review(page)
        self._register()
        self._connect()

    def _register(self) -> None:
        page, session = self._page, self._session

        def add(id: str, title: str, run: Callable[[], object], keys: str | tuple[str, ...] = "", icon: str = "right",
                *, writes: bool = True, chosen: bool = True) -> None:
            def enabled() -> bool:
                return (session.project is not None and not (writes and session.read_only)
                        and not (chosen and not page.chosen_ids()))

            session.commands.add(f"demonstrations.{id}", title, run, keys, page.name, enabled, icon=icon,
                                 group="Demonstrations")

        add("accept", "Accept", lambda: self.set_status(Status.ACCEPTED), "A", "check")
        add("reject", "Reject", lambda: self.set_status(Status.REJECTED), "R", "x")
        add("flag", "Flag for a second look", lambda: self.set_status(Status.FLAGGED), "F", "alert")
        add("candidate", "Make it a candidate again", lambda: self.set_status(Status.CANDIDATE), "C", "undo")
        add("accept_next", "Accept and next", lambda: self._review.decide(Status.ACCEPTED), "Shift+A", "check")
        add("reject_next", "Reject and next", lambda: self._review.decide(Status.REJECTED), "Shift+R", "x")
        add("flag_next", "Flag and next", lambda: self._review.decide(Status.FLAGGED), "Shift+F", "alert")
        add("undecided", "Next undecided demonstration", self._review.next_undecided, "N", "down", writes=False)
        add("next", "Next demonstration", lambda: page.step(1), "J", "down", writes=False)
        add("previous", "Previous demonstration", lambda: page.step(-1), "K", "up", writes=False)
        for rating in range(6):
            title = f"Rate {rating} of 5" if rating else "Clear the rating"
            add(f"rate{rating}", title, partial(self.set_rating, rating), str(rating), "star")
        add("edit", "Edit the text", self.edit, "E", "edit")
        add("tag", "Add a tag", self.tag, "T", "tag")
        add("tag_again", "Add the last tag again", self._review.tag_again, "Shift+T", "tag")
        add("note", "Write a note", self.note, "M", "edit")
        add("finish", "Save and next", page.editor.finish, ("Ctrl+Return", "Ctrl+Enter"), "check", chosen=False)
        add("prompt", "Add to prompt", self.add_to_prompt, "P", "prompt")
        add("copy", "Copy the instruction and answer", self.copy, "Ctrl+C", "copy", writes=False)
        add("variant", "Write a variant of it", self.write_variant, "Ctrl+D", "plus")
        add("delete", "Delete", self.delete, "", "trash")
        add("filter", "Filter demonstrations", self.filter, "Ctrl+F", "search", writes=False, chosen=False)
        add("new", "New demonstration", self.write_new, "Ctrl+N", "plus", chosen=False)
        add("import", "Import a file…", self.import_files, "Ctrl+I", "drop", chosen=False)
        add("export", "Export…", self.export, "Ctrl+E", "export", writes=False, chosen=False)

    def _connect(self) -> None:
        page = self._page
        page.import_button.clicked.connect(self.import_files)
        page.export_button.clicked.connect(self.export)
        page.new_button.clicked.connect(self.write_new)
        for button in (page.import_button, page.new_button):
            button.setEnabled(not self._session.read_only)
        page.editor.status_pressed.connect(self._decide)
        page.editor.step_pressed.connect(page.step)
        page.view.opened.connect(lambda id: self.edit())
        page.view.delete_pressed.connect(self.delete)
        page.view.customContextMenuRequested.connect(self._open_menu)
        panel = page.selection
        panel.status_pressed.connect(self.set_status)
        panel.rated.connect(self.set_rating)
        panel.tagged.connect(self._add_tag)
        panel.categorised.connect(lambda name: self._change(lambda p, ids: p.demonstrations.set_category(ids, name)))
        panel.prompt_pressed.connect(self.add_to_prompt)
        panel.export_pressed.connect(self.export)
        panel.delete_pressed.connect(self.delete)

    # Decisions

    def _change(self, work: Callable[[Project, list[int]], Changes]) -> None:
        """Change what is chosen."""
        ids = self._page.chosen_ids()
        if ids and not self._session.read_only:
            self._session.change(lambda p: work(p, ids))

    def set_status(self, status: Status) -> None:
        self._change(lambda p, ids: p.demonstrations.set_status(ids, status))

    def set_rating(self, rating: int) -> None:
        self._change(lambda p, ids: p.demonstrations.set_rating(ids, rating))

    def _decide(self, status: Status, go_on: bool) -> None:
        """The editor's buttons: they mean the demonstration that the editor shows."""
        id = self._page.editor.current()
        if id is None or self._session.read_only:
            return
        if go_on:
            self._page.step(1)
        self._session.change(lambda p: p.demonstrations.set_status([id], status))

    def delete(self) -> None:
        self._change(lambda p, ids: p.demonstrations.delete(ids))

    def _add_tag(self, tag: str) -> None:
        self._change(lambda p, ids: p.demonstrations.add_tag(ids, tag))

    def edit(self) -> None:
        if self._page.view.selected_count() <= 1:
            self._page.show_editor()
            self._page.await_editor()
            self._page.editor.turns.start()

    def tag(self) -> None:
        many = self._page.view.selected_count() > 1
        self._page.drawer.open()
        if not many:
            self._page.await_editor()
            self._page.editor.start_tag()
        else:
            self._page.selection.tags.start()

    def note(self) -> None:
        if self._page.view.selected_count() <= 1:
            self._page.show_editor()
            self._page.await_editor()
            self._page.editor.start_note()

    def add_to_prompt(self) -> None:
        """Add what is chosen to the current prompt; the first prompt is made for it."""
        ids, prompt_id = self._page.chosen_ids(), self._session.current_prompt_id
        if not ids or self._session.read_only:
            return
        if prompt_id is not None:
            self._session.change(lambda p: p.prompts.add_demonstrations(prompt_id, ids))
            return
        self._session.change(lambda p: p.prompts.create(Prompt(name="Prompt 1"), ids), self._prompt_made)

    def _prompt_made(self, changes: Changes) -> None:
        if changes.created and changes.concerns(Kind.PROMPT):
            self._session.current_prompt_id = changes.created[0]

    def copy(self) -> None:
        ids = self._page.chosen_ids()[:1000]
        self._session.ask(lambda p: p.demonstrations.get(ids), lambda found: QGuiApplication.clipboard().setText(
            "\n\n\n".join("\n\n".join(turn.text for turn in d.turns) for d in found)), owner=self)

    # Others

    def filter(self) -> None:
        field = self._page.filter.field
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()

    def write_new(self) -> None:
        if not self._session.read_only:
            self._page.show_editor()
            self._page.editor.write_new()

    def write_variant(self) -> None:
        """A new demonstration that begins with the turns of the current one."""
        id = self._page.view.current_id()
        if id is not None and not self._session.read_only:
            self._page.editor.save()
            self._page.show_editor()
            self._session.ask(lambda p: p.demonstrations.get([id]), self._write_like, owner=self)

    def _write_like(self, found: list[Demonstration]) -> None:
        for demonstration in found:
            self._page.editor.write_new(demonstration.turns)

    def import_files(self) -> None:
        from workbench.gui.demonstrations.import_dialog import choose_files

        paths = choose_files(self._page)
        if paths:
            self.open_import(paths)

    def open_import(self, paths: Sequence[Path]) -> None:
        from workbench.gui.demonstrations.import_dialog import ImportDialog

        if not self._session.read_only:
            dialog = ImportDialog(self._session, list(paths), self._page)
            dialog.imported.connect(self._imported)
            _open(dialog)

    def _imported(self, report: ImportReport) -> None:
        """What came in stands at the end of the list: go there."""
        if report.prompt_id is None and report.question_set_id is None and report.changes.created:
            self._page.go_to(report.changes.created[0])

    def export(self) -> None:
        from workbench.gui.shell.export_dialog import ExportDialog

        page = self._page
        _open(ExportDialog(self._session, page.view.selected_ids(), list(page.table.ids()), page))

    def _open_menu(self, at: QPoint) -> None:
        menu = QMenu(self._page)
        groups = (("accept", "reject", "flag", "candidate"), ("edit", "tag", "note", "prompt"),
                  ("variant", "copy", "export"), ("delete",))
        for group in groups:
            for id in group:
                command = self._session.commands.get(f"demonstrations.{id}")
                keys = command.shortcuts[0] if command.shortcuts else "Del" if id == "delete" else ""
                action = menu.addAction(theme.icon(command.icon), f"{command.title}\t{keys}", command.run)
                action.setEnabled(command.enabled())
            menu.addSeparator()
        menu.popup(self._page.view.viewport().mapToGlobal(at))


def _open(dialog: QDialog) -> None:
    """Show it; it goes when it is closed."""
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
