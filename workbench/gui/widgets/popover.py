"""A small pane that opens below a button and closes when one clicks elsewhere or presses Esc."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QSplitter, QVBoxLayout, QWidget


class Popover(QFrame):
    """Shows a widget that lives elsewhere, and gives it back to its splitter when it closes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("card", "raised")
        self._widget: QWidget | None = None
        self._home: QSplitter | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 6, 1, 6)

    def holds(self, widget: QWidget) -> bool:
        return self._widget is widget

    def open_at(self, button: QWidget, widget: QWidget, *, height: int = 460) -> None:
        parent = widget.parentWidget()
        self._home = parent if isinstance(parent, QSplitter) else None
        self._widget = widget
        self._column.addWidget(widget)
        widget.show()
        self.resize(max(220, widget.sizeHint().width() + 40), min(height, button.window().height() - 60))
        self.move(button.mapToGlobal(QPoint(0, button.height() + 4)))
        self.show()
        widget.setFocus(Qt.FocusReason.PopupFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._widget is not None and self._home is not None:
            self._widget.hide()
            self._home.insertWidget(0, self._widget)
            self._widget.hide()
        self._widget = None
