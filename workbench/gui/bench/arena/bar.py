"""The foot of the blind arena: one button and one key for each verdict."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.gui.widgets.buttons import Button, ghost, primary, secondary
from workbench.gui.widgets.keycaps import KeyHints
from workbench.gui.widgets.labels import label

# (verdict, words, key cap)
VERDICTS = (("left", "A is better", "←"), ("tie", "Tie", "↓"), ("right", "B is better", "→"),
            ("both_bad", "Both are bad", "X"))
RATINGS = tuple(range(1, 11))


class ChoiceBar(QWidget):
    """``chosen`` carries a verdict of VERDICTS, or a rating as text. ``saved``, ``skipped`` and ``undone`` act."""

    chosen = Signal(str)
    saved = Signal()
    skipped = Signal()
    undone = Signal()

    def __init__(self, choices: Sequence[tuple[str, str, str]], save: str, keys: str = "") -> None:
        super().__init__()
        self.setFixedHeight(64)
        self.buttons: dict[str, Button] = {}
        self._hints: list[QWidget] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(32, 0, 32, 0)
        row.setSpacing(8)
        for value, words, key in choices:
            button = secondary(words)
            button.clicked.connect(lambda _=False, value=value: self.chosen.emit(value))
            self.buttons[value] = button
            row.addWidget(button)
            if key:
                row.addWidget(self._hint(key))
                row.addSpacing(8)
        if keys:
            row.addSpacing(4)
            row.addWidget(label(keys, "faint"))
        row.addStretch(1)
        self.undo, self.skip = ghost("Undo last vote", "undo"), ghost("Skip")
        self.save = primary(save)
        self.undo.clicked.connect(self.undone)
        self.skip.clicked.connect(self.skipped)
        self.save.clicked.connect(self.saved)
        row.addWidget(self.undo)
        row.addWidget(self.skip)
        row.addWidget(self._hint("S"))
        row.addSpacing(4)
        row.addWidget(self._hint("Enter"))
        row.addWidget(self.save)

    def _hint(self, key: str) -> QWidget:
        caps = KeyHints([(key, "")])
        caps.setFixedWidth(caps.sizeHint().width() - 15)
        self._hints.append(caps)
        return caps

    def show_choice(self, value: str) -> None:
        """Mark what is chosen; "" for nothing yet."""
        for name, button in self.buttons.items():
            on = name == value
            button.set_kind("on" if on else "")
            button.set_icon_name("check" if on and not name.isdigit() else "")
        self.save.setEnabled(bool(value))

    def show_hints(self, on: bool) -> None:
        for hint in self._hints:
            hint.setVisible(on)


def pair_bar() -> ChoiceBar:
    return ChoiceBar(VERDICTS, "Save and go to next pair")


def rating_bar() -> ChoiceBar:
    return ChoiceBar([(str(rating), str(rating), "") for rating in RATINGS], "Save and go to next answer",
                     "Keys 1 to 9, and 0 for 10")
