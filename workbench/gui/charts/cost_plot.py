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
        self._dots = pg.ScatterPlotItem(hoverable=True, tip=None)
        self._marker = pg.ScatterPlotItem(size=13)
        self._marker.setZValue(1)
        self._dots.sigClicked.connect(lambda _, points, *rest: self.picked.emit(int(points[0].index())))
        self._dots.sigHovered.connect(self._hovered)
        self.widget.addItem(self._zero)
        self.widget.addItem(self._dots)
        self.widget.addItem(self._marker)
        self._titles: list[str] = []
        self._tokens = np.zeros(0)
        self._gain = np.zeros(0)
        self._selected: int | None = None
        self.widget.restyle = self._restyle

    def set_points(self, titles: Sequence[str], tokens: Sequence[int], gain: Sequence[float]) -> None:
        self._selected = None
        self._titles = [one_line(title) for title in titles]
        self._tokens, self._gain = np.asarray(tokens, float), np.asarray(gain, float)
        self.widget.rows = tuple(zip(self._titles, tokens, gain, strict=True))
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
        gain, loss = pg.mkBrush(theme.color("gain")), pg.mkBrush(theme.color("loss"))
        ring = self.widget.pen(theme.color("surface"), 1.5)
        self._dots.setData(x=self._tokens, y=self._gain, brush=[loss if value < 0 else gain for value in self._gain],
                           pen=[ring] * len(self._gain), size=9)
        self._mark()

    def _mark(self) -> None:
        selected = self._selected if self._selected is not None and self._selected < len(self._gain) else None
        at = [] if selected is None else [selected]
        colour = theme.color("loss" if selected is not None and self._gain[selected] < 0 else "gain")
        self._marker.setData(x=self._tokens[at], y=self._gain[at], brush=pg.mkBrush(colour),
                             pen=self.widget.pen(theme.color("text"), 2))

    def _hovered(self, _: object, points: Sequence[pg.SpotItem], *rest: object) -> None:
        if len(points):
            index = int(points[0].index())
            cost, gain = f"{self._tokens[index]:.0f} tokens", f"Gain {signed(self._gain[index])} nats per answer"
            self.widget.setToolTip(tip(self._titles[index], cost, gain))
        else:
            self.widget.setToolTip("")
