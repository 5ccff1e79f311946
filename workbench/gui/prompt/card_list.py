"""The prompt's demonstrations as cards: painted, dragged by their handle, moved by Alt and an arrow key."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHoverEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from workbench.domain import Interval
from workbench.gui.listing.table import Index
from workbench.gui.prompt.cards import CARD_MIME, PromptCards
from workbench.gui.widgets import theme
from workbench.gui.widgets.dragged_ids import MIME
from workbench.gui.widgets.glyphs import GainScale, gain_scale, paint_delta_bar, signed
from workbench.gui.widgets.painted_text import metrics, paint_line
from workbench.services.prompt_reading import Card
from workbench.wording import counted

GAP = 3                                              # above and below each card


def gain_width() -> float:
    """Number, bar and the remove cross, from the right edge of a card."""
    return metrics("strong").horizontalAdvance("+00.00") + 160


class PromptList(QListView):
    """``current_changed`` carries a place or -1; ``remove_pressed`` places; ``open_pressed`` a demonstration's id."""

    current_changed = Signal(int)
    hovered = Signal(int)
    remove_pressed = Signal(list)
    open_pressed = Signal(int)

    def __init__(self, model: PromptCards, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards = model
        self._delegate = _CardDelegate(self)
        self._drop_at = -1
        self._lit = -1
        self._next: list[int] | None = None          # ids to select when the new order is there
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Order in the prompt")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(False)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.doubleClicked.connect(lambda index: self.open_pressed.emit(model.ids()[index.row()]))
        theme.notifier.changed.connect(self.doItemsLayout)

    # State

    def places(self) -> list[int]:
        """The selected places, in order."""
        return sorted(index.row() for index in self.selectionModel().selectedIndexes())

    def choose(self, place: int) -> None:
        """Make one card the current and only selected one."""
        index = self._cards.index(place)
        if index.isValid() and index != self.currentIndex():       # whatever key is held meanwhile
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def select_next(self, ids: list[int]) -> None:
        """Select these demonstrations, the first as the current one, once the changed prompt is shown."""
        self._next = ids

    def show_cards(self, cards: Sequence[Card]) -> None:
        """Show these; in another order, what was selected stays so, or one that stands at its place is."""
        before, row = self._cards.ids(), self.currentIndex().row()
        selected, current = [before[place] for place in self.places()], before[row] if row >= 0 else None
        if self._next is not None:
            selected, current, self._next = self._next, next(iter(self._next), None), None
        self._cards.set_cards(cards)
        if self._cards.ids() != before:
            self._select_ids(selected, current)
            if not self.places() and cards:
                self.choose(min(max(row, 0), len(cards) - 1))

    def _select_ids(self, ids: list[int], current: int | None) -> None:
        order = self._cards.ids()
        selection = self.selectionModel()
        if current in order:
            selection.setCurrentIndex(self._cards.index(order.index(current)), selection.SelectionFlag.ClearAndSelect)
        for id in ids:
            if id in order:
                selection.select(self._cards.index(order.index(id)), selection.SelectionFlag.Select)

    def light(self, place: int) -> None:
        """Show which card belongs to a segment that the pointer is on."""
        if place != self._lit:
            self._lit = place
            self.viewport().update()

    def lit(self) -> int:
        return self._lit

    def content_height(self) -> int:
        return self._cards.rowCount() * self._delegate.height() + 2

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.current_changed.emit(current.row())

    # Keys and pointer

    def keyPressEvent(self, event: QKeyEvent) -> None:
        places, key = self.places(), event.key()
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        if alt and key == Qt.Key.Key_Up and places and places[0] > 0:
            self._cards.reordered.emit(self._cards.move(places, places[0] - 1))
        elif alt and key == Qt.Key.Key_Down and places and places[-1] < self._cards.rowCount() - 1:
            self._cards.reordered.emit(self._cards.move(places, places[-1] + 2))
        elif alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            return
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and places:
            self.remove_pressed.emit(places)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.open_pressed.emit(self._cards.ids()[self.currentIndex().row()])
        elif event.text().strip() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and self._delegate.cross(QRectF(self.visualRect(index))).contains(event.position()):
            self.remove_pressed.emit([index.row()])

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHoverEvent) and event.type() == QEvent.Type.HoverMove:
            self.hovered.emit(self.indexAt(event.position().toPoint()).row())
        elif event.type() in (QEvent.Type.HoverLeave, QEvent.Type.Leave):
            self.hovered.emit(-1)
        return super().viewportEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self._cards.rowCount():
            self.setCurrentIndex(self._cards.index(0))

    # Dropping between cards

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(CARD_MIME) or event.mimeData().hasFormat(MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if event.mimeData().hasFormat(CARD_MIME) or event.mimeData().hasFormat(MIME):
            self._set_drop(self._place_for(event.position()))
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._set_drop(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        place = self._place_for(event.position())
        self._cards.dropMimeData(event.mimeData(), event.dropAction(), place, 0, QModelIndex())
        self._set_drop(-1)
        # a copy, whatever was asked for: the order comes back from the project, nothing is to be taken out here
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def _place_for(self, point: QPointF) -> int:
        for row in range(self._cards.rowCount()):
            if point.y() < self.visualRect(self._cards.index(row)).center().y():
                return row
        return self._cards.rowCount()

    def _set_drop(self, place: int) -> None:
        if place != self._drop_at:
            self._drop_at = place
            self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._drop_at < 0:
            return
        painter = QPainter(self.viewport())
        painter.setPen(QPen(theme.color("accent"), 2))
        rows = self._cards.rowCount()
        y = 1 if not rows else (self.visualRect(self._cards.index(self._drop_at)).top() if self._drop_at < rows
                                else self.visualRect(self._cards.index(rows - 1)).bottom())
        painter.drawLine(0, y, self.viewport().width(), y)
        painter.end()


class _CardDelegate(QStyledItemDelegate):
    def height(self) -> int:
        return max(60, round(metrics("medium").height() + metrics("small").height() + 24 + 2 * GAP))

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(240, self.height())

    def cross(self, rect: QRectF) -> QRectF:
        """Where a click removes the card."""
        return QRectF(rect.right() - 36, rect.center().y() - 15, 30, 30)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        view, model = self.parent(), index.model()
        assert isinstance(view, PromptList)
        assert isinstance(model, PromptCards)
        card = model.cards()[index.row()]
        box = QRectF(option.rect).adjusted(1, GAP, -1, -GAP)
        self._box(painter, option, box, view, index.row())
        self._words(painter, box, index.row(), card)
        bounds = [bound for c in model.cards() if c.gain is not None for bound in (c.gain.low, c.gain.high)]
        self._gain(painter, box, card, gain_scale(min(bounds, default=-1.0), max(bounds, default=1.0)))
        dpr = painter.device().devicePixelRatioF()
        painter.drawPixmap(QPointF(box.right() - 28, box.center().y() - 8), theme.pixmap("x", "text3", 16, dpr))
        painter.restore()

    def _box(self, painter: QPainter, option: QStyleOptionViewItem, box: QRectF, view: PromptList, place: int) -> None:
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        ring = bool(option.state & QStyle.StateFlag.State_HasFocus) and view.property("kbd") == "1"
        hover = bool(option.state & QStyle.StateFlag.State_MouseOver) or place == view.lit()
        painter.setBrush(theme.color("selected" if selected else "hover" if hover else
                                     "surface" if theme.name() == "light" else "raised"))
        painter.setPen(QPen(theme.color("focus" if ring else "accent" if selected else "border"), 2 if ring else 1))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)

    def _words(self, painter: QPainter, box: QRectF, place: int, card: Card) -> None:
        dpr = painter.device().devicePixelRatioF()
        middle = box.center().y()
        painter.drawPixmap(QPointF(box.x() + 8, middle - 9), theme.pixmap("grip", "text3", 18, dpr))
        width = max(22.0, metrics("section").horizontalAdvance(str(place + 1)) + 10)
        tile = QRectF(box.x() + 32, middle - 11, width, 22)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent_soft"))
        painter.drawRoundedRect(tile, 6, 6)
        paint_line(painter, tile, str(place + 1), "section", "accent_text", Qt.AlignmentFlag.AlignCenter)
        upper, lower = metrics("medium").height() + 2, metrics("small").height() + 2
        left, top = tile.right() + 12, middle - (upper + lower) / 2
        room = box.right() - gain_width() - 6 - left
        paint_line(painter, QRectF(left, top, room, upper), " ".join(card.instruction.split()), "medium", "text")
        parts = [card.category, "" if card.tokens is None else counted(card.tokens, "token")]
        second = "  ·  ".join(part for part in parts if part)
        paint_line(painter, QRectF(left, top + upper, room, lower), second, "small", "text3")

    def _gain(self, painter: QPainter, box: QRectF, card: Card, scale: GainScale) -> None:
        number = QRectF(box.right() - gain_width(), box.y(), gain_width() - 160, box.height())
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if card.gain is None:
            paint_line(painter, number.adjusted(0, 0, 100, 0), "Not measured", "small", "text3")
            return
        paint_line(painter, number, signed(card.gain.mean), "strong", "gain" if card.gain.mean >= 0 else "loss", align)
        bar = QRectF(number.right() + 10, box.y(), 112, box.height())
        paint_delta_bar(painter, bar, card.gain.mean, scale.largest, height=8, zero=scale.zero)
        _whisker(painter, bar, card.gain, scale)


def _whisker(painter: QPainter, bar: QRectF, gain: Interval, scale: GainScale) -> None:
    """The 95 % interval over a gain's bar, on the bar's scale."""
    zero, unit = bar.x() + bar.width() * scale.zero, bar.width() * (1 - scale.zero) / scale.largest
    low, high = (zero + bound * unit for bound in (gain.low, gain.high))
    middle = bar.center().y()
    painter.setPen(QPen(theme.color("text"), 1.25))
    painter.drawLine(QPointF(low, middle), QPointF(high, middle))
    for end in (low, high):
        painter.drawLine(QPointF(end, middle - 3), QPointF(end, middle + 3))
