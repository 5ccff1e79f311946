"""A curve over training steps: raw values faint, smoothed ones on top, several runs in one plot."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPen

from workbench.gui.charts.chart import one_line, tip
from workbench.gui.charts.plot import Plot, plot
from workbench.gui.widgets import theme
from workbench.wording import plain

MOST_KEPT = 0.95                     # of the average, at each step
WINDOWS = 15                         # about as many averages lie side by side in a curve
RAW_ALPHA = 0.28
LABEL_ROOM = 9                       # pixels above the highest value and below the lowest
BACKGROUND = -1                      # the colour number of a series that is there to be compared with only
TOLD = 6                             # series whose values the tooltip says


@dataclass(frozen=True, slots=True)
class Series:
    """``colour`` numbers the series' colour, or is BACKGROUND.

    ``noisy`` points get a smoothed line over them and a dot at the end, ``steady`` ones a line and that dot, others a
    dot each.
    """

    label: str
    points: Sequence[tuple[int, float]]
    colour: int = 0
    dashed: bool = False
    noisy: bool = False
    steady: bool = False


def smoothed(values: Sequence[float], kept: float = MOST_KEPT) -> list[float]:
    """The exponential moving average, corrected for its start (as Adam's moments are). ``kept`` stays at each step."""
    average, weight, found = 0.0, 0.0, []
    for value in values:
        average = kept * average + (1 - kept) * value
        weight = kept * weight + (1 - kept)
        found.append(average / weight)
    return found


class Curve(QObject):
    """Holds the plot (``widget``). Dragging and the wheel move and zoom along the steps; a double click shows all.

    ``hovered`` carries the step that the mouse is over (None: it has left). ``write`` puts a value in words.
    """

    hovered = Signal(object)

    def __init__(self, name: str, value: str, write: Callable[[float], str] = lambda value: plain(value, 3)) -> None:
        super().__init__()
        self.widget: Plot = plot(name, ("Run", "Step", f"{name}, {value}" if value else name), pan_x=True)
        self.widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.widget.setMinimumHeight(48)
        self.widget.show_all = self.show_all
        self._value, self._write = value, write
        self._series: tuple[Series, ...] = ()
        self._steps = 0
        self._range: tuple[float, float] | None = None
        self._smooth, self._logarithmic = True, False
        self._mark = pg.InfiniteLine(angle=90, movable=False)
        self._mark.hide()
        self.widget.restyle = self._draw
        self.widget.scene().sigMouseMoved.connect(self._mouse_moved)
        self.widget.left = lambda: self.hovered.emit(None)
        self.widget.getPlotItem().getViewBox().sigResized.connect(lambda _: self._show_values())

    def show(self, series: Sequence[Series], steps: int, y: tuple[float, float] | None = None) -> None:
        """Show these series on 0..``steps``; ``y`` is the range that is shown at least."""
        shown = tuple(one for one in series if one.points)
        if (shown, steps, y) == (self._series, self._steps, self._range):
            return
        self._series, self._range = shown, y
        self.widget.rows = tuple((one.label, step, value) for one in self._series for step, value in one.points)
        self.widget.setAccessibleDescription("; ".join(
            f"{one.label}: {self._write(one.points[-1][1])} at step {one.points[-1][0]}" for one in self._series))
        if steps != self._steps:                 # a person's zoom stays while points arrive
            self._steps = steps
            self.show_all()
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

    def mark(self, step: float | None) -> None:
        """Draw a line at ``step``, where the mouse is in one of several plots; None takes it away."""
        self._mark.setVisible(step is not None)
        if step is not None:
            self._mark.setValue(step)

    def show_all(self) -> None:
        """Show all steps."""
        self.widget.setXRange(0, max(1, self._steps), padding=0.02)

    def _show_values(self) -> None:
        """The range of all values, with room for the labels at both ends."""
        values = [value for one in self._series for _, value in one.points if value == value]
        values += self._range or ()
        if self._logarithmic:
            values = [math.log10(value) for value in values if value > 0]
        if values:
            low, high = min(values), max(values)
            share = max(0.045, LABEL_ROOM / max(36, self.widget.getPlotItem().getViewBox().height()))
            pad = (high - low) * share or abs(high) * 0.1 or 0.5
            self.widget.setYRange(low - pad, high + pad, padding=0)

    def _draw(self) -> None:
        item = self.widget.getPlotItem()
        item.clear()
        self._mark.setPen(self.widget.pen(theme.color("control"), 1))
        item.addItem(self._mark, ignoreBounds=True)
        for one in sorted(self._series, key=lambda one: one.colour != BACKGROUND):
            self._draw_series(one)

    def _draw_series(self, one: Series) -> None:
        points = [(step, value) for step, value in one.points if value > 0 or not self._logarithmic]
        if not points:
            return
        steps, values = [step for step, _ in points], [value for _, value in points]
        colour, aside = colour_of(one), one.colour == BACKGROUND
        if one.noisy and self._smooth:
            faint = colour_of(one)
            faint.setAlphaF(RAW_ALPHA)
            if not aside:
                self._line(steps, values, self.widget.pen(faint, 1))
            # less in a short run, behind which it would lag
            values = smoothed(values, min(MOST_KEPT, 1 - 1 / (1 + self._steps / WINDOWS)))
        style = Qt.PenStyle.DashLine if one.dashed else Qt.PenStyle.SolidLine
        self._line(steps, values, self.widget.pen(colour, 1 if aside else 2, style))
        if aside:
            return
        dots = slice(-1, None) if one.noisy or one.steady else slice(None)
        self.widget.plot(steps[dots], values[dots], pen=None, symbol="o", symbolSize=8, symbolBrush=pg.mkBrush(colour),
                         symbolPen=self.widget.pen(theme.color("surface"), 2))

    def _line(self, steps: Sequence[int], values: Sequence[float], pen: QPen) -> None:
        """A line of which no more is drawn than there are pixels, peaks kept: a run may have many thousand steps."""
        item = self.widget.plot(steps, values, pen=pen)
        item.setDownsampling(auto=True, method="peak")
        item.setClipToView(True)

    def _mouse_moved(self, position: QPointF) -> None:
        """Say the nearest step of each series."""
        box = self.widget.getPlotItem().getViewBox()
        if not self._series or not box.sceneBoundingRect().contains(position):
            self.widget.setToolTip("")
            self.hovered.emit(None)
            return
        at = box.mapSceneToView(position).x()
        self.hovered.emit(at)
        lines = []
        for one in self._series[:TOLD]:
            step, value = min(one.points, key=lambda point: abs(point[0] - at))
            lines.append(f"{one_line(one.label)}, step {step}: {self._write(value)} {self._value}")
        self.widget.setToolTip(tip(*lines))


def colour_of(one: Series) -> QColor:
    return theme.color("border") if one.colour == BACKGROUND else theme.series(one.colour)
