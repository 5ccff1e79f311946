"""The demonstrations' table as a view: fixed columns from font metrics, row hover, rows that can be dragged away."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QDrag, QFocusEvent, QHoverEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from workbench.gui.listing.delegate import DemonstrationDelegate
from workbench.gui.listing.table import Column, DemonstrationTable, Index
from workbench.gui.widgets import theme
from workbench.gui.widgets.drag_chip import chip
from workbench.gui.widgets.dragged_ids import ids_to_mime
from workbench.gui.widgets.painted_text import metrics
from workbench.gui.widgets.selected_rows import selected_runs
from workbench.wording import counted

LEAST_CHARACTERS = 26                            # of an instruction that are to be seen
_GIVES_WAY = (Column.SOURCE, Column.TAGS, Column.CATEGORY, Column.RATING)     # first to go where room is short
_COSY = frozenset({Column.STATUS, Column.INSTRUCTION, Column.CATEGORY, Column.TOKENS, Column.GAIN, Column.RATING})


class DemonstrationView(QTableView):
    """``opened`` is emitted for Enter or a double click, ``looked_at`` when another row becomes the current one."""

    opened = Signal(int)
    looked_at = Signal()
    delete_pressed = Signal()

    def __init__(self, model: DemonstrationTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self._table = model
        self._delegate = DemonstrationDelegate(self)
        self._hidden: frozenset[Column] = frozenset()
        self._widths: dict[Column, int] = {}
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Demonstrations")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(1)       # raising it later would resize row by row
        self._set_up_header()
        self.doubleClicked.connect(lambda index: self._open(index.row()))
        theme.notifier.changed.connect(self._measure)
        self._measure()

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(24)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setAccessibleName("Sort by")
        # the arrow stands beside the title, as part of it
        header.setStyleSheet("QHeaderView::down-arrow,QHeaderView::up-arrow{image:none;width:0;height:0}")
        self.setSortingEnabled(True)
        # with the view's own selection the header would look at every row, to show whether a column is selected whole
        header.setSelectionModel(QItemSelectionModel(self._table, header))

    # Looks

    def set_cosy(self, cosy: bool) -> None:
        self._delegate.cosy = cosy
        self._measure()

    def set_hidden_columns(self, hidden: Iterable[Column]) -> None:
        self._hidden = frozenset(hidden) - {Column.STATUS, Column.INSTRUCTION}
        self._measure()

    def _measure(self) -> None:
        """Widths follow the font; they are never less than the header's words need."""
        header, scale = self.horizontalHeader(), theme.scale()
        header.setFixedHeight(max(32, round(metrics("caption_strong").height() + 14)))
        self.verticalHeader().setDefaultSectionSize(self._delegate.row_height())
        number = metrics("small").horizontalAdvance("+00.00")
        widths = {Column.STATUS: 36.0, Column.CATEGORY: 100 * scale, Column.SOURCE: 110 * scale,
                  Column.TAGS: 150 * scale, Column.GAIN: number + 8 + 60 * scale, Column.RATING: 84.0,
                  Column.TOKENS: metrics("small").horizontalAdvance("00 000") + 16}
        for column in Column:
            if column is Column.INSTRUCTION:
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
                continue
            title = str(self._table.headerData(column, Qt.Orientation.Horizontal))
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            least = metrics("caption_strong").horizontalAdvance(title) + 32          # room for the sort arrow
            self._widths[column] = 36 if column is Column.STATUS else round(max(widths[column], least))
            header.resizeSection(column, self._widths[column])
        self._share_room()
        self.viewport().update()

    def _share_room(self) -> None:
        """Show the columns that are wanted, as far as the instruction keeps enough room to be read."""
        category = round(min(160, max(100, self.viewport().width() * 0.15)) * theme.scale())
        self._widths[Column.CATEGORY] = category                 # the source stands in it too
        self.horizontalHeader().resizeSection(Column.CATEGORY, category)
        wanted = [column for column in Column
                  if column not in self._hidden and (not self._delegate.cosy or column in _COSY)]
        room = self.viewport().width() - metrics("body").averageCharWidth() * LEAST_CHARACTERS
        for gives_way in _GIVES_WAY:
            if sum(self._width(column) for column in wanted) <= room:
                break
            wanted = [column for column in wanted if column is not gives_way]
        for column in Column:
            self.setColumnHidden(column, column not in wanted)

    def _width(self, column: Column) -> int:
        return 0 if column is Column.INSTRUCTION else self._widths[column]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._share_room()

    # What is chosen

    def current_id(self) -> int | None:
        return self._table.id_at(self.currentIndex().row())

    def selected_ids(self) -> list[int]:
        """In the order of the table."""
        ids = self._table.ids()
        return [id for top, bottom in selected_runs(self) for id in ids[top:bottom + 1]]

    def selected_count(self) -> int:
        return sum(bottom - top + 1 for top, bottom in selected_runs(self))

    def chosen_ids(self) -> list[int]:
        """The selected demonstrations, or else the current one."""
        current = self.current_id()
        return self.selected_ids() or ([current] if current is not None else [])

    def all_ids(self) -> list[int]:
        return list(self._table.ids())

    def ids_from_current(self) -> list[int]:
        """The rows after the current one, and then those before it."""
        ids, at = self._table.ids(), self.currentIndex().row()
        return [*ids[at + 1:], *ids[:max(at, 0)]]

    def go_to_id(self, id: int) -> bool:
        """Go to a demonstration; False where it is not in the table."""
        position = self._table.position(id)
        if position is not None:
            self.go_to(position)
        return position is not None

    def go_behind(self, id: int) -> None:
        """Go to the row after that of a demonstration."""
        position = self._table.position(id)
        if position is not None:
            self.go_to(position + 1)

    def go_to(self, position: int) -> None:
        """Make a row the current and only selected one, and bring it into sight."""
        if self._table.rowCount():
            position = min(max(position, 0), self._table.rowCount() - 1)
            index = self._table.index(position, Column.INSTRUCTION)
            self.selectionModel().setCurrentIndex(
                index, QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows)
            self.scrollTo(index)

    def step(self, by: int) -> None:
        self.go_to(max(self.currentIndex().row(), -1 if by > 0 else 0) + by)

    def select_ids(self, ids: Iterable[int]) -> None:
        """Select rows by id, as far as they are there; used to keep a selection when the rows are sorted anew."""
        wanted, first = set(ids), None
        selection, last = QItemSelection(), len(Column) - 1
        for position, id in enumerate([*self._table.ids(), None]):       # runs of rows, not single ones
            if id in wanted:
                first = position if first is None else first
            elif first is not None:
                selection.select(self._table.index(first, 0), self._table.index(position - 1, last))
                first = None
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.Select)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.looked_at.emit()

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.looked_at.emit()

    def _open(self, position: int) -> None:
        id = self._table.id_at(position)
        if id is not None:
            self.opened.emit(id)

    # Events

    def startDrag(self, actions: Qt.DropAction) -> None:
        ids = self.selected_ids()
        if not ids:
            return
        drag = QDrag(self)
        drag.setMimeData(ids_to_mime(ids))
        words = str(self.currentIndex().data()) if len(ids) == 1 else counted(len(ids), "demonstration")
        drag.setPixmap(chip(words, self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(-12, -6))                  # beside the pointer, not below it
        drag.exec(actions, Qt.DropAction.CopyAction)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._open(self.currentIndex().row())
        elif event.key() == Qt.Key.Key_Delete and not event.modifiers():
            self.delete_pressed.emit()
        elif event.text().strip() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()                       # letters are commands here, not a search in the first column
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHoverEvent) and event.type() in (QEvent.Type.HoverMove, QEvent.Type.HoverEnter):
            self._hover(self.rowAt(event.position().toPoint().y()))
        elif event.type() in (QEvent.Type.HoverLeave, QEvent.Type.Leave):
            self._hover(-1)
        return super().viewportEvent(event)

    def _hover(self, row: int) -> None:
        if row != self._delegate.hovered:
            self._delegate.hovered = row
            self.viewport().update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self._table.rowCount():
            self.go_to(0)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.property("kbd") == "1" and self.hasFocus() and self.currentIndex().isValid():
            top = self.rowViewportPosition(self.currentIndex().row())
            ring = QRectF(0, top, self.viewport().width(), self._delegate.row_height()).adjusted(2, 1, -2, -2)
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.color("focus"), 2))
            painter.drawRoundedRect(ring, 4, 4)
            painter.end()
