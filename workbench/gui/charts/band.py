"""Lines with bands: a score with its interval over the number of demonstrations, one line a method.

A score may break down altogether (a prompt that is longer than the model was trained on). So that the others can still
be told apart, the scale then leaves such points out, unless the whole is asked for; arrows show where they are.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from workbench.domain import Interval
from workbench.gui.charts.chart import CENTRE, LEFT, RIGHT, Table, draw_text, one_line, text_width
from workbench.gui.charts.marks import Mark, MarkedChart, draw_dot, ink
from workbench.gui.charts.numbers import near_values, nice_ticks, tick_digits
from workbench.gui.widgets import theme
from workbench.wording import interval_words, plain

FOOT = 40.0
BAND = 0.14                          # opacity
APART = 14.0                         # between the names at the right end
ASIDE = 24.0                         # of the names from the lines' ends


@dataclass(frozen=True, slots=True)
class BandPoint:
    """``interval`` with its ends at the mean has no band."""

    x: float
    interval: Interval
    key: object = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BandLine:
    label: str
    points: tuple[BandPoint, ...]
    colour: int
    dashed: bool = False


class BandChart(MarkedChart):
    """x may be logarithmic (log(1 + x), so that zero has a place). Names stand at the right ends of the lines."""

    def __init__(self, name: str, first_column: str = "Line", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._first_column = first_column
        self._titles = ("", "")
        self._lines: tuple[BandLine, ...] = ()
        self._logarithmic = self._focused = self._whole = False
        self._limit: tuple[float, str] | None = None
        self._ends = ((0.0, 1.0), (0.0, 1.0))    # of the scales along and up
        self.setMinimumSize(200, 140)

    def show_lines(self, lines: Sequence[BandLine], titles: tuple[str, str], *, logarithmic: bool = False,
                   focused: bool = False, limit: tuple[float, str] | None = None) -> None:
        """``titles`` say what goes along and what goes up. ``focused`` leaves points that are far from all others off
        the scale; ``limit`` is an x with its name, drawn as a line up."""
        self._lines = tuple(line for line in lines if line.points)
        self._titles, self._logarithmic, self._focused, self._limit = titles, logarithmic, focused, limit
        self._ends = self._ranges()
        self.describe("; ".join(f"{one_line(line.label)}: " + ", ".join(
            f"{plain(point.interval.mean)} at {point.x:g}" for point in line.points) for line in self._lines))
        self.update()

    def set_whole(self, on: bool) -> None:
        """Whether the scale takes in what is far from all others, too."""
        self._whole = on
        self._ends = self._ranges()
        self.update()

    def off_scale(self) -> int:
        """How many points a focused scale leaves out."""
        low, high = self._near()
        return sum(not low <= point.interval.mean <= high for line in self._lines for point in line.points)

    def _near(self) -> tuple[float, float]:
        """Where a focused scale may reach."""
        if not self._focused:
            return -math.inf, math.inf
        return near_values([point.interval.mean for line in self._lines for point in line.points])

    def table(self) -> Table:
        return Table((self._first_column, *self._titles, "95 % low", "95 % high"), tuple(
            (line.label, point.x, point.interval.mean, point.interval.low, point.interval.high)
            for line in self._lines for point in line.points))

    def export_size(self) -> QSizeF:
        return QSizeF(max(560, self.width()), max(320, self.height()))

    # geometry
    def _along(self, x: float) -> float:
        return math.log1p(max(x, 0.0)) if self._logarithmic else x

    def _ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        points = [point for line in self._lines for point in line.points]
        if not points:
            return (0.0, 1.0), (0.0, 1.0)
        along = [self._along(point.x) for point in points]
        near = (-math.inf, math.inf) if self._whole else self._near()
        up = [end for point in points if near[0] <= point.interval.mean <= near[1]
              for end in (point.interval.low, point.interval.mean, point.interval.high)
              if math.isfinite(end)] or [0.0, 1.0]
        low, high = min(up), max(up)
        pad = (high - low) * 0.07 or max(0.5, abs(high) * 0.05)
        ends = (min(along), max(along)) if max(along) > min(along) else (min(along) - 0.5, max(along) + 0.5)
        return ends, (low - pad, high + pad)

    def _plot(self, rect: QRectF) -> QRectF:
        ticks = self._ticks(rect.height())
        font = theme.font("caption")
        side = max((text_width(plain(tick, tick_digits(ticks)), font) for tick in ticks), default=20.0) + 16
        names = max(text_width(one_line(line.label), theme.font("small")) for line in self._lines) + ASIDE + 6
        return rect.adjusted(side, 8, -min(names, rect.width() * 0.3), -FOOT)

    def _ticks(self, height: float) -> list[float]:
        """At least two, so that the scale can be read."""
        _, up = self._ends
        ticks = nice_ticks(*up, about=max(2, int((height - FOOT) // 50)))
        return ticks if len(ticks) > 1 else nice_ticks(*up, about=5)

    def _at(self, plot: QRectF, x: float, y: float) -> QPointF:
        along, up = self._ends
        return QPointF(plot.left() + (self._along(x) - along[0]) / (along[1] - along[0]) * plot.width(),
                       plot.bottom() - (y - up[0]) / (up[1] - up[0]) * plot.height())

    def marks(self, rect: QRectF) -> Sequence[Mark]:
        if not self._lines:
            return []
        plot = self._plot(rect)
        found = []
        for line in self._lines:
            for point in line.points:
                at = _inside(plot, self._at(plot, point.x, point.interval.mean))
                words = (f"{one_line(line.label)}, {point.x:g} {self._titles[0]}",
                         f"{plain(point.interval.mean)} {self._titles[1]}, {interval_words(point.interval)}",
                         point.detail)
                found.append(Mark(QRectF(at.x() - 8, at.y() - 8, 16, 16), words, point.key))
        return found

    # painting
    def draw(self, painter: QPainter, rect: QRectF) -> None:
        if not self._lines:
            return
        plot = self._plot(rect)
        self._draw_axes(painter, rect, plot)
        self._draw_limit(painter, plot)
        painter.save()
        painter.setClipRect(plot.adjusted(-ASIDE, -8, ASIDE, 8))
        for line in self._lines:
            self._draw_band(painter, plot, line)
        for line in self._lines:
            self._draw_line(painter, plot, line)
        painter.restore()
        self._draw_arrows(painter, plot)
        self._draw_names(painter, rect, plot)

    def _draw_axes(self, painter: QPainter, rect: QRectF, plot: QRectF) -> None:
        font, faint = theme.font("caption"), theme.color("text3")
        _, up = self._ends
        ticks = self._ticks(rect.height())
        for tick in ticks:
            y = round(self._at(plot, 0, tick).y()) + 0.5
            painter.setPen(QPen(theme.color("control" if tick == 0 else "hairline"), 1))
            painter.drawLine(QPointF(plot.left() - 6, y), QPointF(plot.right(), y))
            draw_text(painter, QRectF(rect.left(), y - 9, plot.left() - rect.left() - 12, 18),
                      plain(tick, tick_digits(ticks)), faint, font, RIGHT, elide=False)
        last = -1e9
        for x in sorted({point.x for line in self._lines for point in line.points}):
            at = self._at(plot, x, up[0]).x()
            if at - last >= text_width(f"{x:g}", font) + 8:       # a number that would touch the one before is left out
                draw_text(painter, QRectF(at - 40, plot.bottom() + 4, 80, 16), f"{x:g}", faint, font, CENTRE,
                          elide=False)
                last = at
        draw_text(painter, QRectF(plot.left(), plot.bottom() + 20, plot.width(), 16), self._titles[0], faint, font,
                  CENTRE)

    def _draw_band(self, painter: QPainter, plot: QRectF, line: BandLine) -> None:
        points = [point for point in line.points if point.interval.low <= point.interval.high]
        if all(point.interval.low == point.interval.high for point in points):
            return
        fill = ink(line.colour)
        fill.setAlphaF(BAND)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        if len(points) == 1:
            low, high = (self._at(plot, points[0].x, end) for end in (points[0].interval.low, points[0].interval.high))
            painter.drawRect(QRectF(high.x() - 2, high.y(), 4, low.y() - high.y()))
            return
        edge = [self._at(plot, point.x, point.interval.high) for point in points]
        edge += [self._at(plot, point.x, point.interval.low) for point in reversed(points)]
        painter.drawPolygon(QPolygonF(edge))

    def _draw_line(self, painter: QPainter, plot: QRectF, line: BandLine) -> None:
        colour = ink(line.colour)
        pen = QPen(colour, 2)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if line.dashed:
            pen.setDashPattern([3, 2.5])
        points = [self._at(plot, point.x, point.interval.mean) for point in line.points
                  if math.isfinite(point.interval.mean)]
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        for point in points:
            if _is_inside(plot, point):
                draw_dot(painter, point, colour, 4)

    def _draw_arrows(self, painter: QPainter, plot: QRectF) -> None:
        """Towards the points off the scale, side by side where several lines have one."""
        off: defaultdict[float, list[tuple[QPointF, QColor]]] = defaultdict(list)
        for line in self._lines:
            for point in line.points:
                at = self._at(plot, point.x, point.interval.mean)
                if not _is_inside(plot, at):
                    off[point.x].append((at, ink(line.colour)))
        for found in off.values():
            for place, (at, colour) in enumerate(found):
                aside = (place - (len(found) - 1) / 2) * 10
                _draw_arrow(painter, _inside(plot, at) + QPointF(aside, 0), colour, down=at.y() > plot.bottom())

    def _draw_limit(self, painter: QPainter, plot: QRectF) -> None:
        if self._limit is None:
            return
        x = round(self._at(plot, self._limit[0], 0.0).x()) + 0.5
        pen = QPen(theme.color("text3"), 1)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        draw_text(painter, QRectF(x + 6, plot.top(), plot.right() - x - 6, 16), self._limit[1],
                  theme.color("text3"), theme.font("caption"), LEFT)

    def _draw_names(self, painter: QPainter, rect: QRectF, plot: QRectF) -> None:
        """At the lines' ends, those that end together pushed apart so that they do not cross."""
        groups: defaultdict[float, list[tuple[float, BandLine]]] = defaultdict(list)
        for line in self._lines:
            end = _inside(plot, self._at(plot, line.points[-1].x, line.points[-1].interval.mean))
            groups[end.x()].append((end.y(), line))
        for x, ends in groups.items():
            ends.sort(key=lambda end: end[0])
            last = min(rect.top() - APART, plot.bottom() - APART * len(ends))
            lowest = plot.bottom() - APART * (len(ends) - 1)
            for place, (y, line) in enumerate(ends):
                last = max(min(y, lowest + APART * place), last + APART)
                room = QRectF(x + ASIDE, last - 9, rect.right() - x - ASIDE, 18)
                if x < plot.right() - 1:         # among the other lines
                    width = text_width(one_line(line.label), theme.font("small"))
                    painter.fillRect(QRectF(room.x() - 2, room.y() + 1, width + 4, 16), theme.color("surface"))
                draw_text(painter, room, one_line(line.label), ink(line.colour), theme.font("small"), LEFT)


def _inside(plot: QRectF, point: QPointF) -> QPointF:
    """The place of a point that may be off the scale."""
    return QPointF(point.x(), min(max(point.y(), plot.top()), plot.bottom()))


def _is_inside(plot: QRectF, point: QPointF) -> bool:
    return plot.top() - 1 <= point.y() <= plot.bottom() + 1


def _draw_arrow(painter: QPainter, at: QPointF, colour: QColor, *, down: bool) -> None:
    """A triangle at the scale's end, towards a point beyond it."""
    tip, base = (at.y() + 4, at.y() - 4) if down else (at.y() - 4, at.y() + 4)
    painter.setPen(QPen(theme.color("surface"), 1))
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([QPointF(at.x() - 5, base), QPointF(at.x() + 5, base), QPointF(at.x(), tip)]))
