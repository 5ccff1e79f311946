"""The tags of one or several demonstrations: chips with an x, and a field for the next."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from workbench.gui.widgets.buttons import Button
from workbench.gui.widgets.chips import Tag
from workbench.gui.widgets.flow_layout import FlowLayout, remove_widgets


class TagEditor(QWidget):
    added = Signal(str)
    removed = Signal(str)
    left = Signal()                                  # Esc in the field

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tags: tuple[str, ...] = ()
        self._known: list[str] = []
        self._flow = FlowLayout(self)
        self._add = Button("Add tag", "ghost", "plus")
        self._add.setToolTip("Add tag, T")
        self._add.clicked.connect(self.start)
        self._field = QLineEdit()
        self._field.setAccessibleName("New tag")
        self._field.setPlaceholderText("New tag")
        self._field.setFixedWidth(140)
        self._field.returnPressed.connect(self._finish)
        self._field.installEventFilter(self)
        self._field.hide()
        self._flow.addWidget(self._add)
        self._flow.addWidget(self._field)

    def tags(self) -> tuple[str, ...]:
        return self._tags

    def show_tags(self, tags: tuple[str, ...]) -> None:
        if tags == self._tags:
            return
        remove_widgets(self._flow, keep=self._flow.count() - len(self._tags))
        self._tags = tags
        for place, tag in enumerate(tags):
            chip = Tag(tag, closable=True)
            chip.removed.connect(lambda tag=tag: self.removed.emit(tag))
            self._flow.insert_widget(place, chip)
            chip.show()
        self.updateGeometry()

    def set_known(self, tags: Iterable[str]) -> None:
        """Tags that exist already, offered while typing."""
        known = sorted(tags, key=str.casefold)
        if known != self._known:
            self._known = known
            completer = QCompleter(known, self)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            self._field.setCompleter(completer)

    def start(self) -> None:
        """Open the field for a new tag."""
        self._add.hide()
        self._field.clear()
        self._field.show()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def stop(self) -> None:
        self._field.hide()
        self._add.show()

    def _finish(self) -> None:
        tag = " ".join(self._field.text().split())
        self._field.clear()
        if tag and tag not in self._tags:
            self.added.emit(tag)
        elif not tag:
            self.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        completer = self._field.completer()
        offering = completer is not None and (popup := completer.popup()) is not None and popup.isVisible()
        if event.type() == QEvent.Type.FocusOut and not offering:
            self.stop()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            self.stop()
            return True
        return False
