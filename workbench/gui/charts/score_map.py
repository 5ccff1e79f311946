"""Scores by question: a row a contestant, a column a question, grouped by category; the chosen question is framed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from workbench.domain import Question
from workbench.gui.charts.chart import LEFT, Table, draw_text, one_line, text_width
from workbench.gui.charts.heat_grid import GROUP_GAP, SMALLEST_CELL, ColumnLayout, by_category, layout
from workbench.gui.charts.marks import Mark, MarkedChart, ink
from workbench.gui.widgets import theme
from workbench.wording import MISSING, plain

ROW = 26.0
GAP = 1.5
WIDEST = 44.0                        # a cell
GROUPS = 10.0                        # between categories, beside the layout's own gap


class ScoreMap(MarkedChart):
    """``picked`` gives a question's place in the data and a contestant's row: (question, row), as one moves.

    ``opened`` gives the same for Enter and a double click.
    """

    opened = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._names: tuple[str, ...] = ()
        self._colours: tuple[int, ...] = ()
        self._questions: tuple[Question, ...] = ()
        self._scores = np.zeros((0, 0))
        self._range = (0.0, 1.0)
        self._unit = ""
        self._chosen = -1
        self.shown = 0                           # questions that have a column; the rest would be too narrow

    def show_scores(self, names: Sequence[str], colours: Sequence[int], questions: Sequence[Question],
                    scores: np.ndarray, low: float, high: float, unit: str = "") -> None:
        """``scores`` is (contestants, questions), NaN where there is none."""
        self._names, self._colours = tuple(names), tuple(colours)
        self._questions, self._scores, self._unit = tuple(questions), scores, unit
        self._range = (low, high if high > low else low + 1.0)
        self.setMinimumHeight(round(self.row_top() + ROW * len(names)))
        self.updateGeometry()
        self.update()

    def choose(self, question: int) -> None:
        """Frame a question's column (its place in the data; -1 none)."""
        self._chosen = question
        self.update()

    def table(self) -> Table:
        columns = ("Question", "Category", *self._names)
        return Table(columns, tuple((question.key or str(place + 1), question.category,
                                     *(float(value) for value in self._scores[:, place]))
                                    for place, question in enumerate(self._questions)))

    def sizeHint(self) -> QSize:
        return QSize(600, round(self.row_top() + ROW * len(self._names)))

    def export_size(self) -> QSizeF:
        return QSizeF(max(900, self.width()), self.row_top() + ROW * len(self._names) + 4)

    # geometry
    def row_top(self) -> float:
        """Where the first row begins, under the categories' names."""
        return theme.px("caption") + 8.0

    def _names_width(self, rect: QRectF) -> float:
        font = theme.font("small")
        return min(max((text_width(one_line(name), font) for name in self._names), default=0.0) + 34,
                   rect.width() * 0.24)

    def _layout(self, rect: QRectF) -> tuple[list[int], ColumnLayout, float]:
        """The questions that have a column (their places in the data), where the columns are, and the left edge.

        Where all would be narrower than can be seen, the first few of each category are shown.
        """
        left = rect.x() + self._names_width(rect)
        room = rect.right() - left - 2
        _, groups = by_category(self._questions)
        space = room - (GROUP_GAP + GROUPS) * max(0, len(groups) - 1)
        each = len(self._questions)
        if self._questions and space / len(self._questions) < SMALLEST_CELL:
            each = max(1, int(space / SMALLEST_CELL / max(1, len(groups))))
        seen: dict[str, int] = {}
        places = []
        for place, question in enumerate(self._questions):
            seen[question.category] = seen.get(question.category, 0) + 1
            if seen[question.category] <= each:
                places.append(place)
        self.shown = len(places)
        questions = [self._questions[place] for place in places]
        width = min(room - GROUPS * max(0, len(groups) - 1), WIDEST * len(places) + GROUP_GAP * len(groups))
        return places, layout(questions, width), left

    def _columns(self, rect: QRectF) -> dict[int, QRectF]:
        """Each shown question's column, over all rows."""
        places, columns, left = self._layout(rect)
        top, height = rect.y() + self.row_top(), ROW * len(self._names)
        found = {}
        for place, index in enumerate(columns.order):
            x = left + columns.left(place) + GROUPS * columns.group_of(place)
            found[places[index]] = QRectF(x, top, columns.cell, height)
        return found

    def marks(self, rect: QRectF) -> Sequence[Mark]:
        found = []
        for place, column in self._columns(rect).items():
            question = self._questions[place]
            asked = one_line(question.turns[0]) if question.turns else ""
            name = f"question {question.key or place + 1}" + (f", {question.category}" if question.category else "")
            for row, label in enumerate(self._names):
                value = self._scores[row, place]
                words = (f"{one_line(label)}, {one_line(name)}",
                         MISSING if np.isnan(value) else f"{plain(float(value))} {self._unit}".strip(), asked)
                found.append(Mark(QRectF(column.x(), column.y() + row * ROW, column.width(), ROW), words,
                                  (place, row)))
        return found

    def mark_at(self, position: QPointF) -> Mark | None:
        """As in the base class, without making every mark."""
        row = int((position.y() - self.row_top()) // ROW)
        if not 0 <= row < len(self._names):
            return None
        return super().mark_at(position)

    def _go_to(self, mark: Mark) -> None:
        super()._go_to(mark)
        self.picked.emit(mark.key)               # the answers below follow the keyboard

    def _open(self, mark: Mark) -> None:
        self.opened.emit(mark.key)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        mark = self.mark_at(event.position())
        if mark is not None and event.button() == Qt.MouseButton.LeftButton:
            self._open(mark)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        mark = self.mark_at(event.position())
        if mark is not None and event.button() == Qt.MouseButton.LeftButton:
            self._go_to(mark)

    # painting
    def draw(self, painter: QPainter, rect: QRectF) -> None:
        if not self._names or not self._questions:
            return
        self._draw_rows(painter, rect)
        _, columns, left = self._layout(rect)
        for number, group in enumerate(columns.groups):
            x = left + columns.left(group.start) + GROUPS * number
            width = (group.end - group.start) * columns.cell + GROUP_GAP + GROUPS - 3
            draw_text(painter, QRectF(x, rect.y(), width, self.row_top() - 3), one_line(group.category),
                      theme.color("text2"), theme.font("caption"), LEFT)
        low, high = self._range
        boxes = self._columns(rect)
        for place, column in boxes.items():
            for row in range(len(self._names)):
                self._draw_cell(painter, QRectF(column.x(), column.y() + row * ROW, column.width(), ROW),
                                (float(self._scores[row, place]) - low) / (high - low))
        if self._chosen in boxes:
            painter.setPen(QPen(theme.color("text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(boxes[self._chosen].adjusted(-2, -1, 0.5, 0.5), 4, 4)

    def _draw_rows(self, painter: QPainter, rect: QRectF) -> None:
        width = self._names_width(rect)
        for row, (name, colour) in enumerate(zip(self._names, self._colours, strict=True)):
            y = rect.y() + self.row_top() + row * ROW
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink(colour))
            painter.drawRoundedRect(QRectF(rect.x() + 1, y + ROW / 2 - 5, 9, 9), 2.5, 2.5)
            draw_text(painter, QRectF(rect.x() + 18, y, width - 30, ROW - 1), one_line(name), theme.color("text"),
                      theme.font("small"), LEFT)

    def _draw_cell(self, painter: QPainter, cell: QRectF, share: float) -> None:
        room = cell.adjusted(0, 0, -GAP, -GAP)
        if share != share:
            painter.setPen(QPen(theme.color("border"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(room.adjusted(0.5, 0.5, -0.5, -0.5), 2.5, 2.5)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.sequential(share))
        painter.drawRoundedRect(room, 2.5, 2.5)
