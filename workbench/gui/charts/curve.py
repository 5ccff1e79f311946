"""A curve over training steps: raw values faint, smoothed ones on top, several runs in one plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QObject, QPointF, Qt

from workbench.gui import theme
from workbench.gui.charts.chart import one_line, tip
from workbench.gui.charts.numbers import plain
from workbench.gui.charts.plot import Plot, plot

KEPT = 0.9                           # of the average, at each step
RAW_ALPHA = 0.28
LABEL_ROOM = 9                       # pixels above the highest value and below the lowest


@dataclass(frozen=True, slots=True)
class Series:
    """``colour`` numbers the series' colour; ``noisy`` points get a smoothed line over them, others a dot each."""

    label: str
    points: Sequence[tuple[int, float]]
    colour: int = 0
    dashed: bool = False
    noisy: bool = False


def smoothed(values: Sequence[float], kept: float = KEPT) -> list[float]:
    """The exponential moving average, corrected for its start (as Adam's moments are)."""
    average, weight, found = 0.0, 0.0, []
    for value in values:
        average = kept * average + (1 - kept) * value
        weight = kept * weight + (1 - kept)
        found.append(average / weight)
    return found


class Curve(QObject):
    """Holds the plot (``widget``). Dragging and the wheel move and zoom along the steps; a double click shows all."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__()
        self.widget: Plot = plot(name, ("Run", "Step", value), pan_x=True)
        self.widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._value = value
        self._series: tuple[Series, ...] = ()
        self._steps = 0
        self._range: tuple[float, float] | None = None
        self._smooth, self._logarithmic = True, False
        self.widget.restyle = self._draw
        self.widget.scene().sigMouseMoved.connect(self._hovered)

    def show(self, series: Sequence[Series], steps: int, y: tuple[float, float] | None = None) -> None:
        """Show these series on 0..``steps``; ``y`` is the range that is shown at least."""
        self._series = tuple(one for one in series if one.points)
        self._range = y
        self.widget.rows = tuple((one.label, step, value) for one in self._series for step, value in one.points)
        self.widget.setAccessibleDescription("; ".join(
            f"{one.label}: {plain(one.points[-1][1])} at step {one.points[-1][0]}" for one in self._series))
        if steps != self._steps:                 # a person's zoom stays while points arrive
            self._steps = steps
            self.widget.setXRange(0, max(1, steps), padding=0.02)
        self._show_values()
        self._draw()

    def set_smooth(self, on: bool) -> None:
        """Whether noisy series get a smoothed line, or are shown as they are."""
        self._smooth = on
        self._draw()

    def set_logarithmic(self, on: bool) -> None:
        """A logarithmic scale; values that are not positive are left out."""
        self._logarithmic = on
        self.widget.getPlotItem().setLogMode(x=False, y=on)
        self._show_values()
        self._draw()

    def _show_values(self) -> None:
        """The range of all values, with room for the labels at both ends."""
        values = [value for one in self._series for _, value in one.points if value == value]
        values += self._range or ()
        if self._logarithmic:
            values = [math.log10(value) for value in values if value > 0]
        if values:
            low, high = min(values), max(values)
            share = max(0.045, LABEL_ROOM / max(60, self.widget.height()))
            pad = (high - low) * share or 0.5
            self.widget.setYRange(low - pad, high + pad, padding=0)

    def _draw(self) -> None:
        item = self.widget.getPlotItem()
        item.clear()
        for one in self._series:
            self._draw_series(one)

    def _draw_series(self, one: Series) -> None:
        points = [(step, value) for step, value in one.points if value > 0 or not self._logarithmic]
        if not points:
            return
        steps, values = [step for step, _ in points], [value for _, value in points]
        colour = theme.series(one.colour)
        if one.noisy and self._smooth:
            faint = theme.series(one.colour)
            faint.setAlphaF(RAW_ALPHA)
            self.widget.plot(steps, values, pen=self.widget.pen(faint, 1))
            values = smoothed(values)
        style = Qt.PenStyle.DashLine if one.dashed else Qt.PenStyle.SolidLine
        self.widget.plot(steps, values, pen=self.widget.pen(colour, 2, style))
        dots = slice(-1, None) if one.noisy else slice(None)
        self.widget.plot(steps[dots], values[dots], pen=None, symbol="o", symbolSize=8, symbolBrush=pg.mkBrush(colour),
                         symbolPen=self.widget.pen(theme.color("surface"), 2))

    def _hovered(self, position: QPointF) -> None:
        """Say the nearest step of each series."""
        box = self.widget.getPlotItem().getViewBox()
        if not self._series or not box.sceneBoundingRect().contains(position):
            self.widget.setToolTip("")
            return
        at = box.mapSceneToView(position).x()
        lines = []
        for one in self._series[:4]:
            step, value = min(one.points, key=lambda point: abs(point[0] - at))
            lines.append(f"{one_line(one.label)}, step {step}: {plain(value, 3)} {self._value}")
        self.widget.setToolTip(tip(*lines))
