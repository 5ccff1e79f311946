"""The heat map: candidates down, questions across, a colour for each gain. Its rows are the ranking table's rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from workbench.domain import Question
from workbench.gui.charts import heat_export
from workbench.gui.charts.chart import KEYBOARD_REASONS, Table, draw_focus_ring, one_line, tip
from workbench.gui.charts.heat_cells import NOTHING, HeatCells
from workbench.gui.charts.heat_grid import SMALLEST_CELL, ColumnLayout, layout
from workbench.gui.charts.heat_header import HeatHeader, header_height, row_height
from workbench.gui.charts.heat_scale import cell_image, colour_steps
from workbench.gui.widgets import theme
from workbench.wording import signed

Order = npt.NDArray[np.int64]
SIDE = (12, 16)                      # left and right margin
NONE = (-1, -1)


class HeatMap(QAbstractScrollArea):
    """``set_data`` gives it gains in the rows' order; cells are (row, question), both indices into that data.

    ``cell_changed`` follows the keyboard and the mouse; ``cell_opened`` is a click, or Enter.
    """

    cell_changed = Signal(int, int)
    cell_opened = Signal(int, int)
    scale_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Gain by question")
        self.setMinimumSize(200, 100)
        self.setViewportMargins(0, header_height(), 0, 0)
        self._cells = NOTHING
        self._order: Order = np.arange(0)
        self._layout: ColumnLayout = layout((), 0)
        self._cell, self._hover = NONE, NONE
        self._bands: tuple[int, ...] = ()
        self._row = row_height()
        self._keyboard_focus = False
        self._colours: list[QColor] = []
        self._header = HeatHeader(self)
        self.setCornerWidget(QWidget())          # else the style draws a framed box there
        self.viewport().setMouseTracking(True)
        theme.notifier.changed.connect(self._theme_changed)

    # data
    def set_data(self, titles: Sequence[str], questions: Sequence[Question], gain: np.ndarray) -> None:
        """``gain`` (rows, questions) in nats per answer, NaN where not scored; ``titles`` name the rows."""
        self.show_cells(HeatCells.of(titles, questions, gain))

    def show_cells(self, cells: HeatCells, order: Order | None = None) -> None:
        """Show the rows of ``cells`` in that order (indices of rows), or as they come."""
        cell = self._cell
        self._cells, self._order = cells, np.arange(len(cells.gain)) if order is None else order
        self._cell = cell if cell[0] < self.rows and cell[1] < len(cells.questions) else NONE
        self._hover = NONE
        self._arrange()
        self.scale_changed.emit(self.clip)
        self.viewport().update()

    @property
    def rows(self) -> int:
        return len(self._order)

    def gain_at(self, row: int, question: int) -> float:
        """The gain in a cell, NaN where there is none."""
        return float(self._cells.gain[self._order[row], question])

    @property
    def dense(self) -> bool:
        """Whether the columns are too narrow for cells with gaps: the rows in view are one image then."""
        return self._layout.cell < SMALLEST_CELL

    @property
    def clip(self) -> float:
        return self._cells.clip

    @property
    def cell(self) -> tuple[int, int]:
        """The current (row, question), or (-1, -1)."""
        return self._cell

    def set_cell(self, row: int, question: int) -> None:
        """Move to a cell, scrolling sideways so that it shows; says so with ``cell_changed``."""
        if not (0 <= row < self.rows and 0 <= question < len(self._cells.questions)):
            row, question = NONE
        if (row, question) == self._cell:
            return
        self._cell = (row, question)
        self._header.mark(question)
        self.viewport().update()
        if row >= 0:
            self._show_column(self._layout.order.index(question))
            self._announce(" ".join(self.cell_words(row, question)))
        self.cell_changed.emit(row, question)

    def set_bands(self, rows: Sequence[int]) -> None:
        """The rows that stand out: those that the table has selected."""
        self._bands = tuple(rows)
        self.viewport().update()

    def cell_words(self, row: int, question: int) -> tuple[str, str]:
        """("Sky at sunset, question 9, reasoning", "gain +0.12 nats")."""
        category = one_line(self._cells.questions[question].category)
        title = self._cells.titles[self._order[row]]
        name = f"{title}, question {question + 1}" + (f", {category}" if category else "")
        value = self.gain_at(row, question)
        return name, "not scored" if np.isnan(value) else f"gain {signed(value)} nats"

    # export
    def table(self) -> Table:
        names = (f"Question {number}" + (f" ({question.category})" if question.category else "") + ", nats"
                 for number, question in enumerate(self._cells.questions, start=1))
        titles = (self._cells.titles[row] for row in self._order)
        rows = zip(titles, self._cells.gain[self._order].tolist(), strict=True)
        return Table(("Candidate", *names), tuple((title, *values) for title, values in rows))

    def export_size(self) -> QSizeF:
        return heat_export.size(self.rows, len(self._cells.questions))

    def draw(self, painter: QPainter, rect: QRectF) -> None:
        """The whole map with its names and scale, not only what is scrolled into view."""
        titles = [self._cells.titles[row] for row in self._order]
        heat_export.draw(painter, rect, titles, self._cells.questions, self._cells.steps[self._order], self.clip)

    # geometry
    def _arrange(self) -> None:
        room = self.viewport().width() - sum(SIDE)
        self._layout = layout(self._cells.questions, room)
        content = round(self._layout.width) + sum(SIDE)
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setRange(0, max(0, content - self.viewport().width()))
        across.setPageStep(self.viewport().width())
        across.setSingleStep(max(12, round(self._layout.cell)))
        down.setRange(0, max(0, self.rows * self._row - self.viewport().height()))
        down.setPageStep(self.viewport().height())
        down.setSingleStep(self._row)
        self._header.setGeometry(QRect(0, 0, self.viewport().width(), self.viewport().y()))
        self._header.show_columns(self._layout, self._cells.questions, SIDE[0] - across.value())

    def cell_rect(self, row: int, question: int) -> QRectF:
        """A cell's place in the viewport."""
        x = SIDE[0] - self.horizontalScrollBar().value() + self._layout.left(self._layout.order.index(question))
        return QRectF(x, row * self._row - self.verticalScrollBar().value(), self._layout.cell, self._row)

    def _cell_at(self, position: QPointF) -> tuple[int, int]:
        row = int((position.y() + self.verticalScrollBar().value()) // self._row)
        place = self._layout.place_at(position.x() + self.horizontalScrollBar().value() - SIDE[0])
        if place is None or not 0 <= row < self.rows:
            return NONE
        return row, self._layout.order[place]

    def _show_column(self, place: int) -> None:
        bar = self.horizontalScrollBar()
        left = self._layout.left(place)
        if left < bar.value():
            bar.setValue(int(left))
        elif left + self._layout.cell + sum(SIDE) > bar.value() + self.viewport().width():
            bar.setValue(int(left + self._layout.cell + sum(SIDE) - self.viewport().width()))

    # painting
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), theme.color("surface"))
        if not self.rows:
            return
        top = self.verticalScrollBar().value()
        rows = range(max(0, (event.rect().top() + top) // self._row),
                     min(self.rows, (event.rect().bottom() + top) // self._row + 1))
        for row in {*self._bands, self._cell[0]}:
            if row in rows:
                band = QRectF(0, row * self._row - top, self.viewport().width(), self._row)
                painter.fillRect(band, theme.color("selected"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.dense:
            self._paint_image(painter, rows)
        else:
            self._paint_cells(painter, rows, event.rect())
        self._paint_marks(painter)
        if self._keyboard_focus:
            draw_focus_ring(painter, QRectF(self.viewport().rect()))

    def _paint_cells(self, painter: QPainter, rows: range, exposed: QRect) -> None:
        colours = self._colours or self._fill_colours()
        surface, hairline = theme.color("surface"), QPen(theme.color("border"), 1)
        left = SIDE[0] - self.horizontalScrollBar().value()
        edges = [(question, left + self._layout.left(place)) for place, question in enumerate(self._layout.order)]
        edges = [edge for edge in edges if edge[1] + self._layout.cell >= exposed.left() and edge[1] <= exposed.right()]
        size = QSizeF(self._layout.cell - 1.5, self._row - 1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        for row in rows:
            y = row * self._row - self.verticalScrollBar().value() + 0.75
            steps = self._cells.steps[self._order[row]].tolist()
            for question, x in edges:
                step = steps[question]
                rect = QRectF(QPointF(x + 0.75, y), size)
                if step < 0:
                    painter.setPen(hairline)
                    painter.setBrush(surface)
                    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 2.5, 2.5)
                    painter.setPen(Qt.PenStyle.NoPen)
                else:
                    painter.setBrush(colours[step])
                    painter.drawRoundedRect(rect, 2.5, 2.5)

    def _paint_image(self, painter: QPainter, rows: range) -> None:
        image = cell_image(self._cells.steps[self._order[rows.start:rows.stop]], self._layout.order)
        left = SIDE[0] - self.horizontalScrollBar().value()
        y = rows.start * self._row - self.verticalScrollBar().value()
        for group in self._layout.groups:
            target = QRectF(left + self._layout.left(group.start), y,
                            (group.end - group.start) * self._layout.cell, len(rows) * self._row)
            painter.drawImage(target, image, QRectF(group.start, 0, group.end - group.start, len(rows)))

    def _paint_marks(self, painter: QPainter) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for cell, token, width in ((self._hover, "control", 1.5), (self._cell, "text", 2.0)):
            if cell != NONE:
                if self.dense:       # a narrow cell needs more than a line to be seen
                    painter.setPen(QPen(theme.color("surface"), width + 3))
                    painter.drawRoundedRect(self.cell_rect(*cell).adjusted(-2, 0, 2, 0), 3.5, 3.5)
                painter.setPen(QPen(theme.color(token), width))
                wider = 2.0 if self.dense else 0.0
                painter.drawRoundedRect(self.cell_rect(*cell).adjusted(-wider, 0, wider, 0), 3.5, 3.5)

    def _fill_colours(self) -> list[QColor]:
        self._colours = colour_steps()
        return self._colours

    # events
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        if dx:
            self._header.show_columns(self._layout, self._cells.questions, SIDE[0] - self.horizontalScrollBar().value())
        if self._keyboard_focus:
            self.viewport().update()
        else:
            self.viewport().scroll(dx, dy)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell != NONE:
            self.set_cell(*cell)
            self.cell_opened.emit(*cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self._cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(NONE)

    def _set_hover(self, cell: tuple[int, int]) -> None:
        for changed in {self._hover, cell} - {NONE} if cell != self._hover else ():
            self.viewport().update(self.cell_rect(*changed).adjusted(-3, -3, 3, 3).toAlignedRect())
        self._hover = cell

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._cell != NONE:
            self.cell_opened.emit(*self._cell)
        elif not self.move_cell(key):
            super().keyPressEvent(event)

    def move_cell(self, key: Qt.Key) -> bool:
        """Move the current cell as an arrow, Home, End or Page key says; False if ``key`` is none of those."""
        if not self.rows:
            return False
        row = max(0, self._cell[0])
        place = self._layout.order.index(self._cell[1]) if self._cell != NONE else 0
        page = max(1, self.viewport().height() // self._row - 1)
        down = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -page, Qt.Key.Key_PageDown: page}
        along = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -place, Qt.Key.Key_End: 10**9}
        if key not in down and key not in along:
            return False
        if self._cell != NONE:
            row = min(max(row + down.get(key, 0), 0), self.rows - 1)
            place = min(max(place + along.get(key, 0), 0), len(self._layout.order) - 1)
        self.set_cell(row, self._layout.order[place])
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._keyboard_focus = event.reason() in KEYBOARD_REASONS
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._keyboard_focus = False
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self._cell_at(QPointF(event.pos()))
            if cell == NONE:
                QToolTip.hideText()
            else:
                name, value = self.cell_words(*cell)
                asked = one_line(" ".join(self._cells.questions[cell[1]].turns[:1]))
                QToolTip.showText(event.globalPos(), tip(name, value[0].upper() + value[1:], asked), self.viewport())
            return True
        return super().viewportEvent(event)

    def _announce(self, text: str) -> None:
        self.setAccessibleDescription(text)
        if self.hasFocus():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def _theme_changed(self) -> None:
        self._colours = []
        self._row = row_height()
        self.setViewportMargins(0, header_height(), 0, 0)
        self._arrange()
        self.viewport().update()
        self._header.update()
