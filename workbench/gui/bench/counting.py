"""The Bench page's numbers, computed on threads of their own; an answer that is out of date is dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from workbench.gui.bench.charts import JUDGES, LENGTH, RATINGS, WINS, ComparisonPane
from workbench.gui.shell.session import Session
from workbench.services import bench_numbers as numbers
from workbench.services.bench_measures import Measure
from workbench.services.bench_reading import BenchReading


class Counting(QObject):
    """``summarised`` carries a Summary, and whether anything is judged. The pane's other charts are filled here."""

    summarised = Signal(object, bool)

    def __init__(self, session: Session, pane: ComparisonPane) -> None:
        super().__init__(pane)
        self._session, self._pane = session, pane
        self._reading = BenchReading()
        self._measure: Measure | None = None
        self._chosen: tuple[int, ...] = ()
        self._newest = 0
        pane.wanted.connect(self.count)
        pane.other.activated.connect(lambda _: self.count(JUDGES))

    def summarise(self, reading: BenchReading, measure: Measure | None, chosen: Sequence[int]) -> None:
        ids = tuple(chosen)
        self._reading, self._measure, self._chosen = reading, measure if ids else None, ids
        self._newest += 1
        if measure is None or not ids:
            nothing = np.full((len(ids), len(reading.questions)), np.nan)
            self.summarised.emit(numbers.Summary(Measure("", "rating"), ids, scores=nothing), False)
            return

        def done(summary: numbers.Summary) -> None:
            self.summarised.emit(summary, True)
            self.count(self._pane.tabs.current())

        self._apart(lambda: numbers.summarise(reading, measure, ids), done)

    def count(self, tab: int) -> None:
        """Compute the numbers of a chart that came to the front."""
        reading, measure, ids, pane = self._reading, self._measure, self._chosen, self._pane
        if measure is None:
            return
        if tab in (WINS, RATINGS):
            self._apart(lambda: numbers.play(reading, measure, ids), pane.show_games)
        elif tab == LENGTH:
            self._apart(lambda: numbers.lengths(reading, measure, ids), lambda found: pane.show_lengths(*found))
        elif tab == JUDGES:
            other = pane.compared_with()
            if other is None:
                pane.nothing_to_compare()
            else:
                self._apart(lambda: numbers.compare(reading, other, measure, ids),
                            lambda found: pane.show_compared(found, other, measure))

    def _apart(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        number = self._newest
        self._session.background(work, lambda found: then(found) if number == self._newest else None, owner=self)
