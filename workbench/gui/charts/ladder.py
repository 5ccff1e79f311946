"""A rating ladder: contestants from best to worst, each rating with its interval on a scale that needs no zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from workbench.domain import Interval
from workbench.gui.charts.chart import CENTRE, LEFT, RIGHT, Table, draw_text, one_line, text_width
from workbench.gui.charts.dot_plot import AXIS, ROW, draw_interval
from workbench.gui.charts.marks import Mark, MarkedChart, ink
from workbench.gui.charts.numbers import near_values, nice_ticks, tick_digits
from workbench.gui.widgets import theme
from workbench.wording import interval_words, plain


@dataclass(frozen=True, slots=True)
class Rung:
    label: str
    interval: Interval
    colour: int
    key: object = None
    detail: str = ""


class Ladder(MarkedChart):
    """``reference`` is a value with a line of its own (the mean of all, or zero); None for none."""

    def __init__(self, name: str, unit: str, first_column: str = "Contestant", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._unit, self._first_column = unit, first_column
        self._rungs: tuple[Rung, ...] = ()
        self._reference: float | None = None
        self._digits = 0
        self._full = False
        self._ends = (0.0, 1.0)                  # of the scale

    def show_rungs(self, rungs: Sequence[Rung], *, reference: float | None = None, unit: str = "",
                   digits: int = 0, full: bool = False) -> None:
        """``rungs`` in the order shown, from the top; ``full``: none of them squeezed, and the scale above them too."""
        self._full = full
        self._rungs, self._reference, self._digits = tuple(rungs), reference, digits
        self._unit = unit or self._unit
        self._ends = self._range()
        self.setMinimumHeight(self.sizeHint().height() if full else round(min(len(rungs), 4) * 22 + AXIS))
        self.describe("; ".join(", ".join(self._words(rung)[:2]) for rung in rungs))
        self.updateGeometry()
        self.update()

    def table(self) -> Table:
        return Table((self._first_column, self._unit, "95 % low", "95 % high", "Detail"),
                     tuple((rung.label, rung.interval.mean, rung.interval.low, rung.interval.high, rung.detail)
                           for rung in self._rungs))

    def sizeHint(self) -> QSize:
        return QSize(360, round(len(self._rungs) * ROW + AXIS * (1 + self._full)))

    def export_size(self) -> QSizeF:
        return QSizeF(max(560, self.width()), len(self._rungs) * ROW + AXIS * (1 + self._full) + 4)

    def _words(self, rung: Rung) -> tuple[str, ...]:
        number = f"{self._unit} {plain(rung.interval.mean, self._digits)}"
        return one_line(rung.label), f"{number}, {interval_words(rung.interval, self._digits)}", rung.detail

    # geometry
    def _range(self) -> tuple[float, float]:
        # where all rungs have their room, one that is far from the others has its number only
        near = near_values([rung.interval.mean for rung in self._rungs]) if self._full else (-math.inf, math.inf)
        values = [end for rung in self._rungs if near[0] <= rung.interval.mean <= near[1]
                  for end in (rung.interval.low, rung.interval.mean, rung.interval.high) if end == end]
        if self._reference is not None:
            values.append(self._reference)
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        pad = (high - low) * 0.08 or 1.0
        return low - pad, high + pad

    def _names(self, rect: QRectF) -> tuple[float, float]:
        """The widths of the names and of the numbers."""
        font = theme.font("small")
        widest = max((text_width(one_line(rung.label), font) for rung in self._rungs), default=0.0) + 4
        number = max((text_width(plain(rung.interval.mean, self._digits), theme.font("strong"))
                      for rung in self._rungs), default=0.0)
        return min(widest + 18, rect.width() * 0.42), number + 4

    def _plot(self, rect: QRectF) -> QRectF:
        names, number = self._names(rect)
        above = AXIS * self._full
        height = min(ROW, (rect.height() - AXIS - above) / max(1, len(self._rungs))) * len(self._rungs)
        left = rect.x() + names + number + 24
        return QRectF(left, rect.y() + above, max(1.0, rect.right() - left - 16), height)

    def _x(self, plot: QRectF, value: float) -> float:
        low, high = self._ends
        return plot.left() + (value - low) / (high - low) * plot.width()

    def _line(self, rect: QRectF, plot: QRectF, number: int) -> QRectF:
        height = plot.height() / max(1, len(self._rungs))
        return QRectF(rect.x(), plot.y() + number * height, rect.width(), height)

    def marks(self, rect: QRectF) -> Sequence[Mark]:
        plot = self._plot(rect)
        return [Mark(self._line(rect, plot, number).adjusted(1, 1, -1, -1), self._words(rung), rung.key)
                for number, rung in enumerate(self._rungs)]

    # painting
    def draw(self, painter: QPainter, rect: QRectF) -> None:
        if not self._rungs:
            return
        plot = self._plot(rect)
        names, number_width = self._names(rect)
        self._draw_scale(painter, plot)
        for number, rung in enumerate(self._rungs):
            line = self._line(rect, plot, number)
            colour = ink(rung.colour)
            painter.setPen(QPen(colour, 0))
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(line.x() + 1, line.center().y() - 4.5, 9, 9), 2.5, 2.5)
            draw_text(painter, QRectF(line.x() + 18, line.y(), names - 18, line.height()), one_line(rung.label),
                      theme.color("text"), theme.font("small"), LEFT)
            draw_text(painter, QRectF(line.x() + names + 8, line.y(), number_width, line.height()),
                      plain(rung.interval.mean, self._digits), theme.color("text"), theme.font("strong"), RIGHT,
                      elide=False)
            low, mean, high = (self._x(plot, value) if value == value else value
                               for value in (rung.interval.low, rung.interval.mean, rung.interval.high))
            painter.save()
            painter.setClipRect(QRectF(plot.left(), line.y(), plot.width() + 8, line.height()))
            draw_interval(painter, low, mean, high, line.center().y(), colour)
            painter.restore()

    def _draw_scale(self, painter: QPainter, plot: QRectF) -> None:
        low, high = self._ends
        ticks = nice_ticks(low, high, max(2, int(plot.width() // 90)))
        ticks = ticks if len(ticks) > 1 else nice_ticks(low, high, 4)
        digits = tick_digits(ticks) if len(ticks) > 1 else self._digits
        for tick in ticks:
            x = round(self._x(plot, tick)) + 0.5
            painter.setPen(QPen(theme.color("hairline"), 1))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom() + 4))
            for y in (plot.bottom() + 4, plot.top() - AXIS)[: 1 + self._full]:
                draw_text(painter, QRectF(x - 40, y, 80, AXIS - 4), plain(tick, digits), theme.color("text3"),
                          theme.font("caption"), CENTRE, elide=False)
        if self._reference is not None:
            x = round(self._x(plot, self._reference)) + 0.5
            painter.setPen(QPen(theme.color("control"), 1))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
