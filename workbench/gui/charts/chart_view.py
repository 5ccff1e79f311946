"""A chart with its two tools: switch to a table of the same numbers, and export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QMenu,
    QScrollArea,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from workbench.errors import WorkbenchError
from workbench.gui.charts import export
from workbench.gui.charts.chart import LEFT, RIGHT, Cell, Exportable, Table, draw_text, one_line, text_width, tip
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import IconButton, icon_button
from workbench.wording import plain

WIDEST = 260
Index = QModelIndex | QPersistentModelIndex


class ChartTableModel(QAbstractTableModel):
    """A chart's table, read-only; numbers are shown with three decimals and copied in full."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Table((), ())

    def show(self, table: Table) -> None:
        self.beginResetModel()
        self.table = table
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.table.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.table.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.table.columns[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if self._is_number(section) else LEFT
        return None

    def _is_number(self, column: int) -> bool:
        """Whether a column holds numbers (and gaps) only."""
        cells = [row[column] for row in self.table.rows if row[column] is not None]
        return bool(cells) and all(isinstance(cell, int | float) for cell in cells)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        cell = self.table.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell_text(cell)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if isinstance(cell, str) else RIGHT
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(cell, str):
            return tip(one_line(cell))
        return None


def cell_text(cell: Cell) -> str:
    if isinstance(cell, float):
        return plain(cell, 3)
    return "–" if cell is None else one_line(str(cell))


class ChartView(QStackedWidget):
    """``widget`` shows ``chart`` (often the same object); the table is filled when it is looked at."""

    def __init__(self, chart: Exportable, widget: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart = chart
        self._model = ChartTableModel()
        self._table = _CopyingTable(self._model)
        self._table.setAccessibleName(f"{chart.accessibleName()}, as a table")
        self.addWidget(widget)
        self.addWidget(self._table)
        self._chart_widget = chart if isinstance(chart, QWidget) else widget
        self.setFocusProxy(self._chart_widget)

    @property
    def as_table(self) -> bool:
        return self.currentIndex() == 1

    def show_table(self, on: bool) -> None:
        if on:
            self._model.show(self.chart.table())
            self._table.fit_columns()
        self.setCurrentIndex(1 if on else 0)
        self.setFocusProxy(self._table if on else self._chart_widget)

    def chart_changed(self) -> None:
        """The chart shows other numbers: the table, if it is open, shows them too."""
        if self.as_table:
            self._model.show(self.chart.table())

    def copy_table(self) -> None:
        QGuiApplication.clipboard().setText(export.tsv_text(self.chart.table()))

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(QImage.fromData(export.png(self.chart)))

    def save_as(self, ending: str, failed: Callable[[WorkbenchError], None]) -> None:
        """Ask for a file name and write the chart; an error goes to ``failed``."""
        suggestion = one_line(self.chart.accessibleName()).lower().replace(" ", "-")
        chosen, _ = QFileDialog.getSaveFileName(self, f"Export as {ending.upper()}", f"{suggestion}.{ending}",
                                                f"{ending.upper()} (*.{ending})")
        if not chosen:
            return
        path = Path(chosen) if Path(chosen).suffix else Path(f"{chosen}.{ending}")
        try:
            export.save(self.chart, path)
        except WorkbenchError as error:
            failed(error)


def scrolled(widget: QWidget) -> QScrollArea:
    """A chart in a scroll area that is as transparent as the chart."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(widget)
    widget.setAutoFillBackground(False)          # setWidget turns it on, and the window's colour would show
    area.viewport().setAutoFillBackground(False)
    return area


class _TableDelegate(QStyledItemDelegate):
    """One line of text with air around it, on a hairline."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem,
              index: QModelIndex | QPersistentModelIndex) -> None:
        rect = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(rect, theme.color("selected" if chosen else "surface"))
        painter.fillRect(QRectF(rect.x(), rect.bottom() - 1, rect.width(), 1), theme.color("hairline"))
        draw_text(painter, rect.adjusted(8, 0, -8, 0), str(index.data()), theme.color("text"), theme.font("small"),
                  index.data(Qt.ItemDataRole.TextAlignmentRole))

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(round(text_width(str(index.data()), theme.font("small"))) + 20, 28)


class _CopyingTable(QTableView):
    """Ctrl+C copies the whole table as tab-separated text."""

    def __init__(self, model: ChartTableModel) -> None:
        super().__init__()
        self._model = model
        self.setModel(model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(28)
        self.horizontalHeader().setHighlightSections(False)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(_TableDelegate(self))
        self.setCornerWidget(QWidget())          # else the style draws a framed box there

    def fit_columns(self) -> None:
        """As wide as their text, but a long text does not push the numbers out of sight."""
        self.resizeColumnsToContents()
        for column in range(self._model.columnCount()):
            self.setColumnWidth(column, min(self.columnWidth(column) + 8, WIDEST))

    def keyPressEvent(self, event: Any) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(export.tsv_text(self._model.table))
            return
        super().keyPressEvent(event)


class ChartTools:
    """The two icon buttons for whichever view is in front (``view`` returns it)."""

    def __init__(self, view: Callable[[], ChartView], failed: Callable[[WorkbenchError], None]) -> None:
        self._view, self._failed = view, failed
        self.table: IconButton = icon_button("columns", "Show as a table")
        self.table.setCheckable(True)
        self.table.toggled.connect(lambda on: self._view().show_table(on))
        self.export: IconButton = icon_button("export", "Export chart")
        self.export.setMenu(self._menu())

    def view_changed(self) -> None:
        """Another chart came to the front: the switch shows that one's state."""
        self.table.blockSignals(True)
        self.table.setChecked(self._view().as_table)
        self.table.blockSignals(False)

    def _menu(self) -> QMenu:
        menu = QMenu(self.export)
        menu.addAction("PNG picture…", lambda: self._view().save_as("png", self._failed))
        menu.addAction("SVG drawing…", lambda: self._view().save_as("svg", self._failed))
        menu.addAction("CSV table…", lambda: self._view().save_as("csv", self._failed))
        menu.addSeparator()
        menu.addAction("Copy picture", lambda: self._view().copy_picture())
        menu.addAction("Copy table", lambda: self._view().copy_table())
        return menu
