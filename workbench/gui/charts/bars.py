"""Grouped bars with whiskers: one group a turn (or a setting), one bar a contestant. Bars start at zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from workbench.domain import Interval
from workbench.gui.charts.chart import CENTRE, RIGHT, Table, draw_text, one_line, text_width
from workbench.gui.charts.marks import Mark, MarkedChart, ink
from workbench.gui.charts.numbers import nice_ticks, tick_digits
from workbench.gui.widgets import theme
from workbench.wording import interval_words, plain

FOOT = 30.0
HEAD = 22.0
WIDEST = 42.0
WHISKER = 6.0


@dataclass(frozen=True, slots=True)
class Bar:
    """``key`` opens what is behind the bar; ``detail`` is a third line of the tooltip."""

    label: str
    interval: Interval
    colour: int
    key: object = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BarGroup:
    label: str
    bars: tuple[Bar, ...]


class BarChart(MarkedChart):
    """Means with 95 % intervals; ``low`` and ``high`` of show_groups are in the range whatever the bars are."""

    def __init__(self, name: str, first_column: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._first_column = first_column
        self._unit = ""
        self._digits = 1
        self._groups: tuple[BarGroup, ...] = ()
        self._range = (0.0, 1.0)

    def show_groups(self, groups: Sequence[BarGroup], low: float = 0.0, high: float = 0.0, *, unit: str = "",
                    digits: int = 1) -> None:
        self._groups, self._unit, self._digits = tuple(groups), unit, digits
        values = [0.0, low, high]
        for group in groups:
            values += [end for bar in group.bars for end in (bar.interval.mean, bar.interval.low, bar.interval.high)]
        values = [value for value in values if value == value]
        self._range = (min(values), max(values) if max(values) > min(values) else min(values) + 1.0)
        self.describe("; ".join(", ".join(self._words(group, bar)[:2]) for group in groups for bar in group.bars))
        self.update()

    def table(self) -> Table:
        columns = (self._first_column, "Contestant", f"Mean{', ' if self._unit else ''}{self._unit}", "95 % low",
                   "95 % high", "Detail")
        return Table(columns, tuple((group.label, bar.label, bar.interval.mean, bar.interval.low, bar.interval.high,
                                     bar.detail) for group in self._groups for bar in group.bars))

    def legend(self) -> Sequence[tuple[str, QColor]]:
        return list({bar.label: (bar.label, ink(bar.colour)) for group in self._groups for bar in group.bars}.values())

    def _words(self, group: BarGroup, bar: Bar) -> tuple[str, ...]:
        unit = f" {self._unit}" if self._unit else ""
        return (f"{one_line(bar.label)}, {one_line(group.label)}",
                f"{plain(bar.interval.mean)}{unit}, {interval_words(bar.interval)}", bar.detail)

    # geometry
    def _plot(self, rect: QRectF) -> QRectF:
        digits = tick_digits(self._ticks(rect))
        font = theme.font("caption")
        side = max(text_width(plain(end, digits), font) for end in self._range) + 10
        return rect.adjusted(side, HEAD, -14, -FOOT)

    def _ticks(self, rect: QRectF) -> list[float]:
        return nice_ticks(*self._range, about=max(2, min(5, int(rect.height() // 44))))

    def _y(self, plot: QRectF, value: float) -> float:
        low, high = self._range
        return plot.bottom() - (value - low) / (high - low) * plot.height()

    def _places(self, plot: QRectF) -> list[tuple[BarGroup, QRectF, list[tuple[Bar, QRectF]]]]:
        """Each group's band, and its bars' columns over the whole height."""
        found = []
        width = plot.width() / max(1, len(self._groups))
        for number, group in enumerate(self._groups):
            band = QRectF(plot.left() + number * width, plot.top(), width, plot.height())
            step = min(WIDEST * 1.4, (width - 12) / max(1, len(group.bars)))
            left = band.center().x() - step * len(group.bars) / 2
            found.append((group, band, [(bar, QRectF(left + place * step + step * 0.14, plot.top(), step * 0.72,
                                                     plot.height())) for place, bar in enumerate(group.bars)]))
        return found

    def marks(self, rect: QRectF) -> Sequence[Mark]:
        plot = self._plot(rect)
        return [Mark(column, self._words(group, bar), bar.key)
                for group, _, bars in self._places(plot) for bar, column in bars]

    # painting
    def draw(self, painter: QPainter, rect: QRectF) -> None:
        if not self._groups:
            return
        plot = self._plot(rect)
        self._draw_grid(painter, rect, plot)
        for group, band, bars in self._places(plot):
            for bar, column in bars:
                self._draw_bar(painter, plot, bar, column)
            room = QRectF(band.x() + 4, plot.bottom() + 8, band.width() - 8, FOOT - 8)
            draw_text(painter, room, one_line(group.label), theme.color("text2"), theme.font("small_medium"), CENTRE)
        painter.setPen(QPen(theme.color("control"), 1))
        zero = round(self._y(plot, 0.0)) + 0.5
        painter.drawLine(QPointF(plot.left(), zero), QPointF(plot.right(), zero))

    def _draw_grid(self, painter: QPainter, rect: QRectF, plot: QRectF) -> None:
        ticks = self._ticks(rect)
        digits = tick_digits(ticks)
        for tick in ticks:
            y = round(self._y(plot, tick)) + 0.5
            painter.setPen(QPen(theme.color("hairline"), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            draw_text(painter, QRectF(rect.left(), y - 9, plot.left() - rect.left() - 8, 18), plain(tick, digits),
                      theme.color("text3"), theme.font("caption"), RIGHT, elide=False)

    def _draw_bar(self, painter: QPainter, plot: QRectF, bar: Bar, column: QRectF) -> None:
        mean, low, high = bar.interval.mean, bar.interval.low, bar.interval.high
        if mean != mean:
            return
        zero, top = self._y(plot, 0.0), self._y(plot, mean)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink(bar.colour))
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(column.x(), min(zero, top), column.width(), abs(zero - top)), 2, 2)
        painter.drawPath(shape)
        x, down = column.center().x(), mean < 0
        ends: tuple[float, ...] = (zero, top)
        if low == low and high == high and high > low:
            painter.setPen(QPen(theme.color("text"), 1.25))
            whisker = self._y(plot, low), self._y(plot, high)
            cap = min(WHISKER, column.width() / 3)
            painter.drawLine(QPointF(x, whisker[0]), QPointF(x, whisker[1]))
            for y in whisker:
                painter.drawLine(QPointF(x - cap, y), QPointF(x + cap, y))
            ends = (*ends, *whisker)
        if column.width() >= 14:                 # narrower ones would write into one another
            room = QRectF(x - 40, max(ends) + 2 if down else min(ends) - 19, 80, 17)
            draw_text(painter, room, plain(mean, self._digits), theme.color("text"), theme.font("caption_strong"),
                      CENTRE, elide=False)
