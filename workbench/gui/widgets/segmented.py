"""A control that chooses one of a few, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)


class _Option(QPushButton):
    """Its word is shortened where there is no room for it, rather than cut at both ends."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionButton()
        self.initStyleOption(option)
        room = self.width() - (self.sizeHint().width() - self.fontMetrics().horizontalAdvance(self.text()))
        option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, max(room + 2, 0))
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)


class Segmented(QFrame):
    """Options side by side, or ``vertical`` below one another, one chosen. Arrows move the choice."""

    changed = Signal(int)

    def __init__(self, options: Sequence[str], current: int = 0, *, name: str = "",
                 vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("seg", "1")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if name:
            self.setAccessibleName(name)
        self._vertical = vertical
        row = QBoxLayout(QBoxLayout.Direction.TopToBottom if vertical else QBoxLayout.Direction.LeftToRight, self)
        row.setContentsMargins(1, 1, 1, 1)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        for index, text in enumerate(options):
            button = _Option(text)
            button.setAutoDefault(False)         # in a dialog Enter is for the dialog
            button.setCheckable(True)
            button.setProperty("list", "1" if vertical else "")
            button.setChecked(index == current)
            button.setAccessibleName(f"{name}: {text}" if name else text)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._group.addButton(button, index)
            row.addWidget(button)
        self._group.idToggled.connect(lambda index, on: self.changed.emit(index) if on else None)

    def current(self) -> int:
        return self._group.checkedId()

    def text(self) -> str:
        return self.button(self.current()).text()

    def set_current(self, index: int) -> None:
        self._group.button(index).setChecked(True)

    def set_text(self, index: int, text: str) -> None:
        self._group.button(index).setText(text)

    def button(self, index: int) -> QAbstractButton:
        return self._group.button(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        before, after = ((Qt.Key.Key_Up, Qt.Key.Key_Down) if self._vertical else
                         (Qt.Key.Key_Left, Qt.Key.Key_Right))
        step = {before: -1, after: 1}.get(Qt.Key(event.key()), 0)
        if step:
            index = (self.current() + step) % len(self._group.buttons())
            self.set_current(index)
            self._group.button(index).setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)
