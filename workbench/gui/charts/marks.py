"""Charts whose marks can be pointed at: hover says the number, a click or Enter opens what is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from workbench.gui.charts.chart import Chart, tip
from workbench.gui.widgets import theme

BASELINE = -1                        # the colour number of what everything is compared with
COLOURS = 6                          # more series than these are not told apart by colour


def ink(colour: int) -> QColor:
    """A series' colour; BASELINE is neutral, and what comes after the sixth stands back."""
    if colour < 0:
        return theme.color("idle")
    return theme.series(colour) if colour < COLOURS else theme.color("control")


@dataclass(frozen=True, slots=True)
class Mark:
    """What can be pointed at: where it is, what it says (the first line names it), and ``key`` for who opens it."""

    rect: QRectF
    words: tuple[str, ...]
    key: object = field(default=None)


class MarkedChart(Chart):
    """Subclasses write ``marks`` beside ``draw``. Arrows move between marks; Enter, Space or a click open one."""

    picked = Signal(object)                      # a mark's target

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._current: object = None             # the key of the mark that the keyboard is at
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def marks(self, rect: QRectF) -> Sequence[Mark]:
        """The marks of a chart drawn into ``rect``."""
        raise NotImplementedError(type(self).__name__)

    def target(self, mark: Mark) -> object:
        """What a click on ``mark`` opens, None for nothing."""
        return mark.key

    def draw_current(self, painter: QPainter, mark: Mark) -> None:
        draw_outline(painter, mark.rect)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        mark = self.current()
        if mark is not None and self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.draw_current(painter, mark)

    def current(self) -> Mark | None:
        return next((mark for mark in self._own() if mark.key == self._current), None)

    def _own(self) -> Sequence[Mark]:
        return self.marks(QRectF(self.rect()))

    def mark_at(self, position: QPointF) -> Mark | None:
        """The mark under ``position``; of several the one whose middle is nearest."""
        under = [mark for mark in self._own() if mark.rect.contains(position)]
        return min(under, key=lambda mark: _distance(mark.rect.center(), position), default=None)

    def _go_to(self, mark: Mark) -> None:
        self._current = mark.key
        self.describe(", ".join(mark.words))
        self.update()

    def _open(self, mark: Mark) -> None:
        self._go_to(mark)
        if self.target(mark) is not None:
            self.picked.emit(self.target(mark))

    # events
    def mousePressEvent(self, event: QMouseEvent) -> None:
        mark = self.mark_at(event.position())
        if mark is not None and event.button() == Qt.MouseButton.LeftButton:
            self._open(mark)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        mark = self.mark_at(event.position())
        over = mark is not None and self.target(mark) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        here = self.current()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and here is not None:
            self._open(here)
            return
        found = neighbour(self._own(), here, key)
        if found is None:
            super().keyPressEvent(event)
        else:
            self._go_to(found)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            mark = self.mark_at(QPointF(event.pos()))
            if mark is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), tip(*mark.words), self)
            return True
        return super().event(event)


_DIRECTIONS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


def neighbour(marks: Sequence[Mark], here: Mark | None, key: Qt.Key) -> Mark | None:
    """The mark next to ``here`` in an arrow's direction, or ``here`` at the edge; None for other keys."""
    direction = _DIRECTIONS.get(key)
    if direction is None or not marks:
        return None
    if here is None:
        return marks[0]
    start = here.rect.center()

    def cost(mark: Mark) -> float:
        step = mark.rect.center() - start
        along = step.x() * direction[0] + step.y() * direction[1]
        aside = abs(step.x() * direction[1]) + abs(step.y() * direction[0])
        return along + 4 * aside if along > 0.5 else float("inf")

    best = min(marks, key=cost)
    return best if cost(best) < float("inf") else here


def draw_outline(painter: QPainter, rect: QRectF, radius: float = 4) -> None:
    """Around the mark that the keyboard is at."""
    painter.setPen(QPen(theme.color("text"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(-1, -1, 1, 1), radius, radius)


def draw_dot(painter: QPainter, centre: QPointF, colour: QColor, radius: float = 4.5) -> None:
    """A dot ringed in the surface's colour, so that it stands out on lines and other dots."""
    painter.setPen(QPen(theme.color("surface"), 1.5))
    painter.setBrush(colour)
    painter.drawEllipse(centre, radius, radius)


def _distance(a: QPointF, b: QPointF) -> float:
    return (a.x() - b.x()) ** 2 + (a.y() - b.y()) ** 2
