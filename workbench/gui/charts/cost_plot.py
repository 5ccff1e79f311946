"""What a demonstration brings against what it costs: gain over prompt tokens, one dot a candidate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, Signal

from workbench.gui.charts.chart import one_line, tip
from workbench.gui.charts.plot import Plot, plot
from workbench.gui.widgets import theme
from workbench.wording import signed

ALL_DRAWN = 2_000                # dots that are drawn whatever lies on whatever
CELLS = (300, 120)               # of more, one is drawn in each cell: a dot hides what is nearer to it than that


class CostPlot(QObject):
    """Holds the plot (``widget``). Clicking a dot emits ``picked`` with the candidate's place in the data.

    Of very many candidates those are drawn that can be told apart, which become more as one zooms in.
    """

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
        self.widget.getPlotItem().getViewBox().sigXRangeChanged.connect(lambda *_: self._zoomed())

    def set_points(self, titles: Sequence[str], tokens: Sequence[int], gain: Sequence[float]) -> None:
        self._selected = None
        self._titles = titles
        along, up = np.asarray(tokens, float), np.asarray(gain, float)
        self.widget.rows = tuple(zip(titles, tokens, gain, strict=True))
        self.widget.setAccessibleDescription(f"{len(titles)} candidates")
        self._tokens, self._gain = along[:0], up[:0]         # nothing to be drawn at a range that is half set
        if len(titles):
            self.widget.show_range((float(along.min()), float(along.max())),
                                   (min(0.0, float(up.min())), max(0.0, float(up.max()))))
        self._tokens, self._gain = along, up
        self._restyle()

    def select(self, index: int | None) -> None:
        """Mark one candidate (its place in the data)."""
        self._selected = index
        self._mark()

    def _restyle(self) -> None:
        self._zero.setPen(self.widget.pen(theme.color("control"), 1))
        ring, losses = self.widget.pen(theme.color("surface"), 1.5), self._gain < 0
        for token, dots in self._dots.items():
            places = self._places[token] = self._apart(np.flatnonzero(losses if token == "loss" else ~losses))
            dots.setData(x=self._tokens[places], y=self._gain[places], brush=pg.mkBrush(theme.color(token)),
                         pen=ring)
        self._mark()

    def _zoomed(self) -> None:
        if len(self._gain) > ALL_DRAWN:
            self._restyle()

    def _apart(self, places: np.ndarray) -> np.ndarray:
        """Of ``places``, one for each cell of what is in view; all of them where they are few."""
        if len(places) <= ALL_DRAWN:
            return places
        (left, right), (low, high) = self.widget.getPlotItem().getViewBox().viewRange()
        x, y = (self._tokens[places] - left) / (right - left), (self._gain[places] - low) / (high - low)
        seen = (x >= 0) & (x <= 1)
        places, x, y = places[seen], x[seen], y[seen]
        cells = np.floor(x * CELLS[0]).astype(int) * (2 * CELLS[1]) + np.floor(y * CELLS[1]).astype(int)
        return places[np.sort(np.unique(cells, return_index=True)[1])]

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
