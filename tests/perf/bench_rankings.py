"""`make bench-rankings`: the ranking table and the heat map beside it, painted and scrolled.

CPU time of the window's thread, offscreen, so that what else the machine does is not counted. The goal is a frame at
60 Hz (16 ms) for a whole repaint and for the 99th percentile of a scroll step of both.
"""

from __future__ import annotations

import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tests.perf.report import Row, write
from workbench.domain import Interval, Question
from workbench.gui.charts.heat_cells import HeatCells
from workbench.gui.charts.heat_map import HeatMap
from workbench.gui.rankings.model import Column, RankingModel
from workbench.gui.rankings.table import RankingTable
from workbench.gui.shell.application import application
from workbench.gui.widgets import theme
from workbench.services.ranked_candidates import Candidates
from workbench.services.results import GainTable

FRAME_MS = 16.0
BLOCK_MS = 100.0                     # longer, and a person sees that the window stands still
SIZES = ((200, 80), (2_000, 300), (100_000, 80))


def table(candidates: int, questions: int) -> GainTable:
    rng = np.random.default_rng(0)
    mean = np.sort(rng.normal(0.2, 0.5, candidates))[::-1]
    gain = mean[:, None] + rng.normal(0, 1, (candidates, questions))
    return GainTable(
        1, tuple(range(1, candidates + 1)), tuple(f"Candidate {n}: explain number {n}" for n in range(candidates)),
        tuple(Interval(m, m - 0.2, m + 0.2) for m in mean.tolist()), tuple((gain > 0).mean(axis=1).tolist()),
        (None,) * candidates, tuple(Question((f"{n}?",), ("Yes.",), f"category {n * 8 // questions}", id=n)
                                    for n in range(questions)),
        gain, (50,) * candidates, (None,) * candidates)


def measure(candidates: int, questions: int) -> list[Row]:
    app = application()
    theme.set_mode("light")
    shown = table(candidates, questions)
    model = RankingModel()
    ranking, heat, window = RankingTable(model), HeatMap(), QWidget()
    row = QHBoxLayout(window)
    row.addWidget(ranking, 42)
    row.addWidget(heat, 58)
    window.resize(1270, 470)
    ranking.verticalScrollBar().valueChanged.connect(heat.verticalScrollBar().setValue)
    heat.verticalScrollBar().valueChanged.connect(ranking.verticalScrollBar().setValue)
    window.show()
    start = time.process_time()
    found = Candidates.of(shown)                 # on the lane, both
    cells = HeatCells.of(found.titles, shown.questions, shown.gain)
    prepared = (time.process_time() - start) * 1e3
    start = time.process_time()
    model.show(found)
    heat.show_cells(cells, model.order)
    app.processEvents()
    filled = (time.process_time() - start) * 1e3
    paints, steps = [], []
    for _ in range(30):
        start = time.process_time()
        heat.viewport().grab()
        paints.append((time.process_time() - start) * 1e3)
    for step in range(300):
        start = time.process_time()
        heat.verticalScrollBar().setValue(step * 13)
        app.processEvents()
        steps.append((time.process_time() - start) * 1e3)
    size = f"{candidates:,} × {questions}"
    start = time.process_time()
    ranking.sortByColumn(Column.TITLE, Qt.SortOrder.DescendingOrder)
    heat.show_cells(cells, model.order)
    app.processEvents()
    turned = (time.process_time() - start) * 1e3
    return [Row(f"prepare on the lane, {size}", prepared, "ms", None, "lower"),
            Row(f"fill, {size}", filled, "ms", BLOCK_MS, "lower"),
            Row(f"sort by title, {size}", turned, "ms", BLOCK_MS, "lower"),
            Row(f"heat map, whole repaint, {size}", float(np.median(paints)), "ms", FRAME_MS, "lower"),
            Row(f"scroll step, 99th percentile, {size}", float(np.percentile(steps, 99)), "ms", FRAME_MS, "lower")]


def main() -> None:
    write("rankings", [row for size in SIZES for row in measure(*size)])


if __name__ == "__main__":
    main()
