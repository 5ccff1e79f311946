"""The rating of a demonstration: one to five stars, or none."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.widgets import theme

_STAR = ((0, -5.6), (1.65, -1.9), (5.6, -1.5), (2.6, 1.1), (3.5, 5), (0, 2.95), (-3.5, 5), (-2.6, 1.1),
         (-5.6, -1.5), (-1.65, -1.9))


def paint_stars(painter: QPainter, rect: QRectF, rating: int, step: float = 13, scale: float = 0.95) -> None:
    """Five stars from the left of ``rect``, vertically centred, ``rating`` of them filled."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    y = rect.center().y()
    for index in range(5):
        painter.setBrush(theme.color("star" if index < rating else "star_off"))
        x = rect.x() + step / 2 + index * step
        painter.drawPolygon(QPolygonF([QPointF(x + dx * scale, y + dy * scale) for dx, dy in _STAR]))
    painter.restore()


class Stars(QWidget):
    """Five stars to click; digits 0–5 and the arrows set the rating too. ``changed`` only for a person's choice."""

    changed = Signal(int)
    STEP = 20

    def __init__(self, rating: int = 0, *, read_only: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._read_only = read_only
        self._hover = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(not read_only)
        if not read_only:
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.set_rating(rating)
        theme.notifier.changed.connect(self.update)

    def rating(self) -> int:
        return self._rating

    def set_rating(self, rating: int) -> None:
        self._rating = rating
        self.setAccessibleName("Rating")
        self.setAccessibleDescription(f"{rating} of 5 stars" if rating else "Not rated yet")
        self.update()

    def _choose(self, rating: int) -> None:
        if rating != self._rating:
            self.set_rating(rating)
            self.changed.emit(rating)

    def sizeHint(self) -> QSize:
        return QSize(self.STEP * 5 + 4, 28)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self._hover or self._rating
        paint_stars(painter, QRectF(self.rect()).adjusted(2, 0, 0, 0), shown, self.STEP, 1.4)
        if self.hasFocus() and self.property("kbd") == "1":
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.color("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _at(self, event: QMouseEvent) -> int:
        return min(5, max(1, int((event.position().x() - 2) // self.STEP) + 1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._read_only:
            self._hover = self._at(event)
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._hover = 0
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._read_only or not self.rect().contains(event.position().toPoint()):
            return
        chosen = self._at(event)
        self._hover = 0
        self._choose(0 if chosen == self._rating else chosen)     # the same star again clears the rating

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if self._read_only:
            super().keyPressEvent(event)
        elif Qt.Key.Key_0 <= key <= Qt.Key.Key_5:
            self._choose(key - Qt.Key.Key_0)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._choose(min(5, max(0, self._rating + (1 if key == Qt.Key.Key_Right else -1))))
        else:
            super().keyPressEvent(event)
