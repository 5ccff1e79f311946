"""How far prompts, or training, move the base model: shares of shifted tokens and KL, and answers' tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Interval, TokenScore
from workbench.gui.bench.answers.diff import Span
from workbench.gui.bench.answers.text import AnswerText
from workbench.gui.charts.band import BandChart, BandLine, BandPoint
from workbench.gui.charts.bars import Bar, BarChart, BarGroup
from workbench.gui.charts.chart_view import ChartView, scrolled
from workbench.gui.charts.token_strip import TokenStrip
from workbench.gui.shell import settings
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.gui.widgets.pane import splitter
from workbench.gui.widgets.segmented import Segmented
from workbench.services.recipe_findings import Shifted
from workbench.services.token_shifts import MARGINAL, Stretch
from workbench.wording import counted, percent, plain

SHARES = ("unshifted", "marginal", "shifted")
MOST = 6                             # contestants in the charts; more cannot be told apart


class ShiftPane(QWidget):
    """Draws contestants beside each other, and the tokens of one. ``said`` carries a line about that one,
    ``contestant_wanted`` the place of one whose mark was picked."""

    said = Signal(str)
    contestant_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.shares = BarChart("Shares of tokens, by contestant", "Tokens")
        self.kl = BandChart("KL per token, by contestant", "Contestant")
        self.places = BandChart("Shifted tokens by place in the answer", "Contestant")
        self.strip = TokenStrip()
        self.text = AnswerText("Answer, shifted tokens marked")
        self.answers = ElidedCombo("Answer", 14)
        self._views = [ChartView(chart, chart) for chart in (self.shares, self.kl, self.places)]
        self._shown: Shifted | None = None
        self.tabs = Segmented(("KL", "By place"), name="What the lines show")
        self._lines = QStackedWidget()
        for view in self._views[1:]:
            self._lines.addWidget(view)
        self._line_hint = ElidedLabel("", "faint")
        self.tabs.changed.connect(self._tab_changed)
        self._tab_changed(0)
        self.answers.activated.connect(self._show_answer)
        for chart in (self.shares, self.kl, self.places):
            chart.picked.connect(self._picked)
        self._lay_out()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        self._answer_hint = ElidedLabel("", "faint")
        self.answers.setMaximumWidth(240)
        line.addWidget(label("Answer", "section"))
        line.addWidget(self.answers, 1)
        line.addWidget(self._answer_hint, 2)
        left, right = _column(), _column()
        _fill(left, (label("Tokens by the base’s ranking", "section"), ElidedLabel("share", "faint")), self._views[0])
        _fill(right, (self.tabs, self._line_hint), self._lines)
        right.setContentsMargins(12, 0, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 4, 20, 16)
        column.setSpacing(12)
        column.addWidget(splitter(Qt.Orientation.Horizontal, left, right, sizes=[460, 640], stretch=1,
                                  remembered=settings.BENCH_SHIFT), 3)
        column.addLayout(line)
        column.addWidget(self.text)
        column.addWidget(scrolled(self.strip), 2)

    def current_view(self) -> ChartView:
        """The one with the focus, or the bars."""
        return next((view for view in self._views if view.isAncestorOf(view.window().focusWidget() or view)),
                    self._views[0])

    def show_found(self, shifts: Sequence[Shifted], number: int) -> None:
        """All of ``shifts`` beside each other, and the tokens of the one at place ``number``."""
        one = self._shown = shifts[number]
        drawn = list(enumerate(shifts))
        if len(drawn) > MOST:
            drawn = sorted([(number, one), *[pair for pair in drawn if pair[0] != number][: MOST - 1]],
                           key=lambda pair: pair[0])
        colour = {place: at for at, (place, _) in enumerate(drawn)}
        alike = len({shown.row.base for _, shown in drawn}) == 1         # then the base need not be named each time
        names = {place: shown.name.removesuffix(f" against {shown.row.base}") if alike else shown.name
                 for place, shown in drawn}
        self.shares.show_groups([BarGroup(name.capitalize(), tuple(
            Bar(names[place], getattr(shown.row, name), colour[place], ("contestant", place),
                counted(shown.row.tokens, "token")) for place, shown in drawn)) for name in SHARES],
            high=1.0, unit="share", digits=2)
        self.kl.show_lines([BandLine(names[place], tuple(
            BandPoint(nats, interval, ("contestant", place), counted(shown.row.tokens, "token"))
            for nats, interval in shown.row.kl_from), colour[place]) for place, shown in drawn],
            ("KL of a token, nats, at least", "share of tokens"), logarithmic=True)
        self.places.show_lines([BandLine(names[place], tuple(
            BandPoint(stretch.start, _rest(stretch.unshifted), ("contestant", place), _kinds(stretch))
            for stretch in shown.row.by_place), colour[place]) for place, shown in drawn],
            ("tokens into the answer", "share of tokens"), logarithmic=True)
        row = one.row
        shares = ", ".join(f"{percent(getattr(row, name).mean)} {name}" for name in SHARES)
        few = f" · {len(drawn)} of {len(shifts)} drawn" if len(drawn) < len(shifts) else ""
        kl = f"KL {plain(row.kl.mean)} nats per token ({plain(row.kl.low)} to {plain(row.kl.high)})"
        self.said.emit(f"{one.name}: {shares} of {counted(row.tokens, 'token')} · {kl} · 95 % intervals over "
                       f"questions{few}")
        self.answers.clear()
        for answer in one.answers:
            self.answers.addItem(answer.title)
        self._show_answer(0)
        for view in self._views:
            view.chart_changed()

    def _tab_changed(self, place: int) -> None:
        self._lines.setCurrentIndex(place)
        self._line_hint.setText(("share of tokens that move at least so far",
                                 "share that is not the base’s first choice")[place])

    def _picked(self, key: Any) -> None:
        if key is not None:
            self.contestant_wanted.emit(key[1])

    def _show_answer(self, number: int) -> None:
        assert self._shown is not None
        if not self._shown.answers:
            self.strip.set_tokens((), ())
            self._mark(())
            self._answer_hint.setText("")
            return
        answer = self._shown.answers[number]
        self.strip.set_tokens(answer.base, answer.own)
        shifted = sum(token.rank >= MARGINAL for token in answer.base)
        self._answer_hint.setText(f"{shifted} of {counted(len(answer.base), 'token')} shifted (red), yellow ones "
                                  "marginal. Before: the base model’s log-probability; after: the contestant’s")
        self._mark(answer.base)

    def _mark(self, tokens: Sequence[TokenScore]) -> None:
        self.text.show_text("".join(token.text for token in tokens))
        spans: dict[str, list[Span]] = {"warn": [], "bad": []}
        at = 0
        for token in tokens:
            end = at + len(token.text)
            if token.rank > 0:
                spans["warn" if token.rank < MARGINAL else "bad"].append((at, end))
            at = end
        for ground, found in spans.items():
            self.text.mark(found, ground, add=True)


def _rest(unshifted: Interval) -> Interval:
    return Interval(1 - unshifted.mean, 1 - unshifted.high, 1 - unshifted.low)


def _kinds(stretch: Stretch) -> str:
    """ "12 tokens: 0.25 marginal, 0.50 shifted" """
    return (f"{counted(stretch.tokens, 'token')}: {plain(stretch.marginal.mean)} marginal, "
            f"{plain(stretch.shifted.mean)} shifted")


def _column() -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    return made


def _fill(pane: QWidget, head: Sequence[QWidget], content: QWidget) -> None:
    row = QHBoxLayout()
    row.setSpacing(8)
    for place, widget in enumerate(head):
        row.addWidget(widget, place)             # the hint takes what room there is
    column = pane.layout()
    assert isinstance(column, QVBoxLayout)
    column.addLayout(row)
    column.addWidget(content, 1)
