"""The turns of a demonstration, as cards that are written in, added, moved and removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.domain import Role, Turn
from workbench.gui.widgets.buttons import ghost
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.turn_card import TurnCard
from workbench.wording import counted


class TurnsEditor(QWidget):
    """``edited`` follows each change; ``finished`` says that it is time to save."""

    edited = Signal()
    finished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stored: tuple[Turn, ...] = ()
        self._cards: list[TurnCard] = []
        self._read_only = False
        self._before: QWidget | None = None          # where Tab comes from
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self._column = column
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self._add = ghost("Add turn", "plus")
        self._add.clicked.connect(self.add_turn)
        self._tokens = label("", "faint")
        foot.addWidget(self._add)
        foot.addStretch(1)
        foot.addWidget(self._tokens)
        column.addLayout(foot)

    # What is shown

    def show_turns(self, turns: Sequence[Turn], *, read_only: bool = False) -> None:
        """Show stored turns. Cards that hold the same text stay, with their cursor."""
        self._stored = tuple(turns)
        if self.turns() != self._stored or read_only != self._read_only or not self._cards:
            fresh, self._read_only = read_only != self._read_only, read_only
            self._add.setEnabled(not read_only)
            self._rebuild(self._stored, fresh=fresh)

    def set_stored(self, turns: Sequence[Turn]) -> None:
        """What is stored changed while the person types: the text in the cards stays."""
        self._stored = tuple(turns)

    def turns(self) -> tuple[Turn, ...]:
        return tuple(card.turn() for card in self._cards)

    def written(self) -> tuple[Turn, ...]:
        """The turns without those that are blank."""
        return tuple(turn for turn in self.turns() if turn.text.strip() or turn.attached)

    def dirty(self) -> bool:
        return self.turns() != self._stored

    def show_tokens(self, each: Sequence[int] | None, whole: int | None) -> None:
        """Token counts of the stored turns, as far as they are known."""
        for place, card in enumerate(self._cards):
            card.set_tokens(each[place] if each is not None and place < len(each) else None)
        self._tokens.setText("" if whole is None else counted(whole, "token"))

    def start(self, place: int = 0) -> None:
        """Put the cursor into a turn."""
        if self._cards:
            self._cards[min(place, len(self._cards) - 1)].start()

    # Changing it

    def add_turn(self) -> None:
        role = Role.ASSISTANT if self._cards and self._cards[-1].turn().role is Role.USER else Role.USER
        self._append(Turn(role, ""))
        self._cards[-1].start()
        self.edited.emit()

    def _rebuild(self, turns: Sequence[Turn], *, fresh: bool = False) -> None:
        """Show these turns. Cards that fit are used again: making them anew takes time, and would flicker."""
        if not fresh and len(turns) == len(self._cards) and all(
                card.take(turn) for card, turn in zip(self._cards, turns, strict=True)):
            return
        focus = self.window().focusWidget()
        inside = [i for i, card in enumerate(self._cards) if focus is not None and card.isAncestorOf(focus)]
        for card in self._cards:
            card.blockSignals(True)
            card.hide()
            self._column.removeWidget(card)
            card.deleteLater()
        self._cards = []
        for turn in turns:
            self._append(turn)
        if inside and inside[0] < len(self._cards):
            self._cards[inside[0]].start()

    def order_tabs(self, before: QWidget) -> None:
        """From ``before`` through the texts, then the cards' tools, then on: one writes from text to text by Tab."""
        self._before = before
        texts = [widget for card in self._cards for widget in card.stops()[0]]
        tools = [widget for card in self._cards for widget in card.stops()[1]]
        for first, second in pairwise([before, *texts, *tools, self._add]):
            QWidget.setTabOrder(first, second)

    def _append(self, turn: Turn) -> None:
        card = TurnCard(turn, read_only=self._read_only)
        card.edited.connect(self.edited)
        card.left.connect(self.finished, Qt.ConnectionType.QueuedConnection)
        card.remove_pressed.connect(lambda: self._remove(card))
        card.move_pressed.connect(lambda by: self._move(card, by))
        card.role_chosen.connect(lambda role: self._set_role(card, role))
        self._column.insertWidget(len(self._cards), card)
        self._cards.append(card)
        if self._before is not None:
            self.order_tabs(self._before)

    def _remove(self, card: TurnCard) -> None:
        self._change([c.turn() for c in self._cards if c is not card])

    def _move(self, card: TurnCard, by: int) -> None:
        turns, at = list(self.turns()), self._cards.index(card)
        to = min(max(at + by, 0), len(turns) - 1)
        turns.insert(to, turns.pop(at))
        self._change(turns)

    def _set_role(self, card: TurnCard, role: Role) -> None:
        self._change([replace(c.turn(), role=role) if c is card else c.turn() for c in self._cards])

    def _change(self, turns: Sequence[Turn]) -> None:
        self._rebuild(turns)
        self.edited.emit()
        self.finished.emit()
