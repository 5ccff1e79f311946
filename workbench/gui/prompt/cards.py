"""The ordered demonstrations of a prompt, as a list whose entries can be moved, and that others can be dropped on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, Qt, Signal

from workbench.gui.listing.table import Index
from workbench.gui.widgets.dragged_ids import MIME, ids_from_mime, ids_to_mime
from workbench.gui.widgets.glyphs import say_interval
from workbench.gui.widgets.safe_text import tooltip
from workbench.services.prompt_reading import Card

CARD_MIME = "application/x-workbench-prompt-cards"   # places in the prompt, separated by blanks


class PromptCards(QAbstractListModel):
    """``reordered`` carries the ids in their new order, ``dropped`` ids that came from elsewhere and their place."""

    reordered = Signal(list)
    dropped = Signal(list, int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cards: list[Card] = []

    def cards(self) -> list[Card]:
        return self._cards

    def ids(self) -> list[int]:
        return [card.id for card in self._cards]

    def set_cards(self, cards: Sequence[Card]) -> None:
        """Show these. The same demonstrations in the same order keep selection and focus."""
        if [card.id for card in cards] == self.ids():
            self._cards = list(cards)
            if cards:
                self.dataChanged.emit(self.index(0), self.index(len(cards) - 1))
            return
        self.beginResetModel()
        self._cards = list(cards)
        self.endResetModel()

    def move(self, places: Sequence[int], to: int) -> list[int]:
        """Ids in the order that results when the cards at ``places`` stand before the card that is at ``to`` now."""
        moving = sorted(set(places))
        ids = self.ids()
        before = [ids[i] for i in range(to) if i not in moving]
        after = [ids[i] for i in range(to, len(ids)) if i not in moving]
        return [*before, *(ids[i] for i in moving), *after]

    # Qt's side

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._cards)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not 0 <= index.row() < len(self._cards):
            return None
        card = self._cards[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return card.instruction
        if role == Qt.ItemDataRole.ToolTipRole:
            gain = "Gain not measured yet" if card.gain is None else say_interval(card.gain).capitalize()
            return tooltip(f"{card.instruction[:280]}\n{gain}")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(index.row(), card)
        if role == Qt.ItemDataRole.UserRole:
            return card
        return None

    def _spoken(self, place: int, card: Card) -> str:
        parts = [f"{place + 1} of {len(self._cards)}", card.instruction, card.category]
        parts.append("" if card.tokens is None else f"{card.tokens} tokens")
        parts.append("gain not measured" if card.gain is None else say_interval(card.gain))
        return ", ".join(part for part in parts if part)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return (Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
                | Qt.ItemFlag.ItemNeverHasChildren)

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        return [CARD_MIME, MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        places = sorted({index.row() for index in indexes})
        data = ids_to_mime([self._cards[place].id for place in places])
        data.setData(CARD_MIME, " ".join(map(str, places)).encode("ascii"))
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        to = row if row >= 0 else parent.row() if parent.isValid() else len(self._cards)
        if data.hasFormat(CARD_MIME):
            places = [int(word) for word in bytes(data.data(CARD_MIME).data()).split()]
            order = self.move(places, to)
            if order != self.ids():
                self.reordered.emit(order)
        else:
            ids = ids_from_mime(data)
            if not ids:
                return False
            self.dropped.emit(ids, to)
        return False            # the list follows from the project; were it True, the view would take the old rows out
