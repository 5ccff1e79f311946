"""What a demonstration brings against what it costs: gain over prompt tokens, one dot a candidate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, Signal

from workbench.gui import theme
from workbench.gui.charts.chart import one_line, tip
from workbench.gui.charts.numbers import signed
from workbench.gui.charts.plot import Plot, plot


class CostPlot(QObject):
    """Holds the plot (``widget``). Clicking a dot emits ``picked`` with the candidate's place in the data."""

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.widget: Plot = plot("Gain against tokens", ("Candidate", "Prompt tokens added", "Gain, nats per answer"),
                                 pan_x=True)
        self._zero = pg.InfiniteLine(0, angle=0, movable=False)
        # a dot of its own colour and pen each is slow where there are many: one item a colour
        self._dots = {token: pg.ScatterPlotItem(hoverable=True, tip=None, size=9) for token in ("gain", "loss")}
        self._marker = pg.ScatterPlotItem(size=13)
        self._marker.setZValue(1)
        self.widget.addItem(self._zero)
        self._places = {token: np.arange(0) for token in self._dots}         # of its dots, in the data
        for token, dots in self._dots.items():
            dots.sigClicked.connect(
                lambda _, points, *rest, token=token: self.picked.emit(int(self._places[token][points[0].index()])))
            dots.sigHovered.connect(
                lambda _, points, *rest, token=token: self._hovered(self._places[token], points))
            self.widget.addItem(dots)
        self.widget.addItem(self._marker)
        self._titles: Sequence[str] = ()
        self._tokens = np.zeros(0)
        self._gain = np.zeros(0)
        self._selected: int | None = None
        self.widget.restyle = self._restyle

    def set_points(self, titles: Sequence[str], tokens: Sequence[int], gain: Sequence[float]) -> None:
        self._selected = None
        self._titles = titles
        self._tokens, self._gain = np.asarray(tokens, float), np.asarray(gain, float)
        self.widget.rows = tuple(zip(titles, tokens, gain, strict=True))
        self.widget.setAccessibleDescription(f"{len(titles)} candidates")
        if len(titles):
            self.widget.show_range((float(self._tokens.min()), float(self._tokens.max())),
                                   (min(0.0, float(self._gain.min())), max(0.0, float(self._gain.max()))))
        self._restyle()

    def select(self, index: int | None) -> None:
        """Mark one candidate (its place in the data)."""
        self._selected = index
        self._mark()

    def _restyle(self) -> None:
        self._zero.setPen(self.widget.pen(theme.color("control"), 1))
        ring, losses = self.widget.pen(theme.color("surface"), 1.5), self._gain < 0
        for token, dots in self._dots.items():
            places = self._places[token] = np.flatnonzero(losses if token == "loss" else ~losses)
            dots.setData(x=self._tokens[places], y=self._gain[places], brush=pg.mkBrush(theme.color(token)),
                         pen=ring)
        self._mark()

    def _mark(self) -> None:
        selected = self._selected if self._selected is not None and self._selected < len(self._gain) else None
        at = [] if selected is None else [selected]
        colour = theme.color("loss" if selected is not None and self._gain[selected] < 0 else "gain")
        self._marker.setData(x=self._tokens[at], y=self._gain[at], brush=pg.mkBrush(colour),
                             pen=self.widget.pen(theme.color("text"), 2))

    def _hovered(self, places: np.ndarray, points: Sequence[pg.SpotItem]) -> None:
        if len(points):
            index = int(places[points[0].index()])
            cost, gain = f"{self._tokens[index]:.0f} tokens", f"Gain {signed(self._gain[index])} nats per answer"
            self.widget.setToolTip(tip(one_line(self._titles[index]), cost, gain))
        else:
            self.widget.setToolTip("")
