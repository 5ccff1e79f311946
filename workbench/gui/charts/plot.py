"""The one factory for pyqtgraph plots, with the traps of pyqtgraph dealt with in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from workbench.gui.charts.chart import Cell, Table
from workbench.gui.charts.numbers import nice_ticks
from workbench.gui.widgets import theme
from workbench.wording import MINUS

TICK_ROOM = 20                       # pixels between two numbers at the left, at least
MOST_TICKS = 5
RANGE_PAD = 0.045                    # of the range, so that the end labels show

pg.setConfigOptions(antialias=True)


class _Axis(pg.AxisItem):
    """Numbers as everywhere else: with a true minus, and as many at the left as have room above one another."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        if self.orientation == "left" and not self.logMode:
            for about in range(MOST_TICKS, 0, -1):
                ticks = nice_ticks(minVal, maxVal, about)
                if 1 < len(ticks) <= max(2, size // TICK_ROOM):
                    return [(ticks[1] - ticks[0], ticks)]
        found: list[tuple[float, list[float]]] = super().tickValues(minVal, maxVal, size)
        return found

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [text.replace("-", MINUS) for text in super().tickStrings(values, scale, spacing)]


class Plot(pg.PlotWidget):
    """A plot that follows the theme.

    ``restyle`` runs at each change of theme: it draws the data's items. ``left`` runs when the mouse leaves,
    ``show_all`` at a double click.

    pyqtgraph's pens are cosmetic, in device pixels: make them with ``pen``. QSS does not reach it, so colours and
    fonts are set again by hand.
    """

    def __init__(self, name: str, columns: Sequence[str], *, pan_x: bool = False, grid_x: bool = False,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent=parent, background=theme.color("surface"),
                         axisItems={side: _Axis(side) for side in ("left", "bottom")})
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumSize(80, 60)                      # its own hint is 640 × 480 and would blow the window up
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.columns = tuple(columns)
        self.rows: tuple[tuple[Cell, ...], ...] = ()
        self.grid_x = grid_x
        self.restyle: Callable[[], None] = lambda: None
        self.left: Callable[[], None] = lambda: None
        self.show_all: Callable[[], None] = lambda: self.getPlotItem().autoRange(padding=0.05)
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.setMouseEnabled(pan_x, False)
        item.layout.setContentsMargins(0, 4, 14, 0)
        item.getViewBox().setBorder(None)
        item.getViewBox().setDefaultPadding(0.02)
        self.apply_theme()
        theme.notifier.changed.connect(self.apply_theme)

    def pen(self, colour: QColor, width: float = 2.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
        """A pen ``width`` logical pixels wide, round joins."""
        pen: QPen = pg.mkPen(colour, width=width * self.devicePixelRatioF(), style=style)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        return pen

    def show_range(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Show these ranges, padded; a range of one value is widened."""
        low, high = y if y[0] < y[1] else (y[0] - 0.5, y[1] + 0.5)
        left, right = x if x[0] < x[1] else (x[0] - 0.5, x[1] + 0.5)
        self.setXRange(left, right, padding=0.02)
        self.setYRange(low - (high - low) * RANGE_PAD, high + (high - low) * RANGE_PAD, padding=0)

    def apply_theme(self) -> None:
        if self.getPlotItem() is None:                   # pyqtgraph lets go of it when the widget is closed
            return
        self.setBackground(theme.color("surface"))
        hairline = pg.mkPen(theme.color("hairline"), width=self.devicePixelRatioF())
        for side in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(side)
            grid = side == "left" or self.grid_x
            axis.setPen(None)
            axis.setTextPen(theme.color("text3"))
            axis.setTickPen(hairline if grid else pg.mkPen(None))
            # tickAlpha 255: an opaque grid whatever the number of ticks; 0 where there is no grid, else dots remain
            axis.setStyle(tickFont=theme.font("caption"), tickLength=0, tickTextOffset=6, maxTickLevel=0,
                          hideOverlappingLabels=False, tickAlpha=255 if grid else 0)
            axis.setGrid(255 if grid else False)
            axis.setZValue(-10)                          # under the data
        self.getPlotItem().getAxis("bottom").setHeight(theme.px("caption") * 2)
        self.restyle()

    def mouseDoubleClickEvent(self, event: object) -> None:
        self.show_all()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left()

    # what makes it exportable, beside the painted charts
    def draw(self, painter: QPainter, rect: QRectF) -> None:
        self.scene().prepareForPaint()
        self.scene().render(painter, rect, QRectF(self.viewport().rect()))

    def table(self) -> Table:
        return Table(self.columns, self.rows)

    def export_size(self) -> QSizeF:
        return QSizeF(max(160, self.width()), max(120, self.height()))


def plot(name: str, columns: Sequence[str], *, pan_x: bool = False, grid_x: bool = False,
         parent: QWidget | None = None) -> Plot:
    """A themed plot without menu, buttons and frame. ``columns`` name the table's columns; ``rows`` are set on it."""
    return Plot(name, columns, pan_x=pan_x, grid_x=grid_x, parent=parent)
