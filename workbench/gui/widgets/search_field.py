"""A line to filter by, with the magnifying glass inside."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from workbench.gui.widgets import theme


class SearchField(QLineEdit):
    """``searched`` follows the typing after a short rest, and at once on Enter. Esc empties it, then leaves it."""

    searched = Signal(str)
    left = Signal()                              # Esc in the empty field, or arrow down: back to the list
    erased = Signal()                            # Backspace in the empty field
    REST_MS = 150

    def __init__(self, placeholder: str, accessible: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(accessible or placeholder)
        self.setMinimumWidth(160)
        self._glass = QAction("Filter", self)
        self.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self._rest = QTimer(self, singleShot=True, interval=self.REST_MS)
        self._rest.timeout.connect(lambda: self.searched.emit(self.text()))
        self.textChanged.connect(lambda text: self._rest.start())
        self.returnPressed.connect(self._at_once)
        self._retheme()
        theme.notifier.changed.connect(self._retheme)

    def set_text_silently(self, text: str) -> None:
        """Show another text without searching for it."""
        self.setText(text)
        self._rest.stop()

    def _at_once(self) -> None:
        self._rest.stop()
        self.searched.emit(self.text())

    def _retheme(self) -> None:
        self._glass.setIcon(theme.icon("search", "text3", 16))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self._at_once()
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Down):
            self.left.emit()
        elif event.key() == Qt.Key.Key_Backspace and not self.text():
            self.erased.emit()
        else:
            super().keyPressEvent(event)
