"""Small painted labels: filter chips, tags, states. The painter functions are shared with the table delegates."""

from __future__ import annotations

import html
import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.widgets import theme

# what a job's or model's state is shown as: (word, colour token, icon)
STATES = {
    "running": ("Running", "info", "play"), "waiting": ("Waiting", "idle", "history"),
    "paused": ("Paused", "warn", "pause"), "finished": ("Finished", "ok", "check"),
    "failed": ("Failed", "bad", "alert"), "stopped": ("Stopped", "idle", "stop"),
    "interrupted": ("Interrupted", "warn", "alert"), "ready": ("Ready", "idle", ""),
    "current": ("Current", "ok", ""), "incomplete": ("Incomplete", "warn", ""),
    "unavailable": ("Unavailable", "bad", ""),
}


def chip_width(text: str, role: str = "small_medium", *, icon: bool = False, closable: bool = False) -> int:
    advance = QFontMetricsF(theme.font(role)).horizontalAdvance(text)
    return math.ceil(advance) + 16 + (16 if icon else 0) + (16 if closable else 0)


def paint_chip(
    painter: QPainter, rect: QRectF, text: str, ink: str = "text2", fill: str = "idle_soft",
    role: str = "small_medium", *, icon: str = "", dot: bool = False, radius: float = 6,
) -> None:
    """A filled chip with an optional icon or dot before its word; ``rect`` is the whole chip."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(fill))
    painter.drawRoundedRect(rect, radius, radius)
    x = rect.x() + 8
    if icon:
        pixels = theme.pixmap(icon, ink, 14, painter.device().devicePixelRatioF())
        painter.drawPixmap(QPointF(x - 2, rect.center().y() - 7), pixels)
        x += 14
    elif dot:
        painter.setBrush(theme.color(ink))
        painter.drawEllipse(QRectF(x, rect.center().y() - 3, 6, 6))
        x += 12
    painter.setPen(theme.color(ink))
    painter.setFont(theme.font(role))
    room = QRectF(x, rect.y(), rect.right() - x - 4, rect.height())
    shown = QFontMetricsF(theme.font(role)).elidedText(text, Qt.TextElideMode.ElideRight, room.width() + 1)
    painter.drawText(room, int((Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter).value), shown)
    painter.restore()


def state_width(state: str) -> int:
    return chip_width(STATES[state][0], "caption_medium", icon=True)


def paint_state(painter: QPainter, rect: QRectF, state: str) -> None:
    """A state's chip at the left of ``rect``, vertically centred: icon or dot, and word."""
    word, token, icon = STATES[state]
    width = min(float(state_width(state)), rect.width())
    height = max(20, theme.px("small") + 8)
    chip = QRectF(rect.x(), rect.center().y() - height / 2, width, height)
    paint_chip(painter, chip, word, token, f"{token}_soft", "caption_medium", icon=icon, dot=not icon)


class Tag(QWidget):
    """A neutral chip with a word; with ``closable`` an x that removes it (mouse, Delete or Backspace)."""

    removed = Signal()

    def __init__(self, text: str, *, closable: bool = False, active: bool = False,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text, self._closable, self._active = text, closable, active
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{text}, Delete removes it" if closable else text)
        self.setToolTip(f"<span>{html.escape(text)}</span>")
        if closable:
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.setCursor(Qt.CursorShape.ArrowCursor)
        theme.notifier.changed.connect(self._retheme)

    def _retheme(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        height = max(24, QFontMetricsF(theme.font("small_medium")).height() + 8)
        return QSize(min(chip_width(self.text, closable=self._closable), 280), int(height))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _cross(self) -> QRectF:
        return QRectF(self.width() - 22, 0, 22, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink, fill = ("accent_text", "accent_soft") if self._active else ("text2", "idle_soft")
        room = QRectF(self.rect())
        paint_chip(painter, room, "", ink, fill)
        text = room.adjusted(8, 0, -22 if self._closable else -6, 0)
        painter.setPen(theme.color(ink))
        painter.setFont(theme.font("small_medium"))
        shown = QFontMetricsF(painter.font()).elidedText(self.text, Qt.TextElideMode.ElideRight, text.width() + 1)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter.value), shown)
        if self._closable:
            cross = theme.pixmap("x", ink, 12, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(self.width() - 19, room.center().y() - 6), cross)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(room.adjusted(1, 1, -1, -1), 6, 6)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._closable and self._cross().contains(event.position()):
            self.removed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._closable and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        else:
            super().keyPressEvent(event)


class FilterChip(Tag):
    """An active filter, with an x that takes it away."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, closable=True, active=True, parent=parent)


class StateChip(QWidget):
    """The state of a job or model as a chip."""

    def __init__(self, state: str = "ready", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_state(state)
        theme.notifier.changed.connect(self.update)

    def set_state(self, state: str) -> None:
        self._state = state
        self.setAccessibleName(STATES[state][0])
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(state_width(self._state), 20)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_state(QPainter(self), QRectF(self.rect()), self._state)
