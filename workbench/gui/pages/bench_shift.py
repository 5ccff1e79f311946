"""How far a prompt, or training, moves the base model: the shares of shifted tokens by place, and answers' tokens."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.domain import TokenScore
from workbench.gui.charts.band import BandChart, BandLine, BandPoint
from workbench.gui.charts.chart_view import ChartView, scrolled
from workbench.gui.charts.numbers import percent, plain
from workbench.gui.charts.token_strip import TokenStrip
from workbench.gui.pages.bench_found import Shifted
from workbench.gui.views.answer_diff import Span
from workbench.gui.views.answer_text import AnswerText
from workbench.gui.views.elided_combo import ElidedCombo
from workbench.gui.views.labels import ElidedLabel, label
from workbench.gui.wording import counted
from workbench.services.bench_numbers import MARGINAL

_SHARES = (("Unshifted", "unshifted", 2), ("Marginal", "marginal", 3), ("Shifted", "shifted", 4))


class ShiftPane(QWidget):
    """Shows one contestant against the base model. ``said`` carries a line about it."""

    said = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.places = BandChart("Shifted tokens by place in the answer", "Tokens")
        self.strip = TokenStrip()
        self.text = AnswerText("Answer, shifted tokens marked")
        self.answers = ElidedCombo("Answer", 14)
        self._view = ChartView(self.places, self.places)
        self._shown: Shifted | None = None
        self.answers.activated.connect(self._show_answer)
        line = QHBoxLayout()
        line.setSpacing(8)
        self._answer_hint = ElidedLabel("", "faint")
        self.answers.setMaximumWidth(240)
        line.addWidget(label("Answer", "section"))
        line.addWidget(self.answers, 1)
        line.addWidget(self._answer_hint, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 4, 20, 16)
        column.setSpacing(12)
        column.addWidget(self._view, 3)
        column.addLayout(line)
        column.addWidget(self.text)
        column.addWidget(scrolled(self.strip), 2)

    def current_view(self) -> ChartView:
        return self._view

    def show_shifted(self, one: Shifted) -> None:
        self._shown = one
        row = one.row
        lines = []
        for name, share, colour in _SHARES:
            lines.append(BandLine(name, tuple(
                BandPoint(stretch.start, getattr(stretch, share), (name, stretch.start),
                          counted(stretch.tokens, "token")) for stretch in row.by_place), colour))
        self.places.show_lines(lines, ("tokens into the answer", "share of tokens"), logarithmic=True)
        shares = ", ".join(f"{percent(getattr(row, name))} {name}" for _, name, _ in _SHARES)
        self.said.emit(f"Shares of tokens by their place, 95 % intervals over questions · {shares} of "
                       f"{counted(row.tokens, 'token')} · KL {plain(row.kl.mean)} nats per token "
                       f"({plain(row.kl.low)} to {plain(row.kl.high)})")
        self.answers.clear()
        for answer in one.answers:
            self.answers.addItem(answer.title)
        self._show_answer(0)
        self._view.chart_changed()

    def _show_answer(self, number: int) -> None:
        assert self._shown is not None
        if not self._shown.answers:
            self.strip.set_tokens((), ())
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
