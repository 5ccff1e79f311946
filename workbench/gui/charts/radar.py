"""A radar chart: one axis a category, one outline a contestant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from workbench.domain import Interval
from workbench.gui.charts.chart import CENTRE, LEFT, RIGHT, Table, draw_text, one_line, text_width
from workbench.gui.charts.marks import Mark, MarkedChart, draw_dot, ink
from workbench.gui.charts.numbers import tick_digits
from workbench.gui.widgets import theme
from workbench.wording import interval_words, plain

MOST = 4                             # outlines; more cannot be told apart


@dataclass(frozen=True, slots=True)
class Outline:
    """``values`` has one interval an axis, None where nothing was measured there."""

    label: str
    values: tuple[Interval | None, ...]
    colour: int
    key: object = None
    highlighted: bool = False


class RadarChart(MarkedChart):
    """``picked`` gives (the outline's key, the axis' name). At least three axes; fewer are shown as bars elsewhere."""

    def __init__(self, name: str, unit: str = "", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._unit = unit
        self._axes: tuple[str, ...] = ()
        self._outlines: tuple[Outline, ...] = ()
        self._rings: tuple[float, ...] = (0.0, 1.0)
        self.setMinimumSize(200, 180)

    def show_outlines(self, axes: Sequence[str], outlines: Sequence[Outline], rings: Sequence[float],
                      unit: str = "") -> None:
        """``rings`` rise from the value of the middle to that of the outermost ring."""
        self._axes, self._outlines = tuple(axes), tuple(outlines[:MOST])
        self._rings = tuple(rings) if len(rings) > 1 else (0.0, 1.0)
        self._unit = unit
        self.describe("; ".join(f"{one_line(outline.label)}: " + ", ".join(
            f"{one_line(axis)} {plain(value.mean) if value else 'none'}"
            for axis, value in zip(axes, outline.values, strict=True)) for outline in self._outlines))
        self.update()

    def table(self) -> Table:
        columns = ("Category", *(f"{outline.label}{part}" for outline in self._outlines
                                 for part in ("", ", 95 % low", ", 95 % high")))
        rows = []
        for place, axis in enumerate(self._axes):
            cells: list[float | None] = []
            for outline in self._outlines:
                value = outline.values[place]
                cells += [value.mean, value.low, value.high] if value else [None, None, None]
            rows.append((axis, *cells))
        return Table(columns, tuple(rows))

    def legend(self) -> Sequence[tuple[str, QColor]]:
        return [(outline.label, ink(outline.colour)) for outline in self._outlines]

    # geometry
    def _circle(self, rect: QRectF) -> tuple[QPointF, float]:
        """Middle and radius that leave room for the names of the axes."""
        font = theme.font("small")
        side = max((text_width(one_line(axis), font) for axis in self._axes), default=0.0)
        room = min(side + 12, rect.width() * 0.28)
        height = theme.px("small") + 12.0
        return rect.center(), max(20.0, min(rect.width() / 2 - room, rect.height() / 2 - height))

    def _direction(self, axis: int) -> QPointF:
        angle = 2 * math.pi * axis / max(1, len(self._axes)) - math.pi / 2
        return QPointF(math.cos(angle), math.sin(angle))

    def _point(self, middle: QPointF, radius: float, axis: int, value: float) -> QPointF:
        low, high = self._rings[0], self._rings[-1]
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return middle + self._direction(axis) * (radius * share)

    def marks(self, rect: QRectF) -> Sequence[Mark]:
        middle, radius = self._circle(rect)
        found = []
        for outline in self._outlines:
            for axis, value in enumerate(outline.values):
                if value is None:
                    continue
                at = self._point(middle, radius, axis, value.mean)
                words = (f"{one_line(outline.label)}, {one_line(self._axes[axis])}",
                         f"{plain(value.mean)} {self._unit}".strip(), interval_words(value))
                found.append(Mark(QRectF(at.x() - 7, at.y() - 7, 14, 14), words, (outline.key, self._axes[axis])))
        return found

    # painting
    def draw(self, painter: QPainter, rect: QRectF) -> None:
        if len(self._axes) < 3:
            return
        middle, radius = self._circle(rect)
        self._draw_rings(painter, middle, radius)
        self._draw_names(painter, rect, middle, radius)
        for outline in sorted(self._outlines, key=lambda outline: outline.highlighted):
            self._draw_outline(painter, middle, radius, outline)
        self._draw_scale(painter, middle, radius)

    def _shares(self) -> list[tuple[float, float]]:
        """(share of the radius, value) of each ring."""
        low, high = self._rings[0], self._rings[-1]
        return [((value - low) / (high - low), value) for value in self._rings[1:]]

    def _ring(self, middle: QPointF, radius: float) -> QPolygonF:
        return QPolygonF([middle + self._direction(axis) * radius for axis in range(len(self._axes))])

    def _draw_rings(self, painter: QPainter, middle: QPointF, radius: float) -> None:
        painter.setPen(QPen(theme.color("hairline"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for share, _ in self._shares():
            painter.drawPolygon(self._ring(middle, radius * share))
        for axis in range(len(self._axes)):
            painter.drawLine(middle, middle + self._direction(axis) * radius)

    def _draw_scale(self, painter: QPainter, middle: QPointF, radius: float) -> None:
        """A number at each ring, over the outlines, on the first axis."""
        digits, font = tick_digits(list(self._rings)), theme.font("caption")
        for share, value in self._shares():
            y = middle.y() - radius * share
            text = plain(value, digits)
            back = QColor(theme.color("surface"))
            back.setAlphaF(0.8)
            room = QRectF(middle.x() + 3, y - 1, text_width(text, font) + 4, theme.px("caption") + 2)
            painter.fillRect(room, back)
            draw_text(painter, room, text, theme.color("text3"), font, CENTRE, elide=False)

    def _draw_names(self, painter: QPainter, rect: QRectF, middle: QPointF, radius: float) -> None:
        height = theme.px("small") + 6.0
        for axis, name in enumerate(self._axes):
            way = self._direction(axis)
            at = middle + way * (radius + 8)
            if abs(way.x()) < 0.15:
                room = QRectF(middle.x() - 90, at.y() - (height if way.y() < 0 else 0), 180, height)
                align = CENTRE
            elif way.x() > 0:
                room, align = QRectF(at.x(), at.y() - height / 2, rect.right() - at.x(), height), LEFT
            else:
                room, align = QRectF(rect.left(), at.y() - height / 2, at.x() - rect.left(), height), RIGHT
            draw_text(painter, room, one_line(name), theme.color("text2"), theme.font("small"), align)

    def _draw_outline(self, painter: QPainter, middle: QPointF, radius: float, outline: Outline) -> None:
        colour = ink(outline.colour)
        points = [self._point(middle, radius, axis, value.mean) if value else None
                  for axis, value in enumerate(outline.values)]
        pen = QPen(colour, 2.2 if outline.highlighted else 1.6)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        whole = [point for point in points if point is not None]
        if len(whole) == len(points):
            if outline.highlighted:
                fill = QColor(colour)
                fill.setAlphaF(0.10)
                painter.setBrush(fill)
            painter.drawPolygon(QPolygonF(whole))
        else:                                    # a gap is left open, not bridged
            for place, point in enumerate(points):
                other = points[(place + 1) % len(points)]
                if point is not None and other is not None:
                    painter.drawLine(point, other)
        for point in whole:
            draw_dot(painter, point, colour, 4.0 if outline.highlighted else 3.0)
