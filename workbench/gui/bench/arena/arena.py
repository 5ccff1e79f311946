"""The blind arena: a question, two answers without names (or one), a verdict with one key, and why."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from workbench.gui.bench.answers.text import AnswerText
from workbench.gui.bench.arena.bar import pair_bar, rating_bar
from workbench.gui.bench.arena.card import ArenaCard
from workbench.gui.charts.chart import one_line
from workbench.gui.widgets.buttons import Button
from workbench.gui.widgets.chips import Tag
from workbench.gui.widgets.flow_layout import remove_widgets
from workbench.gui.widgets.labels import hairline, label

REASONS = ("More useful", "More correct", "Better tone", "Right length", "Safer")
SHORT = 400                          # characters: a longer question is not set in semibold
ROOMY = 1100                         # narrower: the key caps go, never the buttons
_KEYS = {Qt.Key.Key_Left: "left", Qt.Key.Key_Down: "tie", Qt.Key.Key_Right: "right", Qt.Key.Key_X: "both_bad"}
_SCROLL = {Qt.Key.Key_PageDown: 0.9, Qt.Key.Key_PageUp: -0.9, Qt.Key.Key_Space: 0.9}


@dataclass(frozen=True, slots=True)
class ArenaQuestion:
    """``turns`` up to the one that is judged. ``right`` is empty where one answer is rated alone."""

    category: str
    turns: tuple[str, ...]
    left: tuple[str, ...]
    right: tuple[str, ...] = ()


class Arena(QWidget):
    """``voted`` carries a verdict ("left", "right", "tie", "both_bad", "skip", or "1".."10") and the reasons.

    Keys: arrows and X choose, digits rate (0 is ten), Enter saves, S skips, Ctrl+Z takes the last vote back.
    """

    voted = Signal(str, tuple)
    undo_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Blind arena")
        self._choice, self._single = "", False
        self.left, self.right = ArenaCard("A", "Answer A"), ArenaCard("B", "Answer B")
        self._chips = QHBoxLayout()
        self._asked = AnswerText("Question", role="title", grows=True)
        self.bars = QStackedWidget()
        self.pair_bar, self.rating_bar = pair_bar(), rating_bar()
        self.bars.addWidget(self.pair_bar)
        self.bars.addWidget(self.rating_bar)
        self.bars.setFixedHeight(64)
        self.reasons: list[Button] = []
        self._why = self._reasons_row()
        self._build()
        self.left.pressed.connect(lambda: self._pressed("left"))
        self.right.pressed.connect(lambda: self._pressed("right"))
        for bar in (self.pair_bar, self.rating_bar):
            bar.chosen.connect(self.choose)
            bar.saved.connect(self.save)
            bar.skipped.connect(self.skip)
            bar.undone.connect(self.undo_wanted)
        for text in (self.left.text, self.right.text, self._asked):
            text.installEventFilter(self)

    def _build(self) -> None:
        question = QFrame()
        question.setProperty("card", "canvas")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label("Question", "section"))
        head.addLayout(self._chips)
        head.addStretch(1)
        inside = QVBoxLayout(question)
        inside.setContentsMargins(20, 12, 20, 12)
        inside.setSpacing(6)
        inside.addLayout(head)
        inside.addWidget(self._asked)
        self._question = question
        cards = QHBoxLayout()
        cards.setSpacing(16)
        cards.addWidget(self.left, 1)
        cards.addWidget(self.right, 1)
        middle = QVBoxLayout()
        middle.setContentsMargins(32, 20, 32, 16)
        middle.setSpacing(16)
        middle.addWidget(question)
        middle.addLayout(cards, 1)
        middle.addWidget(self._why)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(middle, 1)
        column.addWidget(hairline())
        column.addWidget(self.bars)

    def _reasons_row(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label("Why?", "section"))
        for words in REASONS:
            button = Button(words, "chip")
            button.setCheckable(True)
            button.toggled.connect(lambda on, button=button: button.set_icon_name("check" if on else ""))
            self.reasons.append(button)
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(label("Optional", "faint"))
        return made

    # what is shown
    def show_question(self, question: ArenaQuestion, *, can_undo: bool) -> None:
        """Another pair, or another answer; nothing is chosen."""
        self._single = not question.right
        remove_widgets(self._chips)
        for chip in (one_line(question.category), f"Turn {len(question.turns)}" if len(question.turns) > 1 else ""):
            if chip:
                self._chips.addWidget(Tag(chip))
        asked = "\n\n".join(question.turns)
        self._asked.set_role("title" if len(asked) <= SHORT else "reading")
        self._asked.show_text(asked)
        self.left.show_turns(question.left)
        self.right.show_turns(question.right or ("",))
        self.right.setVisible(not self._single)
        self.left.set_alone(self._single)
        self.bars.setCurrentIndex(1 if self._single else 0)
        for button in self.reasons:
            button.setChecked(False)
        self.choose("")
        self.set_can_undo(can_undo)
        self.setAccessibleDescription(f"Question: {one_line(question.turns[-1])[:200]}")
        if self.isVisible() and not self._holds_typing():
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    @staticmethod
    def _holds_typing() -> bool:
        return isinstance(QApplication.focusWidget(), QLineEdit)

    def set_can_undo(self, on: bool) -> None:
        for bar in (self.pair_bar, self.rating_bar):
            bar.undo.setEnabled(on)

    @property
    def choice(self) -> str:
        return self._choice

    def choose(self, value: str) -> None:
        self._choice = value
        (self.rating_bar if self._single else self.pair_bar).show_choice(value)
        self.left.set_chosen(value == "left")
        self.right.set_chosen(value == "right")

    def chosen_reasons(self) -> tuple[str, ...]:
        return tuple(words for words, button in zip(REASONS, self.reasons, strict=True) if button.isChecked())

    def save(self) -> None:
        if self._choice:
            self.voted.emit(self._choice, self.chosen_reasons())

    def skip(self) -> None:
        self.voted.emit("skip", ())

    def _pressed(self, side: str) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if not self._single:
            self.choose(side)

    # keys
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._key(event):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys act while a text has the focus, too; it takes none of them itself."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.save()
        elif key == Qt.Key.Key_S:
            self.skip()
        elif key in _SCROLL:
            for card in (self.left, self.right):
                card.scroll_pages(_SCROLL[key])
        elif not self._single and key in _KEYS:
            self.choose(_KEYS[key])
        elif self._single and Qt.Key.Key_0 <= key <= Qt.Key.Key_9:
            self.choose(str((key.value - Qt.Key.Key_0.value) or 10))
        else:
            return False
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for bar in (self.pair_bar, self.rating_bar):
            bar.show_hints(event.size().width() >= ROOMY)
        self._asked.set_most(max(60, event.size().height() // 4))
