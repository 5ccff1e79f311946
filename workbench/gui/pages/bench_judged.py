"""Charts of the recipes that judge and compare: greedy search by a judge, and how far a prompt moves the base model."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Interval
from workbench.gui.charts.band import BandChart, BandLine, BandPoint
from workbench.gui.charts.chart_view import ChartView, scrolled
from workbench.gui.charts.numbers import percent, plain
from workbench.gui.charts.scatter import Dot, Scatter
from workbench.gui.charts.token_strip import TokenStrip
from workbench.gui.pages.bench_found import Found, JudgedRound, Shifted
from workbench.gui.views.elided_combo import ElidedCombo
from workbench.gui.views.labels import ElidedLabel, label
from workbench.gui.wording import counted

JUDGES = {"rules": "share of the rules kept", "f1": "F1", "exact": "share of exact matches",
          "language_model": "the judge’s mean rating"}
_SHARES = (("Unshifted", "unshifted", 2), ("Marginal", "marginal", 3), ("Shifted", "shifted", 4))


class FoundPane(QWidget):
    """Shows one round, or one contestant, of what was found. ``said`` carries a line about it."""

    said = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.scatter = Scatter("Judge against likelihood, by candidate")
        self.places = BandChart("Shifted tokens by place in the answer", "Tokens")
        self.strip = TokenStrip()
        self.answers = ElidedCombo("Answer", 14)
        self._views = (ChartView(self.scatter, self.scatter), ChartView(self.places, self.places))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._views[0])
        self._stack.addWidget(self._shift_page())
        self._shown: Shifted | None = None
        self.answers.activated.connect(self._show_answer)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    def _shift_page(self) -> QWidget:
        page, line = QWidget(), QHBoxLayout()
        line.setSpacing(8)
        self._answer_hint = ElidedLabel("", "faint")
        self.answers.setMaximumWidth(240)
        line.addWidget(label("Answer", "section"))
        line.addWidget(self.answers, 1)
        line.addWidget(self._answer_hint, 2)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self._views[1], 3)
        column.addLayout(line)
        column.addWidget(scrolled(self.strip), 2)
        return page

    def current_view(self) -> ChartView:
        return self._views[self._stack.currentIndex()]

    def show_found(self, found: Found, number: int) -> None:
        """The round, or the contestant, ``number`` (from 0)."""
        if found.rounds:
            self._show_round(found.rounds[number], found.by)
        else:
            self._show_shift(found.shifts[number])
        self.current_view().chart_changed()

    def _show_round(self, one: JudgedRound, by: str) -> None:
        dots = [Dot(f"Demonstration {id}", nats, judged, 0, large=id == one.chosen)
                for id, judged, nats in one.candidates]
        self.scatter.show_dots(dots, ("nats per answer, likelihood of the references", JUDGES[by]),
                               digits=(2, 2))
        tau = "" if one.tau is None else (f"Kendall’s τ {plain(one.tau.mean)} "
                                          f"({plain(one.tau.low)} to {plain(one.tau.high)})")
        chosen = f"demonstration {one.chosen} was chosen by the judge"
        what = JUDGES[by]
        said = [f"{what[0].upper()}{what[1:]} over the likelihood", tau or "no order to compare",
                counted(len(one.candidates), "candidate"), chosen]
        self.said.emit(" · ".join(said))
        self._stack.setCurrentIndex(0)

    def _show_shift(self, one: Shifted) -> None:
        self._shown = one
        row = one.row
        lines = []
        for place, (name, _, colour) in enumerate(_SHARES):
            lines.append(BandLine(name, tuple(
                BandPoint(stretch[0], Interval(stretch[2 + place], stretch[2 + place], stretch[2 + place]),
                          detail=counted(stretch[1], "token")) for stretch in row.by_place), colour))
        self.places.show_lines(lines, ("tokens into the answer", "share of tokens"), logarithmic=True)
        shares = ", ".join(f"{percent(getattr(row, name))} {name}" for _, name, _ in _SHARES)
        self.said.emit(f"{shares} of {counted(row.tokens, 'token')} · KL {plain(row.kl.mean)} nats per token "
                       f"({plain(row.kl.low)} to {plain(row.kl.high)})")
        self.answers.clear()
        for answer in one.answers:
            self.answers.addItem(answer.title)
        self._stack.setCurrentIndex(1)
        self._show_answer(0)

    def _show_answer(self, number: int) -> None:
        assert self._shown is not None
        if not self._shown.answers:
            self.strip.set_tokens((), ())
            return
        answer = self._shown.answers[number]
        self.strip.set_tokens(answer.base, answer.own)
        shifted = sum(token.rank >= 3 for token in answer.base)
        self._answer_hint.setText(f"Before: the base model. After: the contestant. {shifted} of "
                                  f"{counted(len(answer.base), 'token')} shifted")
