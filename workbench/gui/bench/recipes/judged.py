"""What a greedy search by a judge has found: rounds, each candidate's score, and the judge against the likelihood."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Interval
from workbench.gui.charts.band import BandChart, BandLine, BandPoint
from workbench.gui.charts.chart_view import ChartView, scrolled
from workbench.gui.charts.ladder import Ladder, Rung
from workbench.gui.charts.marks import BASELINE
from workbench.gui.charts.scatter import Dot, Scatter
from workbench.gui.shell import settings
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.pane import PaneHeader, splitter
from workbench.gui.widgets.segmented import Segmented
from workbench.services.recipe_findings import Found, JudgedRound
from workbench.wording import counted, plain

JUDGES = {"rules": "rules kept, 0 to 1", "f1": "token F1, 0 to 1", "exact": "exact matches, 0 to 1",
          "language_model": "mean rating, 1 to 10"}
LIKELIHOOD = "log-likelihood of the references, nats per answer"
CHOSEN, OTHER = 1, 0                 # colours of the candidate that was taken, and of the others in the scatter


class JudgedPane(QWidget):
    """Shows one round. ``said`` carries a line about it, ``round_wanted`` a round's place; of a candidate that was
    picked ``answers_wanted`` carries the round's number and its id, ``demonstration_wanted`` its id."""

    said = Signal(str)
    round_wanted = Signal(int)
    answers_wanted = Signal(int, int)
    demonstration_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.ladder = Ladder("Candidates by the judge", "Score", "Candidate")
        self.scatter = Scatter("Judge against likelihood, by candidate")
        self.rounds = BandChart("Judge’s mean by round", "Set")
        self._views = (ChartView(self.ladder, scrolled(self.ladder)), ChartView(self.scatter, self.scatter),
                       ChartView(self.rounds, self.rounds))
        self._heads = (PaneHeader("Candidates", height=36), PaneHeader("Judge against likelihood", height=36),
                       PaneHeader("Rounds", "the best set so far; 95 % interval of the round’s gain", height=36))
        self._measured = QStackedWidget()
        self._measured.addWidget(self._views[1])
        self._waiting = label("", "muted", wrap=True)
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._measured.addWidget(self._waiting)
        right = splitter(Qt.Orientation.Vertical, _under(self._heads[1], self._measured),
                         _under(self._heads[2], self._views[2]), sizes=[330, 210],
                         remembered=settings.BENCH_JUDGED_RIGHT)
        both = splitter(Qt.Orientation.Horizontal, _under(self._heads[0], self._views[0]), right, sizes=[560, 640],
                        stretch=1, remembered=settings.BENCH_JUDGED)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(both)
        self.opens = Segmented(("Answers", "Demonstration"), name="What a click on a candidate opens")
        self.opens.setToolTip("What a click on a candidate opens: the answers under it, or the demonstration")
        self._heads[0].add_tool(self.opens)
        self._number = 1
        for chart in (self.ladder, self.scatter):
            chart.picked.connect(self._candidate_picked)
        self.rounds.picked.connect(self._round_picked)

    def current_view(self) -> ChartView:
        """The one with the focus, or the candidates."""
        return next((view for view in self._views if view.isAncestorOf(view.window().focusWidget() or view)),
                    self._views[0])

    def show_found(self, found: Found, number: int) -> None:
        """The round ``number`` (from 0)."""
        one, unit = found.rounds[number], JUDGES[found.by]
        self._number = one.number
        self._show_candidates(one, unit)
        self._show_scatter(one, unit, live=found.live)
        self._show_rounds(found, unit)
        best = one.best
        chosen = f"“{best.title}” was chosen" if best is not None else "the round goes on"
        judged = f"{unit}, by {found.judge}" if found.judge else unit
        lowest = [f"{counted(found.unreadable, 'judgement')} without a readable rating counted as 1"
                  ] if found.unreadable else []
        self.said.emit(" · ".join((f"Round {one.number} of {found.rounds_wanted}", judged,
                                   counted(len(one.candidates), "candidate"), chosen, *lowest)))
        for view in self._views:
            view.chart_changed()

    def _show_candidates(self, one: JudgedRound, unit: str) -> None:
        rungs = [Rung(candidate.title or f"Demonstration {candidate.id}", candidate.judged,
                      CHOSEN if candidate.id == one.chosen else BASELINE, candidate.id,
                      "" if candidate.nats is None else f"{plain(candidate.nats)} nats per answer, by likelihood")
                 for candidate in one.candidates]
        self.ladder.show_rungs(rungs, reference=one.before, unit=unit[0].upper() + unit[1:], digits=2,
                               full=True)
        self._heads[0].set_hint(f"{unit}, 95 % interval of the gain; line: before")

    def _show_scatter(self, one: JudgedRound, unit: str, *, live: bool) -> None:
        dots = [Dot(candidate.title, candidate.nats, candidate.judged.mean,
                    CHOSEN if candidate.id == one.chosen else OTHER, candidate.id, large=candidate.id == one.chosen)
                for candidate in one.candidates if candidate.nats is not None]
        self._measured.setCurrentIndex(0 if dots else 1)
        self._waiting.setText("The references’ likelihood is measured once all rounds are done." if live else
                              "No question has a reference, so there is no likelihood to compare with.")
        self.scatter.show_dots(dots, (LIKELIHOOD, unit), digits=(2, 2))
        tau = "no order to compare" if one.tau is None else (
            f"Kendall’s τ {plain(one.tau.mean)}, 95 % interval {plain(one.tau.low)} to {plain(one.tau.high)}")
        self._heads[1].set_hint(tau if dots else "")

    def _show_rounds(self, found: Found, unit: str) -> None:
        first = found.rounds[0].before
        points = [BandPoint(0, Interval(first, first, first), detail="the base prompt")]
        points += [BandPoint(one.number, best.judged, ("round", place), f"with “{best.title}”")
                   for place, one in enumerate(found.rounds) if (best := one.best) is not None]
        self.rounds.show_lines([BandLine("Best set", tuple(points), CHOSEN)], ("round", unit))

    def _candidate_picked(self, id: Any) -> None:
        if self.opens.current():
            self.demonstration_wanted.emit(id)
        else:
            self.answers_wanted.emit(self._number, id)

    def _round_picked(self, key: Any) -> None:
        self.round_wanted.emit(key[1])


def _under(head: PaneHeader, content: QWidget) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    top = QVBoxLayout()
    top.setContentsMargins(4, 0, 0, 0)           # the pane's own gutter is 20
    top.addWidget(head)
    column.addLayout(top)
    inside = QVBoxLayout()
    inside.setContentsMargins(20, 0, 16, 8)
    inside.addWidget(content)
    column.addLayout(inside, 1)
    return made
