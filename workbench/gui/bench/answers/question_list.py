"""Questions to choose from: the question's first line, and below it the category and a few words more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.gui.charts.chart import draw_focus_ring
from workbench.gui.widgets import theme
from workbench.gui.widgets.glyphs import paint_row
from workbench.gui.widgets.painted_text import metrics, paint_line
from workbench.gui.widgets.safe_text import tooltip

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """``value`` stands at the right: a score, or how many hits."""

    question_id: int
    number: str
    text: str
    below: str
    value: str = ""


class _Model(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[QuestionRow, ...] = ()

    def show(self, rows: Sequence[QuestionRow]) -> None:
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"Question {row.number}, {row.below}: {row.text}" + (f", {row.value}" if row.value else "")
        return tooltip(row.text, 400) if role == Qt.ItemDataRole.ToolTipRole else None


class QuestionDelegate(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        assert isinstance(model, _Model)
        row, room = model.rows[index.row()], QRectF(option.rect)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        paint_row(painter, room, selected=bool(option.state & QStyle.StateFlag.State_Selected),
                  hovered=bool(option.state & QStyle.StateFlag.State_MouseOver), first=True)
        inside = room.adjusted(20, 4, -14, -4)
        half = inside.height() / 2
        value = metrics("small").horizontalAdvance(row.value) + 2 if row.value else 0.0
        upper = QRectF(inside.x(), inside.y(), inside.width(), half)
        paint_line(painter, upper, row.text, "body", "text")
        lower = QRectF(inside.x(), inside.y() + half, inside.width() - value - 8, half)
        paint_line(painter, lower, f"{row.number} · {row.below}" if row.below else row.number, "small", "text3")
        if row.value:
            at = QRectF(inside.right() - value, inside.y() + half, value, half)
            paint_line(painter, at, row.value, "small", "text2", Qt.AlignmentFlag.AlignRight)
        view = option.widget
        if focused and view is not None and view.property("kbd") == "1":
            draw_focus_ring(painter, room, 4)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, max(48, round(metrics("body").height() + metrics("small").height()) + 14))


class QuestionList(QListView):
    """``chosen`` carries a question's id."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._rows = _Model()
        self.setModel(self._rows)
        self.setItemDelegate(QuestionDelegate(self))
        self.setAccessibleName("Questions")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.selectionModel().currentChanged.connect(self._current_changed)
        theme.notifier.changed.connect(self.scheduleDelayedItemsLayout)

    def show_rows(self, rows: Sequence[QuestionRow]) -> None:
        """Other rows; the current question stays where it is still there."""
        if self._rows.rows == tuple(rows):
            return
        before = self.current_id()
        self._rows.show(rows)
        place = next((place for place, row in enumerate(rows) if row.question_id == before), 0)
        if rows:
            self.setCurrentIndex(self._rows.index(place))

    def current_id(self) -> int | None:
        index = self.currentIndex()
        return self._rows.rows[index.row()].question_id if index.isValid() else None

    def ids(self) -> list[int]:
        return [row.question_id for row in self._rows.rows]

    def choose(self, question_id: int) -> bool:
        """Make a question the current one; False where it is not in the list."""
        place = next((place for place, row in enumerate(self._rows.rows) if row.question_id == question_id), None)
        if place is not None:
            self.setCurrentIndex(self._rows.index(place))
        return place is not None

    def step(self, by: int) -> None:
        count = len(self._rows.rows)
        if count:
            self.setCurrentIndex(self._rows.index(max(0, min(count - 1, self.currentIndex().row() + by))))

    def _current_changed(self, current: QModelIndex, before: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(self._rows.rows[current.row()].question_id)
