"""The demonstrations' table: a vector of ids, and a cache of the rows that were looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from workbench.domain.fields import BY_NAME
from workbench.gui.widgets.glyphs import GainScale, gain_scale, say_interval, signed
from workbench.gui.widgets.safe_text import tooltip
from workbench.services.demonstrations import Row, Sort

BATCH = 240                                          # rows asked for at once: a screen and what is near it
CACHE = 20_000
_GAINS = (-0.05, 0.1)                               # the bars' scale is never finer than this

_FLAGS = (Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
          | Qt.ItemFlag.ItemIsDragEnabled)

Index = QModelIndex | QPersistentModelIndex
Fetch = Callable[[list[int], Callable[[list[Row]], None]], None]


class Column(IntEnum):
    STATUS = 0
    INSTRUCTION = 1
    CATEGORY = 2
    SOURCE = 3
    TAGS = 4
    TOKENS = 5
    GAIN = 6
    RATING = 7


_FIELDS = {column: BY_NAME[column.name.lower()] for column in Column if column is not Column.INSTRUCTION}
TITLES = {Column.INSTRUCTION: "Instruction"} | {column: field.title for column, field in _FIELDS.items()} | {
    Column.STATUS: ""}               # it is a sign, and needs no heading
SORTS = {Column.INSTRUCTION: Sort.INSTRUCTION} | {
    column: Sort(field.name) for column, field in _FIELDS.items() if field.sorts}


class DemonstrationTable(QAbstractTableModel):
    """Rows are asked for when they are painted, one request at a time, so that dragging the scroll bar over a
    million rows asks for what is on screen at the end and not for all that flew by."""

    sort_chosen = Signal(object, bool)               # Sort, descending

    def __init__(self, fetch: Fetch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fetch = fetch
        self._ids: list[int] = []
        self._rows: OrderedDict[int, Row] = OrderedDict()
        self._stale: set[int] = set()                # shown as they were until the new row is there
        self._wanted: set[int] = set()               # positions that were painted without a row
        self._asked: frozenset[int] = frozenset()
        self._sorted, self._descending = -1, False   # shown in the header
        self._lowest, self._highest = _GAINS         # gains seen so far
        self._scale = gain_scale(*_GAINS)
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._ask)

    # What is shown

    def ids(self) -> list[int]:
        return self._ids

    def set_ids(self, ids: list[int]) -> None:
        """Show these, in this order. The cached rows stay."""
        if ids == self._ids:
            return
        self.beginResetModel()
        self._ids = ids
        self._wanted.clear()
        self.endResetModel()

    def forget(self, ids: Iterable[int] = ()) -> None:
        """These rows changed (none given: all); they are read again when painted, and shown as they were till then."""
        self._stale |= set(ids) or set(self._rows)
        if self._ids:
            self._repaint()

    def clear(self) -> None:
        self.beginResetModel()
        self._ids, self._asked, self._lowest, self._highest = [], frozenset(), *_GAINS
        self._scale = gain_scale(*_GAINS)
        self._rows.clear()
        self._stale.clear()
        self._wanted.clear()
        self.endResetModel()

    def id_at(self, position: int) -> int | None:
        return self._ids[position] if 0 <= position < len(self._ids) else None

    def position(self, id: int) -> int | None:
        try:
            return self._ids.index(id)
        except ValueError:
            return None

    def row_at(self, position: int) -> Row | None:
        """The row, or None while it is on its way (asking for it is what this does then)."""
        id = self._ids[position]
        row = self._rows.get(id)
        if (row is None or id in self._stale) and id not in self._asked:
            self._wanted.add(position)
            if not self._timer.isActive():
                self._timer.start()
        return row

    def cached(self) -> int:
        """How many rows are held."""
        return len(self._rows)

    @property
    def scale(self) -> GainScale:
        """The scale of the gains' bars: all that were read fit on it."""
        return self._scale

    # Fetching

    def _ask(self) -> None:
        if self._asked or not self._wanted:
            return
        low, high = min(self._wanted), max(self._wanted)
        margin = max(0, (BATCH - (high - low + 1)) // 2)
        span = self._ids[max(0, low - margin):high + margin + 1][:BATCH * 2]
        needed = [id for id in span if id not in self._rows or id in self._stale]
        self._wanted.clear()
        if needed:
            self._asked = frozenset(needed)
            self._fetch(needed, self._arrived)

    def _arrived(self, rows: list[Row]) -> None:
        for row in rows:
            self._rows[row.id] = row
            self._rows.move_to_end(row.id)
            if row.gain is not None:
                self._lowest, self._highest = min(self._lowest, row.gain.mean), max(self._highest, row.gain.mean)
        self._scale = gain_scale(self._lowest, self._highest)
        self._stale -= self._asked
        self._asked = frozenset()
        while len(self._rows) > CACHE:
            self._rows.popitem(last=False)
        self._repaint()

    def failed(self) -> None:
        """The request came to nothing; the next painting asks again."""
        self._asked = frozenset()

    def _repaint(self) -> None:
        self.dataChanged.emit(self.index(0, 0), self.index(max(0, len(self._ids) - 1), len(Column) - 1))

    # Qt's side

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(Column)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return _FLAGS

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = Column(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return TITLES[column] + (f" {'↓' if self._descending else '↑'}" if column == self._sorted else "")
        if role == Qt.ItemDataRole.InitialSortOrderRole:
            large_first = column in _FIELDS and _FIELDS[column].large_first
            return Qt.SortOrder.DescendingOrder if large_first else Qt.SortOrder.AscendingOrder
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return {Column.STATUS: "Status", Column.GAIN: "Gain, nats per answer"}.get(column, TITLES[column])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = Qt.AlignmentFlag.AlignRight if column is Column.TOKENS else Qt.AlignmentFlag.AlignLeft
            return right | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return None
        row = self.row_at(index.row())
        if row is None:
            return None if role == Qt.ItemDataRole.ToolTipRole else "…"
        text = cell_text(row, Column(index.column()), role)
        return tooltip(text) if role == Qt.ItemDataRole.ToolTipRole else text

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)
        sort = SORTS.get(Column(column)) if column >= 0 else Sort.ID
        if sort is not None:
            self.sort_chosen.emit(sort, order == Qt.SortOrder.DescendingOrder)


def cell_text(row: Row, column: Column, role: int = Qt.ItemDataRole.DisplayRole) -> str:
    """A cell in words: what is read aloud, copied, and shown in full in the tooltip."""
    match column:
        case Column.STATUS:
            return row.status.value
        case Column.INSTRUCTION:
            tags = f" (tags: {', '.join(row.tags)})" if row.tags and role == Qt.ItemDataRole.AccessibleTextRole else ""
            return row.instruction + tags
        case Column.CATEGORY:
            return row.category
        case Column.SOURCE:
            return row.source
        case Column.TAGS:
            return ", ".join(row.tags)
        case Column.TOKENS:
            return "" if row.tokens is None else str(row.tokens)
        case Column.GAIN:
            if row.gain is None:
                return "not measured" if role != Qt.ItemDataRole.DisplayRole else ""
            return signed(row.gain.mean) if role == Qt.ItemDataRole.DisplayRole else say_interval(row.gain)
        case Column.RATING:
            return "not rated" if not row.rating else f"{row.rating} of 5"
