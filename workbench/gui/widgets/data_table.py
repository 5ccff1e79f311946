"""The table that the Models and Jobs pages paint: whole rows are selected, one delegate paints every cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from workbench.gui.widgets import focus, theme
from workbench.gui.widgets.glyphs import paint_focus, paint_row

Index = QModelIndex | QPersistentModelIndex
LEAST = 190                                      # what the stretching column gets before others are dropped
GUTTER = 20                                      # left of the first column and right of the last


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """``sample`` is a long value: the column is made wide enough for it. Without it the column takes what is left.

    ``drop`` says in which order columns go where there is too little room for that one: 1 first, 0 never.
    """

    title: str
    sample: str = ""
    right: bool = False
    extra: int = 0                               # pixels besides the sample's: a bar, icons
    role: str = "small"
    drop: int = 0


class RowDelegate(QStyledItemDelegate):
    """Paints the row's ground and the focus ring; subclasses paint ``paint_cell``."""

    def __init__(self, table: DataTable) -> None:
        super().__init__(table)
        self.table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        room = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = index.row() == self.table.hovered_row
        first, last = index.column() == 0, index.column() == index.model().columnCount() - 1
        paint_row(painter, room, selected=chosen, hovered=hovered, first=first, focused=self.table.hasFocus())
        inner = room.adjusted(GUTTER if first else 8, 0, -(GUTTER if last else 8), -1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_cell(painter, inner, index, hovered=hovered, selected=chosen)
        if chosen and focus.visible(self.table):
            whole = QRectF(0, room.y(), self.table.viewport().width(), room.height())
            painter.setClipRect(room)
            paint_focus(painter, whole, 2)
        painter.restore()

    def paint_cell(self, painter: QPainter, room: QRectF, index: Index, *, hovered: bool, selected: bool) -> None:
        raise NotImplementedError

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(40, self.table.row_height())


class DataTable(QTableView):
    """``chosen`` follows the current row; ``opened`` is Enter or a double click."""

    chosen = Signal(int)
    opened = Signal(int)

    def __init__(self, columns: Sequence[ColumnSpec], row_height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns, self._height = list(columns), row_height
        self._widths: dict[int, int] = {}
        self.hovered_row = -1
        self.setProperty("gutter", "1")
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(24)
        self.viewport().installEventFilter(self)
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))
        theme.notifier.changed.connect(self.fit)

    def row_height(self) -> int:
        lines = QFontMetricsF(theme.font("body")).height() + QFontMetricsF(theme.font("small")).height()
        return max(self._height, round(lines) + 16)

    def setModel(self, model: QAbstractItemModel | None) -> None:
        super().setModel(model)
        self.selectionModel().currentRowChanged.connect(lambda now, before: self.chosen.emit(now.row()))
        self.fit()

    def fit(self) -> None:
        """Set widths and heights by the fonts."""
        if self.model() is None:
            return
        header = self.horizontalHeader()
        header.setFixedHeight(max(32, theme.px("caption") + 20))
        self.verticalHeader().setDefaultSectionSize(self.row_height())
        last = len(self._columns) - 1
        for index, column in enumerate(self._columns):
            if not column.sample and not column.extra:
                header.setSectionResizeMode(index, QHeaderView.ResizeMode.Stretch)
                continue
            wide = QFontMetricsF(theme.font(column.role)).horizontalAdvance(column.sample)
            title = QFontMetricsF(theme.font("caption_strong")).horizontalAdvance(column.title)
            margin = (GUTTER if index == 0 else 8) + (GUTTER if index == last else 8)
            header.setSectionResizeMode(index, QHeaderView.ResizeMode.Fixed)
            self._widths[index] = math.ceil(max(wide + column.extra, title + 4)) + margin
            header.resizeSection(index, self._widths[index])
        self._drop_columns()
        self.viewport().update()

    def _drop_columns(self) -> None:
        """Hide the columns that there is no room for; what they say is in the details beside the table too."""
        header = self.horizontalHeader()
        widths = [self._widths.get(index, 0) for index in range(len(self._columns))]
        hidden: set[int] = set()
        for index in sorted((i for i, c in enumerate(self._columns) if c.drop), key=lambda i: self._columns[i].drop):
            if sum(w for i, w in enumerate(widths) if i not in hidden) + LEAST <= self.viewport().width():
                break
            hidden.add(index)
        for index in range(len(self._columns)):
            if header.isSectionHidden(index) != (index in hidden):
                header.setSectionHidden(index, index in hidden)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.model() is not None:
            self._drop_columns()

    def current_row(self) -> int:
        return self.currentIndex().row() if self.currentIndex().isValid() else -1

    def choose(self, row: int) -> None:
        if 0 <= row < self.model().rowCount():
            self.setCurrentIndex(self.model().index(row, 0))
            self.selectRow(row)

    def _hover(self, row: int) -> None:
        if row != self.hovered_row:
            self.hovered_row = row
            self.viewport().update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.viewport():
            if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
                self._hover(self.rowAt(int(event.position().y())))
            elif event.type() == QEvent.Type.Leave:
                self._hover(-1)
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current_row() >= 0:
            self.opened.emit(self.current_row())
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.choose(0 if event.key() == Qt.Key.Key_Home else self.model().rowCount() - 1)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.current_row() < 0 and self.model() is not None and self.model().rowCount():
            self.choose(0)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()
