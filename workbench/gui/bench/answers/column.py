"""One contestant's answers to a question, turn by turn, with scores and what judges and people said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.bench.answers.diff import Span
from workbench.gui.bench.answers.text import LongAnswer
from workbench.gui.charts.marks import ink
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import link
from workbench.gui.widgets.labels import ElidedLabel, hairline, label
from workbench.wording import counted

SHORT = 8                            # characters of a number: it is never cut
NARROWEST = 224


@dataclass(frozen=True, slots=True)
class Said:
    """A judgement in words: "tiny-judge", "rates it 7.0", and the judge's own words."""

    who: str
    what: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class TurnShown:
    """``text`` None: there is no answer. ``facts``: "64 tokens, 1.2 s, ended at a stop string"."""

    text: str | None
    score: str = ""
    facts: str = ""
    said: tuple[Said, ...] = ()
    marginal: tuple[Span, ...] = ()              # characters that a base model would say less, and much less, likely
    shifted: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnShown:
    """``detail`` says what made the answers: model, prompt, decoding."""

    contestant_id: int
    name: str
    colour: int
    detail: str
    turns: tuple[TurnShown, ...]
    has_prompt: bool = True


class Swatch(QWidget):
    """A series' colour beside its name."""

    def __init__(self, colour: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = colour
        self.setFixedSize(12, 20)
        theme.notifier.changed.connect(self.update)

    def set_colour(self, colour: int) -> None:
        self._colour = colour
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink(self._colour))
        painter.drawRoundedRect(QRectF(1, 5.5, 9, 9), 2.5, 2.5)


class _Judgements(QFrame):
    """What judges and people said of one answer."""

    def __init__(self, said: Sequence[Said]) -> None:
        super().__init__()
        self.setProperty("card", "canvas")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(4)
        self.texts: list[LongAnswer] = []
        for number, one in enumerate(said):
            if number:
                column.addWidget(hairline())
            line = QHBoxLayout()
            line.setSpacing(6)
            line.addWidget(ElidedLabel(one.who, "strong"), len(one.who) + 1)     # room by what each has to say
            if len(one.what) <= SHORT:
                line.addWidget(label(one.what, "small"))
            else:                                       # a label that is not cut would widen the column
                what = ElidedLabel(one.what, "small")
                what.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                line.addWidget(what, len(one.what) + 1)
            column.addLayout(line)
            if one.words:
                words = LongAnswer(f"What {one.who} said")
                words.show_text(one.words)
                self.texts.append(words)
                column.addWidget(words)


class TurnView(QWidget):
    """One turn: its number and score, the answer, and the judgements behind a link."""

    toggled = Signal(bool)

    def __init__(self, number: int, turn: TurnShown, name: str, *, expanded: bool, headed: bool) -> None:
        super().__init__()
        self.text = turn.text
        self.answer: LongAnswer | None = None
        self._said = turn.said
        self._judgements: _Judgements | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(5)
        if headed:
            line = QHBoxLayout()
            line.addWidget(label(f"Turn {number}", "section"))
            line.addStretch(1)
            line.addWidget(label(turn.score, "strong"))
            self._column.addLayout(line)
        if turn.text is None:
            self._column.addWidget(label("No answer", "faint"))
        else:
            self.answer = LongAnswer(f"{name}, answer to turn {number}")
            self.answer.show_text(turn.text)
            self._column.addWidget(self.answer)
            if not turn.text.strip():
                self._column.addWidget(label("The answer is empty.", "faint"))
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.more = link(counted(len(turn.said), "judgement"))
        self.more.setProperty("flush", "1")
        self.more.setVisible(bool(turn.said))
        self.more.clicked.connect(self._toggle)
        foot.addWidget(self.more)
        foot.addWidget(ElidedLabel(turn.facts, "faint"), 1)
        self._column.addLayout(foot)
        self.expand(expanded)

    def _toggle(self) -> None:
        self.toggled.emit(self._judgements is None or self._judgements.isHidden())

    def texts(self) -> list[LongAnswer]:
        """What is to be read, in its order."""
        said = self._judgements.texts if self._judgements is not None and not self._judgements.isHidden() else []
        return [*([self.answer] if self.answer is not None else []), *said]

    def expand(self, on: bool) -> None:
        """Show the judgements; they are made when they are first wanted."""
        if on and self._judgements is None and self._said:
            self._judgements = _Judgements(self._said)
            self._column.addWidget(self._judgements)
        if self._judgements is not None:
            self._judgements.setVisible(on)


