"""A slope chart of ranks: in which order three judges put the same few things."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from workbench.gui.charts.chart import CENTRE, LEFT, RIGHT, Chart, Table, draw_text, text_width, tip
from workbench.gui.widgets import theme

COLUMNS = ("Teacher", "Before", "After")
HEAD = 30.0
STEP = 56.0                          # between ranks, at most
LEAST = 16.0                         # and at least, so that the labels do not touch
GAP = 10.0


@dataclass(frozen=True, slots=True)
class SlopeLine:
    """``scores`` are the teacher's, the student's before and after; ``detail`` is said in the tooltip."""

    label: str
    scores: tuple[float, float, float]
    detail: tuple[str, ...] = ()


def ranks(scores: Sequence[float]) -> list[int]:
    """1 for the highest score; equal ones in their order."""
    order = sorted(range(len(scores)), key=lambda index: (-scores[index], index))
    return [order.index(index) + 1 for index in range(len(scores))]


def direction(places: Sequence[int]) -> str:
    """Whether a rank went "closer" to the teacher's (the first), "farther", or stayed as far: "same"."""
    before, after = abs(places[1] - places[0]), abs(places[2] - places[0])
    return "closer" if after < before else "farther" if after > before else "same"


TOKENS = {"closer": "gain", "farther": "loss", "same": "control"}


class SlopeChart(Chart):
    """Rank 1 is on top. Up and Down choose a line, a click too; ``picked`` says which (its place in the data)."""

    picked = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._lines: tuple[SlopeLine, ...] = ()
        self._places: list[tuple[int, ...]] = []
        self.selected = -1
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)

    def set_lines(self, lines: Sequence[SlopeLine]) -> None:
        self._lines = tuple(lines)
        columns = [ranks([line.scores[judge] for line in lines]) for judge in range(len(COLUMNS))]
        self._places = list(zip(*columns, strict=True)) if lines else []
        self.selected = -1
        self.setMinimumHeight(round(HEAD + 24 + max(0, len(lines) - 1) * LEAST))
        self._say()
        self.update()

    def select(self, index: int) -> None:
        self.selected = index
        self._say()
        self.update()

    def _say(self) -> None:
        chosen = range(len(self._lines)) if self.selected < 0 else (self.selected,)
        self.describe("; ".join(self._words(index) for index in chosen))

    def _words(self, index: int) -> str:
        teacher, before, after = self._places[index]
        words = {"closer": "closer to the teacher", "farther": "farther from the teacher", "same": "no closer"}
        return (f"{self._lines[index].label}: teacher {teacher}, before {before}, after {after}, "
                f"{words[direction(self._places[index])]}")

    def table(self) -> Table:
        columns = ("Subset", *(f"{column}, rank" for column in COLUMNS), *(f"{column}, score" for column in COLUMNS))
        return Table(columns, tuple((line.label, *places, *line.scores)
                                    for line, places in zip(self._lines, self._places, strict=True)))

    def draw(self, painter: QPainter, rect: QRectF) -> None:
        if not self._lines:
            return
        plot = self._plot(rect)
        for column, title in enumerate(COLUMNS):
            x = self._x(plot, column)
            painter.setPen(QPen(theme.color("hairline"), 1))
            painter.drawLine(QPointF(x, plot.top() - 8), QPointF(x, plot.bottom() + 8))
            draw_text(painter, QRectF(x - 60, rect.top(), 120, HEAD - 10), title, theme.color("text2"),
                      theme.font("caption_strong"), CENTRE, elide=False)
        order = sorted(range(len(self._lines)), key=lambda index: index == self.selected)
        for index in order:
            self._draw_line(painter, plot, index)
        for index in order:
            self._draw_labels(painter, rect, plot, index)

    def _draw_line(self, painter: QPainter, plot: QRectF, index: int) -> None:
        colour = theme.color(TOKENS[direction(self._places[index])])
        width = 3.0 if index == self.selected else 2.0
        points = [self._point(plot, index, column) for column in range(len(COLUMNS))]
        for part, (here, there) in enumerate(itertools.pairwise(points)):
            ink = QColor(colour)
            ink.setAlphaF(0.5 if part == 0 and index != self.selected else 1.0)
            painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(here, there)
        painter.setPen(QPen(theme.color("surface"), 1.5))
        painter.setBrush(colour)
        for point in points:
            painter.drawEllipse(point, *((6.0, 6.0) if index == self.selected else (4.5, 4.5)))

    def _draw_labels(self, painter: QPainter, rect: QRectF, plot: QRectF, index: int) -> None:
        font = theme.font("small_medium" if index == self.selected else "small")
        left, right = self._point(plot, index, 0), self._point(plot, index, len(COLUMNS) - 1)
        label = self._lines[index].label
        token = {"closer": "gain", "farther": "loss", "same": "text"}[direction(self._places[index])]
        room = QRectF(rect.left(), left.y() - 10, left.x() - GAP - rect.left(), 20)
        draw_text(painter, room, label, theme.color("text2"), font, RIGHT)
        room = QRectF(right.x() + GAP, right.y() - 10, rect.right() - right.x() - GAP, 20)
        draw_text(painter, room, label, theme.color(token), font, LEFT)

    def _plot(self, rect: QRectF) -> QRectF:
        widest = max(text_width(line.label, theme.font("small_medium")) for line in self._lines)
        side = min(widest + GAP + 6, rect.width() * 0.3)
        height = min((len(self._lines) - 1) * STEP, rect.height() - HEAD - 24)
        return QRectF(rect.left() + side, rect.top() + HEAD + 8, rect.width() - 2 * side, max(height, 1.0))

    def _x(self, plot: QRectF, column: int) -> float:
        return round(plot.left() + column / (len(COLUMNS) - 1) * plot.width()) + 0.5

    def _point(self, plot: QRectF, index: int, column: int) -> QPointF:
        share = (self._places[index][column] - 1) / max(1, len(self._lines) - 1)
        return QPointF(self._x(plot, column), plot.top() + share * plot.height())

    def line_at(self, position: QPointF) -> int:
        """The line whose dot or label is at ``position``, or -1."""
        if not self._lines:
            return -1
        plot = self._plot(QRectF(self.rect()))
        for index in range(len(self._lines)):
            for column in range(len(COLUMNS)):
                at = self._point(plot, index, column)
                beside = (column == 0 and position.x() <= at.x()) or (column == 2 and position.x() >= at.x())
                if abs(position.y() - at.y()) <= 10 and (beside or abs(position.x() - at.x()) <= 12):
                    return index
        return -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.line_at(event.position())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.select(index)
            self.picked.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self.line_at(event.position()) >= 0
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None or not self._lines:
            super().keyPressEvent(event)
            return
        order = sorted(range(len(self._lines)), key=lambda index: self._places[index][0])
        place = order.index(self.selected) + step if self.selected >= 0 else 0
        self.select(order[max(0, min(len(order) - 1, place))])
        self.picked.emit(self.selected)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.line_at(QPointF(event.pos()))
            if index < 0:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), tip(self._words(index), *self._lines[index].detail), self)
            return True
        return super().event(event)
