"""A plain table of text cells, as found in somebody's file: shortened when painted, whole in the tooltip."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
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

from workbench.gui.widgets import theme
from workbench.gui.widgets.data_table import GUTTER
from workbench.gui.widgets.glyphs import paint_row
from workbench.gui.widgets.painted_text import paint_line
from workbench.gui.widgets.safe_text import tooltip

SHOWN = 300                                      # characters of a cell that are painted
_Index = QModelIndex | QPersistentModelIndex


class CellModel(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[str, ...] = ()
        self._rows: list[tuple[str, ...]] = []

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.beginResetModel()
        self._columns, self._rows = tuple(columns), [tuple(row) for row in rows]
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        text = self._rows[index.row()][index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return " ".join(text[:SHOWN].split())
        if role == Qt.ItemDataRole.ToolTipRole:
            return None if len(text) < 24 else tooltip(text)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._columns[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None


class _CellDelegate(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        room = QRectF(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        first = index.column() == 0
        paint_row(painter, room, selected=selected, hovered=False, first=first)
        paint_line(painter, room.adjusted(GUTTER if first else 8, 0, -8, -1), str(index.data()), "body", "text")


class CellTable(QTableView):
    """Columns are as wide as what the first rows hold, within limits; the last one takes the rest."""

    def __init__(self, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells = CellModel(self)
        self.setModel(self._cells)
        self.setAccessibleName(accessible)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(_CellDelegate(self))
        self.setProperty("gutter", "1")
        self.setCornerWidget(QWidget())          # else the style draws a framed box there
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(max(28, round(QFontMetricsF(theme.font("body")).height()) + 8))
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionsClickable(False)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setFixedHeight(max(30, theme.px("caption") + 18))

    def show_cells(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self._cells.show(columns, rows)
        measure = QFontMetricsF(theme.font("body"))
        for column in range(len(columns)):
            self.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            starts = [" ".join(row[column][:60].split()) for row in rows[:30]]
            widest = max((measure.horizontalAdvance(start) for start in starts), default=0)
            title = QFontMetricsF(theme.font("caption_strong")).horizontalAdvance(columns[column])
            self.setColumnWidth(column, round(min(max(widest, title, 40), 320)) + (GUTTER + 12 if column == 0 else 20))
