"""A table model of rows that have a key: what the tables of jobs, models and training runs have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.gui.widgets.data_table import ColumnSpec
from workbench.gui.widgets.safe_text import tooltip

Index = QModelIndex | QPersistentModelIndex
Row = TypeVar("Row")
_SIDES = {False: Qt.AlignmentFlag.AlignLeft, True: Qt.AlignmentFlag.AlignRight}


class RowTable(QAbstractTableModel, Generic[Row]):
    """Subclasses say what a row's key is and what its cells say; ``Qt.UserRole`` gives the row itself."""

    columns: Sequence[ColumnSpec] = ()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []

    # what subclasses say
    def key(self, row: Row) -> int | None:
        raise NotImplementedError

    def text(self, row: Row, column: int) -> str:
        raise NotImplementedError

    def spoken(self, row: Row, column: int) -> str:
        """What a screen reader says instead of the text."""
        return self.text(row, column)

    def hint(self, row: Row, column: int) -> str | None:
        return None

    # rows
    def show_rows(self, rows: list[Row]) -> None:
        """New rows. Where the same ones stand in the same order they are only painted again: the selection stays."""
        same = [self.key(row) for row in rows] == [self.key(row) for row in self.rows]
        if not same:
            self.beginResetModel()
        self.rows = rows
        if same:
            self.repaint_column(0, len(self.columns) - 1)
        else:
            self.endResetModel()

    def repaint_column(self, first: int, last: int | None = None) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, first), self.index(len(self.rows) - 1, first if last is None else last))

    def row_of(self, key: int | None) -> int:
        """-1 where no row has the key."""
        return next((place for place, row in enumerate(self.rows) if self.key(row) == key), -1)

    # Qt's side
    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self.columns[section].title
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _SIDES[self.columns[section].right] | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.UserRole:
                return row
            case Qt.ItemDataRole.DisplayRole:
                return self.text(row, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self.spoken(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip(self.hint(row, column) or "")
        return None
