"""Panes that meet at hairlines, their headers, and forms' fields."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QSplitterHandle, QVBoxLayout, QWidget

from workbench.gui.widgets import theme
from workbench.gui.widgets.labels import ElidedLabel, hairline, label


class PaneHeader(QWidget):
    """40 px: a pane's title, a faint hint, and tools at the right."""

    def __init__(self, title: str, hint: str = "", *, height: int = 40, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(height)
        self._title = label(title, "strong")
        self._hint = ElidedLabel(hint, "faint")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(16, 0, 12, 0)
        self._row.setSpacing(8)
        self._row.addWidget(self._title)
        self._row.addWidget(self._hint, 1)

    def set_title(self, title: str) -> None:
        self._title.setText(title)

    def set_hint(self, hint: str) -> None:
        self._hint.setText(hint)

    def add_first(self, button: QWidget) -> None:
        """Add a button before the title."""
        self._row.insertWidget(0, button)
        self._row.setContentsMargins(8, 0, 12, 0)

    def add_tool(self, widget: QWidget) -> QWidget:
        self._row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        return widget


class _Handle(QSplitterHandle):
    """A 1 px line in the middle of a 7 px grab area."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.orientation() == Qt.Orientation.Horizontal:
            painter.fillRect(self.width() // 2, 0, 1, self.height(), theme.color("hairline"))
        else:
            painter.fillRect(0, self.height() // 2, self.width(), 1, theme.color("hairline"))


class Sizes(Protocol):
    """Where a splitter's sizes are kept from one start to the next; empty when they have not been kept yet."""

    def get(self) -> list[int]: ...
    def set(self, value: list[int]) -> None: ...


class Splitter(QSplitter):
    """A splitter whose handles are hairlines, and which remembers its sizes."""

    def __init__(self, orientation: Qt.Orientation, remembered: Sizes | None = None,
                 parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        self._remembered = remembered
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.splitterMoved.connect(self._store)
        theme.notifier.changed.connect(self.update)

    def createHandle(self) -> QSplitterHandle:
        handle = _Handle(self.orientation(), self)
        # the visible handle is 1 px; a mask-free margin makes it 7 px to the mouse
        if self.orientation() == Qt.Orientation.Horizontal:
            handle.setContentsMargins(3, 0, 3, 0)
        else:
            handle.setContentsMargins(0, 3, 0, 3)
        handle.setAttribute(Qt.WidgetAttribute.WA_MouseNoMask, True)
        return handle

    def restore(self, sizes: list[int]) -> None:
        """The remembered sizes, or ``sizes`` (logical pixels, also proportions). Call it after adding the panes."""
        stored = self._remembered.get() if self._remembered is not None else []
        self.setSizes(stored if len(stored) == self.count() else sizes)

    def _store(self) -> None:
        if self._remembered is not None:
            self._remembered.set(self.sizes())


def splitter(
    orientation: Qt.Orientation, *panes: QWidget, sizes: list[int] | None = None, stretch: int = 0,
    remembered: Sizes | None = None,
) -> Splitter:
    """Panes side by side (Horizontal) or one above the other; the pane number ``stretch`` takes the extra room."""
    made = Splitter(orientation, remembered)
    for index, pane in enumerate(panes):
        made.addWidget(pane)
        made.setStretchFactor(index, 1 if index == stretch else 0)
    if sizes is not None:
        made.restore(sizes)
    return made


def field(name: str, widget: QWidget, *, hint: str = "") -> QWidget:
    """A form's field: its label above it (its buddy), and perhaps a faint hint below."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    title = label(name, "section")
    title.setBuddy(widget)
    if not widget.accessibleName():
        widget.setAccessibleName(name)
    column.addWidget(title)
    column.addWidget(widget)
    if hint:
        column.addWidget(label(hint, "faint", wrap=True))
    return made


def headed_pane(header: PaneHeader, widget: QWidget, below: QWidget | None = None) -> QWidget:
    """``widget`` under its header and a hairline."""
    pane = QWidget()
    column = QVBoxLayout(pane)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for part in (header, hairline()):
        column.addWidget(part)
    column.addWidget(widget, 1)
    if below is not None:
        column.addWidget(below)
    return pane


def move_together(one: Splitter, other: Splitter) -> None:
    """Two splitters that are split at the same place."""
    one.splitterMoved.connect(lambda *_: other.setSizes(one.sizes()))
    other.splitterMoved.connect(lambda *_: one.setSizes(other.sizes()))
