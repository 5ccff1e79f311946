"""A window to look for demonstrations and add them to the prompt, by Enter or by dragging them there."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from workbench.domain import NOT_REJECTED
from workbench.gui.listing.table import Column, DemonstrationTable
from workbench.gui.listing.view import DemonstrationView
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.labels import hairline, label
from workbench.gui.widgets.search_field import SearchField
from workbench.services.demonstrations import Filter, Sort
from workbench.wording import counted


class DemonstrationPicker(QDialog):
    """Stays open beside the page, so that several can be added one after the other."""

    picked = Signal(list)                            # ids

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._there: frozenset[int] = frozenset()
        self._sort, self._descending = Sort.ID, False
        self.setWindowTitle("Add demonstration")
        self.setModal(False)
        self.resize(720, 520)
        self.field = SearchField("Filter by words, or by  tag:code  tokens<600", "Filter demonstrations")
        self.table = DemonstrationTable(self._fetch, self)
        self.view = DemonstrationView(self.table)
        self.view.set_hidden_columns({Column.TAGS, Column.SOURCE})
        self._count = label("", "faint")
        self._add = primary("Add to prompt", "plus")
        close = secondary("Close")
        top, foot = QHBoxLayout(), QHBoxLayout()
        top.setContentsMargins(16, 16, 16, 12)
        top.addWidget(self.field)
        foot.setContentsMargins(16, 10, 16, 12)
        foot.setSpacing(8)
        foot.addWidget(self._count)
        foot.addStretch(1)
        foot.addWidget(close)
        foot.addWidget(self._add)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(hairline())
        column.addWidget(self.view, 1)
        column.addWidget(hairline())
        column.addLayout(foot)
        for button in (self._add, close):
            button.setAutoDefault(False)
        self.field.searched.connect(lambda text: self.read())
        self.field.left.connect(self.view.setFocus)
        self.view.opened.connect(lambda id: self._pick())
        self.table.sort_chosen.connect(self._set_sort)
        self._add.clicked.connect(self._pick)
        close.clicked.connect(self.close)
        self.view.sortByColumn(Column.GAIN, Qt.SortOrder.DescendingOrder)
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def leave_out(self, ids: list[int]) -> None:
        """Those that are in the prompt already are not offered."""
        if frozenset(ids) != self._there:
            self._there = frozenset(ids)
            self.read()

    def read(self) -> None:
        where = Filter(self.field.text(), statuses=NOT_REJECTED)
        sort, descending = self._sort, self._descending
        self._session.ask(lambda p: p.demonstrations.ids(where, sort, descending=descending), self._arrived, owner=self)

    def _arrived(self, ids: list[int]) -> None:
        at = self.view.currentIndex().row()
        self.table.set_ids([id for id in ids if id not in self._there])
        self._count.setText(f"{counted(self.table.rowCount(), 'demonstration')}, without the rejected")
        self._add.setEnabled(self.table.rowCount() > 0 and not self._session.read_only)
        self.view.go_to(max(at, 0))

    def _set_sort(self, sort: Sort, descending: bool) -> None:
        self._sort, self._descending = sort, descending
        self.read()

    def _fetch(self, ids: list[int], then: Any) -> None:
        self._session.ask(lambda p: p.demonstrations.rows(ids), then, owner=self.table)

    def _pick(self) -> None:
        ids = self.view.selected_ids()
        if ids:
            self.picked.emit(ids)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.field.hasFocus():
            self.view.setFocus()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(
                focused := self.focusWidget(), QPushButton):
            focused.click()
        else:
            super().keyPressEvent(event)
