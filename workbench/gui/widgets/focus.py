"""The focus ring is for people who use the keyboard: it shows after a key, not after a click."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QApplication, QWidget

from workbench.gui.widgets.labels import set_property


class FocusRing(QObject):
    """Sets ``kbd`` to "1" on the widget that has the focus while the last input was a key."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.keyboard = False
        self._marked: QWidget | None = None
        app.focusChanged.connect(self._moved)

    def watch(self, window: QWindow) -> None:
        """Look at a window's input. (A filter on the whole application would see every event of every widget.)"""
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.KeyPress:
            self.keyboard = True
        elif kind == QEvent.Type.MouseButtonPress:
            self.keyboard = False
            self._mark(None)
        return False

    def _moved(self, old: QWidget | None, new: QWidget | None) -> None:
        handle = new.window().windowHandle() if new is not None else None
        if handle is not None and shiboken6.isValid(handle):     # Qt's file dialogs leave a name for one that is gone
            self.watch(handle)                   # a dialog has a window of its own; twice is the same as once
        self._mark(new if self.keyboard else None)

    def _mark(self, widget: QWidget | None) -> None:
        if self._marked is not None and shiboken6.isValid(self._marked):
            set_property(self._marked, "kbd", "")
        self._marked = widget
        if widget is not None:
            set_property(widget, "kbd", "1")


def visible(widget: QWidget) -> bool:
    """Whether a painted widget is to draw its focus ring."""
    return widget.hasFocus() and widget.property("kbd") == "1"
