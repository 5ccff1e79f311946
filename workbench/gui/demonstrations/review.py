"""Going through candidates quickly: decide and go on, the next undecided one, the last tag again, back by undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from workbench.domain import Changes, Kind, Status
from workbench.services.demonstrations import Filter
from workbench.services.project import Project

if TYPE_CHECKING:
    from workbench.gui.demonstrations.page import DemonstrationsPage


class Review(QObject):
    def __init__(self, page: DemonstrationsPage) -> None:
        super().__init__(page)
        self._page, self._session = page, page.session
        self.last_tag = ""
        page.editor.properties.tags.added.connect(self._remember_tag)
        page.selection.tagged.connect(self._remember_tag)
        self._session.stepped.connect(self._return_to)

    def decide(self, status: Status) -> None:
        """Decide on what is chosen, and go on to what comes after it."""
        page, ids = self._page, self._page.chosen_ids()
        if not ids or self._session.read_only:
            return
        last = page.table.position(ids[-1])
        page.editor.save()
        if last is not None:
            page.view.go_to(last + 1)
        self._session.change(lambda p: p.demonstrations.set_status(ids, status))

    def next_undecided(self) -> None:
        """Go to the next row that is still a candidate; after the last one, from the top again."""
        page, ids, at = self._page, self._page.table.ids(), self._page.view.currentIndex().row()

        def find(project: Project) -> int | None:
            undecided = set(project.demonstrations.ids(Filter(statuses=frozenset({Status.CANDIDATE}))))
            return next((id for id in (*ids[at + 1:], *ids[:max(at, 0)]) if id in undecided), None)

        def found(id: int | None) -> None:
            place = None if id is None else page.table.position(id)
            if place is None:
                self._session.notice.emit("Each of the others shown is decided", "info")
            else:
                page.view.go_to(place)

        self._session.ask(find, found, owner=page)

    def tag_again(self) -> None:
        """Add the tag that was added last."""
        ids, tag = self._page.chosen_ids(), self.last_tag
        if ids and tag and not self._session.read_only:
            self._session.change(lambda p: p.demonstrations.add_tag(ids, tag))

    def _remember_tag(self, tag: str) -> None:
        self.last_tag = tag

    def _return_to(self, changes: Changes) -> None:
        """Undo and redo show the one demonstration that they changed, if it is in the list."""
        touched = changes.touched.get(Kind.DEMONSTRATION, frozenset())
        if len(touched) == 1 and self._page.isVisible():
            self._page.come_back_to(*touched)
