"""A dot plot: one row a thing, a dot for its mean, a line for its 95 % interval, small dots for single values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QScrollArea, QWidget

from workbench.domain import Interval
from workbench.gui.charts.chart import CENTRE, RIGHT, Table, draw_text, text_width
from workbench.gui.charts.marks import Mark, MarkedChart
from workbench.gui.charts.numbers import nice_ticks, tick_digits, tone
from workbench.gui.widgets import theme
from workbench.wording import interval_words, plain, signed

ROW = 32.0
AXIS = 24.0
INSET = 4.0                          # the focus ring's
SPOKEN = 20                          # rows that the description reads out
FEW = 10                             # so many rows may stand close; more are scrolled


@dataclass(frozen=True, slots=True)
class DotRow:
    """One row: ``interval`` with ``low`` = ``high`` has no whisker. ``token`` is its colour ("" : by its sign)."""

    label: str
    interval: Interval
    detail: str = ""
    token: str = ""
    strong: bool = False
    points: tuple[float, ...] = ()
    key: object = None               # what a click on it opens


class DotPlot(MarkedChart):
    """Rows of means with intervals on one scale, zero always drawn. ``unit`` names the scale in the table."""

    def __init__(self, name: str, unit: str, first_column: str = "", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._unit, self._first_column = unit, first_column
        self._rows: tuple[DotRow, ...] = ()

    def set_rows(self, rows: Sequence[DotRow]) -> None:
        self._rows = tuple(rows)
        self.setMinimumHeight(round(len(rows) * (theme.px() + (3 if len(rows) <= FEW else 9)) + AXIS))
        self.describe("; ".join(self._words(row) for row in rows[:SPOKEN]))
        self.updateGeometry()
        self.update()

    def table(self) -> Table:
        columns = (self._first_column or "Name", f"Mean, {self._unit}", "95 % low", "95 % high", "Detail")
        return Table(columns, tuple((r.label, r.interval.mean, r.interval.low, r.interval.high, r.detail)
                                    for r in self._rows))

    def sizeHint(self) -> QSize:
        return QSize(360, round(len(self._rows) * ROW + AXIS))

    def export_size(self) -> QSizeF:
        return QSizeF(max(560, self.width()), len(self._rows) * ROW + AXIS)

    def scale_range(self) -> tuple[float, float]:
        """The shown range: all means, intervals and points, and zero."""
        values = [0.0]
        for row in self._rows:
            values += [row.interval.mean, row.interval.low, row.interval.high, *row.points]
        values = [value for value in values if value == value]
        low, high = min(values), max(values)
        if low == high:                          # nothing but zeros
            return -1.0, 1.0
        pad = (high - low) * 0.06
        return (low - pad if low < 0 else low), (high + pad if high > 0 else high)

    def draw(self, painter: QPainter, rect: QRectF) -> None:
        if not self._rows:
            return
        label_font, number_font = theme.font("small"), theme.font("strong")
        widest = max(text_width(row.label, theme.font("strong")) for row in self._rows)
        label_width = min(rect.width() * 0.42, widest + 4 + INSET)
        number_width = text_width("+00.00", number_font)
        plot = QRectF(rect.x() + label_width + number_width + 24, rect.y(),
                      rect.width() - label_width - number_width - 24 - 14, rect.height() - AXIS)
        row_height = self._row_height(rect)
        plot.setHeight(row_height * len(self._rows))
        self._draw_scale(painter, plot)
        for index, row in enumerate(self._rows):
            line = QRectF(rect.x(), rect.y() + index * row_height, rect.width(), row_height)
            name = QRectF(line.x() + INSET, line.y(), label_width - INSET, row_height)
            draw_text(painter, name, row.label, theme.color("text" if row.strong else "text2"),
                      theme.font("strong") if row.strong else label_font)
            number = QRectF(line.x() + label_width + 8, line.y(), number_width, row_height)
            draw_text(painter, number, signed(row.interval.mean), self._colour(row), number_font, RIGHT, elide=False)
            self._draw_row(painter, plot, line.center().y(), row)

    def _draw_scale(self, painter: QPainter, plot: QRectF) -> None:
        low, high = self.scale_range()
        ticks = nice_ticks(low, high, max(2, int(plot.width() // 90)))
        digits = tick_digits(ticks)
        font = theme.font("caption")
        for tick in ticks:
            x = round(self._x(plot, tick)) + 0.5
            painter.setPen(QPen(theme.color("control" if tick == 0 else "hairline"), 1))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom() + 4))
            label = QRectF(x - 40, plot.bottom() + 4, 80, AXIS - 4)
            draw_text(painter, label, plain(tick, digits), theme.color("text3"), font, CENTRE, elide=False)

    def _draw_row(self, painter: QPainter, plot: QRectF, y: float, row: DotRow) -> None:
        colour = self._colour(row)
        painter.setPen(Qt.PenStyle.NoPen)
        faint = QColor(colour)
        faint.setAlphaF(0.35)
        painter.setBrush(faint)
        for value in row.points:
            painter.drawEllipse(QPointF(self._x(plot, value), y), 2.5, 2.5)
        draw_interval(painter, self._x(plot, row.interval.low), self._x(plot, row.interval.mean),
                      self._x(plot, row.interval.high), y, colour)

    def _x(self, plot: QRectF, value: float) -> float:
        low, high = self.scale_range()
        return plot.left() + (value - low) / (high - low) * plot.width()

    def _colour(self, row: DotRow) -> QColor:
        return theme.color(row.token or tone(row.interval.mean) or "idle")

    def _words(self, row: DotRow) -> str:
        return f"{row.label} {signed(row.interval.mean)} {self._unit}, {interval_words(row.interval)}"

    def _row_height(self, rect: QRectF) -> float:
        return min(ROW * max(1.0, theme.scale()), (rect.height() - AXIS) / max(1, len(self._rows)))

    def marks(self, rect: QRectF) -> Sequence[Mark]:
        height = self._row_height(rect)
        return [Mark(QRectF(rect.x() + 1, rect.y() + place * height + 1, rect.width() - 2, height - 2),
                     (row.label, f"{signed(row.interval.mean)} {self._unit}",
                      row.detail or interval_words(row.interval)), place)
                for place, row in enumerate(self._rows)]

    def target(self, mark: Mark) -> object:
        assert isinstance(mark.key, int)
        return self._rows[mark.key].key

    def _go_to(self, mark: Mark) -> None:
        super()._go_to(mark)
        viewport = self.parentWidget()
        area = viewport.parentWidget() if viewport is not None else None
        if isinstance(area, QScrollArea):
            middle = mark.rect.center().toPoint()
            area.ensureVisible(middle.x(), middle.y(), 0, round(mark.rect.height()))


def draw_interval(painter: QPainter, low: float, mean: float, high: float, y: float, colour: QColor) -> None:
    """A 2 px line from ``low`` to ``high`` (pixels) with the mean's dot, ringed in the surface's colour."""
    if low == low and high == high:
        painter.setPen(QPen(colour, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(low, y), QPointF(high, y))
    if mean == mean:
        painter.setPen(QPen(theme.color("surface"), 1.5))
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(mean, y), 4.5, 4.5)
