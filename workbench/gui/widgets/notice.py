"""Messages in the window: a bar inside a page, and the one that passes at the bottom left."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPropertyAnimation, QSize, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsOpacityEffect,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import IconButton, link
from workbench.gui.widgets.labels import IconLabel, label
from workbench.gui.widgets.safe_text import tooltip

_TOAST_ICONS = {"error": ("alert", "bad"), "wait": ("history", "text2")}
_ICONS = {"warn": "alert", "bad": "alert", "info": "help", "ok": "check"}


class Notice(QFrame):
    """A sentence with a soft ground and perhaps a button: ``kind`` is warn, bad, info or ok."""

    def __init__(self, text: str, kind: str = "warn", button: QPushButton | None = None,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("notice", kind)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(12, 12, 12, 12)
        row.setSpacing(10)
        self._icon = IconLabel(_ICONS[kind], kind, 18)
        row.addWidget(self._icon)
        self._text = label(text, "body", wrap=True)
        row.addWidget(self._text, 1)
        if button is not None:
            row.addWidget(button)
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:
        """As high as the text is at the present width: Qt cuts what may not grow at the hint's height."""
        hint = super().sizeHint()
        if self.width() > 0:
            hint.setHeight(self._row.totalHeightForWidth(self.width()))
        return hint

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def set_text(self, text: str) -> None:
        self._text.setText(text)
        self.setAccessibleName(text)


class UndoToast(QFrame):
    """What has just been done, at the bottom left of ``room`` for some seconds, with the way back. ``foot`` says how
    high the bar of buttons at the bottom is just now: it is not covered."""

    undo = Signal()
    SECONDS = 8

    def __init__(self, room: QWidget, foot: Callable[[], int] = lambda: 0) -> None:
        super().__init__(room)
        self.setProperty("card", "raised")
        self._room, self._foot = room, foot
        self._action: Callable[[], object] | None = None
        self._kind = ""
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 8, 10)
        row.setSpacing(10)
        self._icon = IconLabel("check", "ok", 16)
        self._text = label("", "body")
        self._undo = link("Undo")
        self._keys = label("Ctrl+Z", "faint")
        close = IconButton("x", "Close this message", "Close this message, Esc", size=14)
        for widget in (self._icon, self._text, self._undo, self._keys, close):
            row.addWidget(widget)
        self._undo.clicked.connect(self._undone)
        close.clicked.connect(self.hide)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._fade)
        self._effect = QGraphicsOpacityEffect(self)
        self._effect.setEnabled(False)
        self.setGraphicsEffect(self._effect)
        self._motion = QPropertyAnimation(self._effect, b"opacity", self)
        self._motion.setDuration(120)
        self._motion.setEndValue(0.0)
        self._motion.finished.connect(self.hide)
        room.installEventFilter(self)
        theme.notifier.changed.connect(self._place)
        self.hide()

    def say(self, text: str, kind: str = "info", action: tuple[str, Callable[[], object]] | None = None) -> None:
        """``kind``: "undo" offers the way back; "info" only says it; "error" stays until it is closed, "wait" until
        something else is said.

        ``action`` is another thing to offer in the place of undo: (words, what to do).
        """
        self._kind = kind
        self._action = action[1] if action else None
        self._undo.setText(action[0] if action else "Undo")
        self._motion.stop()
        self._effect.setEnabled(False)
        line = text if len(text) <= 160 else text[:159] + "…"
        self._text.setText(line if line.endswith((".", "…", "?")) else line + ".")
        self._text.setToolTip(tooltip(text))
        self._icon.set_icon(*_TOAST_ICONS.get(kind, ("check", "ok")))
        self._undo.setVisible(kind == "undo" or action is not None)
        self._keys.setVisible(kind == "undo" and action is None)
        self.setAccessibleName(text)
        self.show()
        self.raise_()
        self._place()
        self._timer.stop()
        if kind not in ("error", "wait"):
            self._timer.start(self.SECONDS * 1000)

    def wait(self, text: str) -> None:
        """Say what is under way; "" when it is over, which takes away only this, and not what was said since."""
        if text:
            self.say(text, "wait")
        elif self._kind == "wait":
            self.hide()

    def text(self) -> str:
        return self._text.text()

    def _undone(self) -> None:
        self.hide()
        if self._action is not None:
            self._action()
        else:
            self.undo.emit()

    def _fade(self) -> None:
        if not self.isVisible():
            return
        self._effect.setOpacity(1.0)
        self._effect.setEnabled(True)
        self._motion.setStartValue(1.0)
        self._motion.start()

    def _place(self) -> None:
        self._row.activate()
        size = self.sizeHint()
        self.resize(min(size.width(), self._room.width() - 32), size.height())
        self.move(16, self._room.height() - self.height() - self._foot() - 16)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._room and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False
