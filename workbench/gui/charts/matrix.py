"""A small matrix of numbers as coloured cells: who wins against whom, or a grid of decoding parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from workbench.gui.charts.chart import CENTRE, RIGHT, Table, draw_text, one_line, text_width
from workbench.gui.charts.heat_scale import draw_scale
from workbench.gui.charts.marks import Mark, MarkedChart
from workbench.gui.widgets import theme
from workbench.wording import percent, plain

TALLEST = 48.0
TWO_LINES = 40.0                     # the least height of a cell with a line below its number
GAP = 2.0
Look = Literal["share", "number"]


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """``value`` is NaN where there is none; ``words`` are the tooltip's lines after the first; ``below`` stands small
    below the number, where there is room."""

    value: float
    words: tuple[str, ...] = ()
    key: object = None
    below: str = ""


class Matrix(MarkedChart):
    """``look`` "share": 0..1 in per cent, diverging around a half; "number": low to high."""

    def __init__(self, name: str, look: Look, corner: str = "", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._look, self._corner = look, corner
        self._down: tuple[str, ...] = ()
        self._across: tuple[str, ...] = ()
        self._cells: tuple[tuple[MatrixCell, ...], ...] = ()
        self._titles = ("", "")
        self._range = (0.0, 1.0)

    def show_cells(self, down: Sequence[str], across: Sequence[str], cells: Sequence[Sequence[MatrixCell]], *,
                   titles: tuple[str, str] = ("", ""), ends: tuple[float, float] | None = None) -> None:
        """``cells[row][column]``; ``titles`` say what goes down and what goes across; ``ends`` are those of the scale,
        where it is shared with another matrix."""
        self._down, self._across, self._titles = tuple(down), tuple(across), titles
        self._cells = tuple(tuple(row) for row in cells)
        values = [cell.value for row in self._cells for cell in row if math.isfinite(cell.value)]
        if self._look == "number" and values:
            self._range = ends or (min(values), max(values))
        self.describe("; ".join(f"{one_line(row)}, {one_line(column)}: {self._said(cell)}"
                                for row, line in zip(down, self._cells, strict=True)
                                for column, cell in zip(across, line, strict=True) if math.isfinite(cell.value)))
        self.update()

    def table(self) -> Table:
        rows = tuple((name, *(None if math.isnan(cell.value) else cell.value for cell in line))
                     for name, line in zip(self._down, self._cells, strict=True))
        return Table((self._titles[0] or self._corner, *self._across), rows)

    def export_size(self) -> QSizeF:
        return QSizeF(max(560, self.width()), max(120.0, len(self._down) * TALLEST + 80))

    def _said(self, cell: MatrixCell) -> str:
        if math.isnan(cell.value):
            return "–"
        return percent(cell.value) if self._look == "share" else plain(cell.value)

    # geometry
    def _grid(self, rect: QRectF) -> QRectF:
        font = theme.font("small")
        names = [one_line(name) for name in self._down] + [self._titles[0] or self._corner]
        side = max(text_width(name, font) for name in names) + 14
        side = min(side, rect.width() * 0.32)
        head = theme.px("caption") + (26.0 if self._titles[1] else 10.0)
        foot = 28.0 if self._look == "number" else 0.0
        height = min(len(self._down) * TALLEST, rect.height() - head - foot - 4)
        width = min(rect.width() - side - 4, len(self._across) * 160.0)
        return QRectF(rect.x() + side, rect.y() + head, width, max(height, 1.0))

    def _rect(self, grid: QRectF, row: int, column: int) -> QRectF:
        width, height = grid.width() / max(1, len(self._across)), grid.height() / max(1, len(self._down))
        return QRectF(grid.x() + column * width, grid.y() + row * height, width - GAP, height - GAP)

    def marks(self, rect: QRectF) -> Sequence[Mark]:
        grid = self._grid(rect)
        between = " against " if self._look == "share" else ", "
        return [Mark(self._rect(grid, row, column),
                     (f"{one_line(self._down[row])}{between}{one_line(self._across[column])}",
                      self._said(cell), *cell.words), cell.key)
                for row, line in enumerate(self._cells) for column, cell in enumerate(line)
                if math.isfinite(cell.value)]

    # painting
    def draw(self, painter: QPainter, rect: QRectF) -> None:
        if not self._cells:
            return
        grid = self._grid(rect)
        self._draw_names(painter, rect, grid)
        for row, line in enumerate(self._cells):
            for column, cell in enumerate(line):
                self._draw_cell(painter, self._rect(grid, row, column), cell)
        if self._look == "number":
            ends = plain(self._range[0]), plain(self._range[1])
            room = QRectF(grid.x(), grid.bottom() + 8, min(240.0, grid.width()), 20)
            draw_scale(painter, room, ends, diverging=False)

    def _draw_names(self, painter: QPainter, rect: QRectF, grid: QRectF) -> None:
        font, height = theme.font("caption"), theme.px("caption") + 6.0
        for column, name in enumerate(self._across):
            room = self._rect(grid, 0, column)
            band = QRectF(room.x(), grid.y() - height - 2, room.width(), height)
            draw_text(painter, band, one_line(name), theme.color("text2"), font, CENTRE)
        for row, name in enumerate(self._down):
            room = self._rect(grid, row, 0)
            band = QRectF(rect.x(), room.y(), grid.x() - rect.x() - 10, room.height())
            draw_text(painter, band, one_line(name), theme.color("text2"), theme.font("small"), RIGHT)
        if self._titles[1]:
            draw_text(painter, QRectF(grid.x(), rect.y(), grid.width(), height), self._titles[1],
                      theme.color("text3"), font, CENTRE)
        corner = self._titles[0] or self._corner
        if corner:
            draw_text(painter, QRectF(rect.x(), grid.y() - height - 2, grid.x() - rect.x() - 10, height), corner,
                      theme.color("text3"), font, RIGHT)

    def _draw_cell(self, painter: QPainter, room: QRectF, cell: MatrixCell) -> None:
        if math.isnan(cell.value):
            painter.setPen(QPen(theme.color("hairline"), 1))
            middle = room.center()
            painter.drawLine(QPointF(middle.x() - 4, middle.y()), QPointF(middle.x() + 4, middle.y()))
            return
        fill = self._colour(cell.value)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(room, 2.5, 2.5)
        if room.height() < 14:
            return
        both = bool(cell.below) and room.height() >= TWO_LINES
        upper = room.adjusted(2, 2, -2, -room.height() / 2) if both else room.adjusted(2, 0, -2, 0)
        draw_text(painter, upper, self._said(cell), theme.text_on(fill), theme.font("small_medium"), CENTRE,
                  elide=False)
        if both:
            draw_text(painter, room.adjusted(2, room.height() / 2, -2, -4), cell.below, theme.text_on(fill),
                      theme.font("caption"), CENTRE)

    def _colour(self, value: float) -> QColor:
        if self._look == "share":
            return theme.diverging(2 * value - 1)
        low, high = self._range
        return theme.sequential((value - low) / (high - low) if high > low else 0.5)