class AnswerColumn(QWidget):
    """``prompt_wanted`` carries the contestant whose exact prompt is asked for."""

    prompt_wanted = Signal(int)
    expand_wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.shown: ColumnShown | None = None
        self.turns: list[TurnView] = []
        self.setMinimumWidth(NARROWEST)
        self._swatch, self._name = Swatch(), ElidedLabel("", "strong")
        self._turn, self._score = label("", "faint"), label("", "strong")
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 16, 2)
        head.setSpacing(6)
        head.addWidget(self._swatch)
        head.addWidget(self._name, 1)
        head.addWidget(self._turn)
        head.addWidget(self._score)
        self._detail = ElidedLabel("", "faint")
        self._prompt = link("Exact prompt")
        keep = self._prompt.sizePolicy()
        keep.setRetainSizeWhenHidden(True)           # so that the texts of all columns begin at the same height
        self._prompt.setSizePolicy(keep)
        self._prompt.clicked.connect(self._want_prompt)
        second = QHBoxLayout()
        second.setContentsMargins(16, 0, 13, 6)
        second.setSpacing(8)
        second.addWidget(self._detail, 1)
        second.addWidget(self._prompt)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._area.viewport().setAutoFillBackground(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(second)
        column.addWidget(self._area, 1)

    def _want_prompt(self) -> None:
        if self.shown is not None:
            self.prompt_wanted.emit(self.shown.contestant_id)

    def show_column(self, column: ColumnShown, *, expanded: bool) -> None:
        self.shown = column
        self._swatch.set_colour(column.colour)
        self._name.setText(column.name)
        self._detail.setText(column.detail)
        self._prompt.setVisible(column.has_prompt)
        self._area.setAccessibleName(f"Answers of {column.name}")
        single = len(column.turns) == 1
        self._turn.setText("Turn 1" if single else "")
        self._turn.setVisible(single)
        self._score.setText(column.turns[0].score if single else "")
        inner = QWidget()
        inner.setProperty("scrolled", "1")
        room = QVBoxLayout(inner)
        room.setContentsMargins(16, 4, 16, 16)
        room.setSpacing(10)
        self.turns = []
        for number, turn in enumerate(column.turns, start=1):
            if number > 1:
                room.addWidget(hairline())
            view = TurnView(number, turn, column.name, expanded=expanded, headed=not single)
            view.toggled.connect(self.expand_wanted)
            self.turns.append(view)
            room.addWidget(view)
        room.addStretch(1)
        self._area.setWidget(inner)
        inner.setAutoFillBackground(False)

    def expand(self, on: bool) -> None:
        for view in self.turns:
            view.expand(on)

    def mark_shifts(self) -> None:
        """Colour what a prompt or a training moved the base model to say."""
        for view, turn in zip(self.turns, self.shown.turns if self.shown is not None else (), strict=True):
            if view.answer is not None:
                view.answer.mark(turn.marginal, "warn")
                view.answer.mark(turn.shifted, "bad", add=True)

    def mark(self, turn: int, spans: Sequence[Span], token: str) -> None:
        answer = self.turns[turn].answer if turn < len(self.turns) else None
        if answer is not None:
            answer.mark(spans, token)

    def scroll_pages(self, pages: float) -> None:
        bar = self._area.verticalScrollBar()
        bar.setValue(bar.value() + round(pages * bar.pageStep()))
