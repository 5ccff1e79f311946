"""A scatter plot of two measures: score against length, or one judge against another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from workbench.domain import Interval
from workbench.gui.charts.chart import CENTRE, LEFT, RIGHT, Table, draw_text, one_line, text_width
from workbench.gui.charts.marks import Mark, MarkedChart, draw_dot, ink
from workbench.gui.charts.numbers import nice_ticks, tick_digits
from workbench.gui.widgets import theme
from workbench.wording import plain

FOOT, HEAD = 40.0, 24.0
LONGEST_NAME = 170.0                 # pixels: more is in the tooltip
PAD = 0.06


@dataclass(frozen=True, slots=True)
class Dot:
    """``large`` dots are named beside them, with a whisker for an interval that is given."""

    label: str
    x: float
    y: float
    colour: int
    key: object = None
    large: bool = False
    x_interval: Interval | None = None
    y_interval: Interval | None = None


class Scatter(MarkedChart):
    """Dots over two number axes; ``diagonal`` draws where both would be the same."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._titles = ("", "")
        self._digits = (0, 2)
        self._dots: tuple[Dot, ...] = ()
        self._diagonal = self._logarithmic = False
        self.setMinimumSize(160, 120)

    def show_dots(self, dots: Sequence[Dot], titles: tuple[str, str], *, digits: tuple[int, int] = (0, 2),
                  diagonal: bool = False, logarithmic: bool = False) -> None:
        """``titles`` are the units of x and y; ``logarithmic`` is the x axis, for lengths."""
        self._logarithmic = logarithmic
        self._dots = tuple(dot for dot in dots if math.isfinite(dot.x) and math.isfinite(dot.y))
        self._titles, self._digits, self._diagonal = titles, digits, diagonal
        named = [dot for dot in self._dots if dot.large] or list(self._dots[:12])
        self.describe(f"{len(self._dots)} points, {titles[1]} over {titles[0]}. "
                      + "; ".join(", ".join(self._words(dot)) for dot in named))
        self.update()

    def table(self) -> Table:
        return Table(("Name", *self._titles), tuple((dot.label, dot.x, dot.y) for dot in self._dots))

    def export_size(self) -> QSizeF:
        return QSizeF(max(520, self.width()), max(360, self.height()))

    def _words(self, dot: Dot) -> tuple[str, ...]:
        return (one_line(dot.label), f"{plain(dot.x, self._digits[0])} {self._titles[0]}",
                f"{plain(dot.y, self._digits[1])} {self._titles[1]}")

    # geometry
    def _along(self, x: float) -> float:
        return math.log10(max(x, 1.0)) if self._logarithmic else x

    def _ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        along = _range([self._along(end) for dot in self._dots for end in _ends(dot.x, dot.x_interval)])
        up = _range([end for dot in self._dots for end in _ends(dot.y, dot.y_interval)])
        if self._diagonal:
            both = min(along[0], up[0]), max(along[1], up[1])
            return both, both
        return along, up

    def _plot(self, rect: QRectF) -> QRectF:
        ticks = self._ticks_up(rect.height() - FOOT - HEAD)
        font = theme.font("caption")
        side = max((text_width(plain(tick, tick_digits(ticks)), font) for tick in ticks), default=20.0) + 12
        return rect.adjusted(side, HEAD, -14, -FOOT)

    def _ticks_up(self, height: float) -> list[float]:
        """At least two, so that the scale can be read."""
        _, up = self._ranges()
        ticks = nice_ticks(*up, about=max(3, int(height // 50)))
        return ticks if len(ticks) > 1 else nice_ticks(*up, about=6)

    def _ticks_along(self, width: float) -> list[float]:
        low, high = self._ranges()[0]
        if not self._logarithmic:
            return nice_ticks(low, high, about=max(2, int(width // 90)))
        powers = range(math.floor(low), math.ceil(high) + 1)
        return [value for power in powers for value in (10.0 ** power, 3 * 10.0 ** power)
                if low <= math.log10(value) <= high]

    def _at(self, plot: QRectF, x: float, y: float) -> QPointF:
        along, up = self._ranges()
        return QPointF(plot.left() + (self._along(x) - along[0]) / (along[1] - along[0]) * plot.width(),
                       plot.bottom() - (y - up[0]) / (up[1] - up[0]) * plot.height())

    def marks(self, rect: QRectF) -> Sequence[Mark]:
        plot = self._plot(rect)
        found = []
        for dot in self._dots:
            at, side = self._at(plot, dot.x, dot.y), 9.0 if dot.large else 6.0
            found.append(Mark(QRectF(at.x() - side, at.y() - side, 2 * side, 2 * side), self._words(dot), dot.key))
        return found

    # painting
    def draw(self, painter: QPainter, rect: QRectF) -> None:
        if not self._dots:
            return
        plot = self._plot(rect)
        self._draw_axes(painter, rect, plot)
        for dot in sorted(self._dots, key=lambda dot: dot.large):
            colour = ink(dot.colour)
            if dot.large:
                self._draw_whiskers(painter, plot, dot)
                draw_dot(painter, self._at(plot, dot.x, dot.y), colour, 6)
            else:
                colour.setAlphaF(0.55)
                painter.setPen(QPen(theme.color("surface"), 0.75))
                painter.setBrush(colour)
                painter.drawEllipse(self._at(plot, dot.x, dot.y), 3.5, 3.5)
        self._draw_names(painter, plot)

    def _draw_axes(self, painter: QPainter, rect: QRectF, plot: QRectF) -> None:
        along, up = self._ranges()
        font, faint = theme.font("caption"), theme.color("text3")
        ticks = self._ticks_up(plot.height())
        for tick in ticks:
            y = round(self._at(plot, 0.0, tick).y()) + 0.5
            painter.setPen(QPen(theme.color("hairline"), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            draw_text(painter, QRectF(rect.left(), y - 9, plot.left() - rect.left() - 8, 18),
                      plain(tick, tick_digits(ticks)), faint, font, RIGHT, elide=False)
        ticks = self._ticks_along(plot.width())
        for tick in ticks:
            x = self._at(plot, tick, up[0]).x()
            draw_text(painter, QRectF(x - 40, plot.bottom() + 4, 80, 16), plain(tick, tick_digits(ticks)), faint, font,
                      CENTRE, elide=False)
        draw_text(painter, QRectF(plot.left(), plot.bottom() + 20, plot.width(), 16), self._titles[0], faint, font,
                  CENTRE)
        head = QRectF(rect.left(), rect.top(), plot.right() - rect.left(), 16)
        draw_text(painter, head, self._titles[1], faint, font, LEFT)
        if self._diagonal:
            pen = QPen(theme.color("control"), 1)
            pen.setDashPattern([4, 4])
            painter.setPen(pen)
            painter.drawLine(self._at(plot, along[0], along[0]), self._at(plot, along[1], along[1]))

    def _draw_whiskers(self, painter: QPainter, plot: QRectF, dot: Dot) -> None:
        painter.setPen(QPen(ink(dot.colour), 1.5))
        if dot.y_interval is not None:
            painter.drawLine(self._at(plot, dot.x, dot.y_interval.low), self._at(plot, dot.x, dot.y_interval.high))
        if dot.x_interval is not None:
            painter.drawLine(self._at(plot, dot.x_interval.low, dot.y), self._at(plot, dot.x_interval.high, dot.y))

    def _draw_names(self, painter: QPainter, plot: QRectF) -> None:
        """Beside the large dots, on a side with room, best without small dots; one that would cross another name, or a
        large dot, is left to the tooltip."""
        font = theme.font("small")
        large = [dot for dot in self._dots if dot.large]
        taken = [QRectF(at.x() - 6, at.y() - 6, 12, 12) for at in (self._at(plot, dot.x, dot.y) for dot in large)]
        small = [self._at(plot, dot.x, dot.y) for dot in self._dots if not dot.large]
        for dot in large:
            at = self._at(plot, dot.x, dot.y)
            width = min(text_width(one_line(dot.label), font) + 2, plot.width() / 2, LONGEST_NAME)
            right = QRectF(at.x() + 11, at.y() - 9, width, 18)
            left = QRectF(at.x() - 11 - width, at.y() - 9, width, 18)
            rooms = [(side.translated(0, by), align) for by in (0, -15, 15)
                     for side, align in ((right, LEFT), (left, RIGHT))]
            free = [(room, align) for room, align in rooms if plot.adjusted(-4, -8, 8, 8).contains(room)
                    and not any(room.intersects(one) for one in taken)]
            if not free:
                continue
            room, align = next(((room, align) for room, align in free if not any(map(room.contains, small))), free[0])
            taken.append(room)
            ground = theme.color("surface")
            ground.setAlphaF(0.75)
            painter.fillRect(room.adjusted(-1, 1, 1, -1), ground)
            draw_text(painter, room, one_line(dot.label), theme.color("text"), font, align)


def _ends(value: float, interval: Interval | None) -> tuple[float, ...]:
    return (value,) if interval is None else (interval.low, value, interval.high)


def _range(values: Sequence[float]) -> tuple[float, float]:
    known = [value for value in values if math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    pad = (high - low) * PAD or max(0.5, abs(high) * PAD)
    return low - pad, high + pad
