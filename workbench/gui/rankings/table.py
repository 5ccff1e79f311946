"""The ranking table: the rows that the heat map continues to the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QMenu, QTableView, QWidget

from workbench.gui.charts.chart import text_width
from workbench.gui.charts.heat_header import header_height, row_height
from workbench.gui.rankings.delegate import RankingDelegate
from workbench.gui.rankings.model import Column, RankingModel
from workbench.gui.widgets import theme
from workbench.gui.widgets.selected_rows import selected_runs

WIDTHS = {Column.RANK: 46, Column.CHANGE: 44, Column.TOKENS: 64, Column.DIFFICULTY: 58, Column.GAIN: 200}
LEAST_GAIN, GAIN_SHARE = 110, 0.38
OPTIONAL = {Column.TOKENS: "Tokens added", Column.DIFFICULTY: "Instruction-following difficulty"}


class RankingTable(QTableView):
    """``row_changed`` follows the current row; ``sideways`` is Left, Right or Enter, which belong to the heat map."""

    row_changed = Signal(int)
    sideways = Signal(object)                    # Qt.Key

    def __init__(self, model: RankingModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Candidates, ranked")
        self.setModel(model)
        self._delegate = RankingDelegate(self, model, self)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._set_up_header()
        self.selectionModel().currentRowChanged.connect(self._current_changed)

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(36)
        for column in Column:
            stretch = column is Column.TITLE
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch if stretch
                                        else QHeaderView.ResizeMode.Fixed)
        self._fit_to_font()
        self.model().modelReset.connect(self._fit_to_font)
        theme.notifier.changed.connect(self._fit_to_font)
        for column in OPTIONAL:
            self.setColumnHidden(column, True)
        header.setSortIndicator(Column.RANK, Qt.SortOrder.AscendingOrder)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda at: self.columns_menu().popup(header.mapToGlobal(at)))
        self.setSortingEnabled(True)

    def _fit_to_font(self) -> None:
        """Widths are the design's at its font size, and grow with the user's; the plot leaves room for the titles."""
        self.horizontalHeader().setFixedHeight(header_height())
        self.verticalHeader().setMinimumSectionSize(row_height())
        self.verticalHeader().setDefaultSectionSize(row_height())
        scale = theme.scale()
        for column, width in WIDTHS.items():
            if column is Column.GAIN:
                width = min(width, max(LEAST_GAIN, round(self.viewport().width() / scale * GAIN_SHARE)))
            least = text_width(f"{self.model().rowCount()}", theme.font("small")) + 24 if column is Column.RANK else 0
            self.setColumnWidth(column, round(max(width * scale, least)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_to_font()

    def show_changes(self, on: bool) -> None:
        """The places won since the round before; there are none in a score run or a first round."""
        self.setColumnHidden(Column.CHANGE, not on)

    def columns_menu(self) -> QMenu:
        """The columns that can be shown and hidden."""
        menu = QMenu(self)
        for column, words in OPTIONAL.items():
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(column))
            action.toggled.connect(lambda on, column=column: self.setColumnHidden(column, not on))
        return menu

    def selected_rows(self) -> list[int]:
        """From the top."""
        return sorted({row for top, bottom in selected_runs(self) for row in range(top, bottom + 1)})

    def choose(self, row: int, selected: Sequence[int]) -> None:
        """Make ``row`` the current one and select ``selected`` (rows; those below zero are left out)."""
        columns = self.model().columnCount() - 1
        wanted = QItemSelection()
        for other in {row, *selected}:
            if other >= 0:
                wanted.select(self.model().index(other, 0), self.model().index(other, columns))
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(wanted, flags.ClearAndSelect)
        self.selectionModel().setCurrentIndex(self.model().index(row, Column.TITLE), flags.NoUpdate)

    def _current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        self.row_changed.emit(current.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.sideways.emit(Qt.Key(event.key()))
            return
        super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(round(event.position().y())))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        before, self._delegate.hovered = self._delegate.hovered, row
        for changed in {before, row} - {-1} if before != row else ():
            self.viewport().update(QRect(0, self.rowViewportPosition(changed), self.viewport().width(), row_height()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()
