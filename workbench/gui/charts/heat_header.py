"""The band above a heat map: categories, and the questions' numbers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from workbench.domain import Question
from workbench.gui.charts.chart import CENTRE, LEFT, draw_text, one_line, text_width
from workbench.gui.charts.heat_grid import ColumnLayout, Group, layout
from workbench.gui.widgets import theme


def header_height() -> int:
    """Two lines of caption text, and never less than the design's 34 px. The table beside it has the same."""
    return max(34, 2 * _line_height() + 4)


def row_height() -> int:
    """The design's 32 px, and more where the text is larger. The table beside it has the same rows."""
    return max(32, theme.px() + 16)


def _line_height() -> int:
    return round(QFontMetricsF(theme.font("caption_strong")).height())


class HeatHeader(QWidget):
    """Painted only: the cells below it take the mouse and the keyboard. The marked question is always named."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._layout: ColumnLayout = layout((), 0)
        self._questions: Sequence[Question] = ()
        self._left = 0.0
        self._marked = -1

    def show_columns(self, columns: ColumnLayout, questions: Sequence[Question], left: float) -> None:
        """``left`` is where the first column starts, in pixels (negative when scrolled)."""
        self._layout, self._questions, self._left = columns, questions, left
        self.update()

    def mark(self, question: int) -> None:
        self._marked = question
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("surface"))
        painter.setPen(QPen(theme.color("hairline"), 1))
        painter.drawLine(QPointF(0, self.height() - 0.5), QPointF(self.width(), self.height() - 0.5))
        named = any(group.category for group in self._layout.groups)
        for index, group in enumerate(self._layout.groups):
            if named:
                self._paint_name(painter, index, group)
        self._paint_numbers(painter, QRectF(0, self.height() - _line_height() - (2 if named else 9), 0, _line_height()))

    def _paint_name(self, painter: QPainter, index: int, group: Group) -> None:
        x = self._left + self._layout.left(group.start)
        band = QRectF(x + 1, 2, (group.end - group.start) * self._layout.cell - 2, _line_height())
        name, font = one_line(group.category), theme.font("caption_medium")
        if band.width() >= text_width(name[:2] + "…", font):
            draw_text(painter, band, name, theme.color("text2"), font, LEFT)

    def _paint_numbers(self, painter: QPainter, line: QRectF) -> None:
        """The marked question's number, those that begin a group, and each fifth; those that would touch are left."""
        order = self._layout.order
        taken: list[tuple[float, float]] = []
        starts = [group.start for group in self._layout.groups]
        marked = [order.index(self._marked)] if self._marked in order else []
        fifths = [place for place, question in enumerate(order) if (question + 1) % 5 == 0]
        for place in [*marked, *starts, *fifths]:
            role, token = ("caption_strong", "text") if [place] == marked else ("caption", "text3")
            number, font = str(order[place] + 1), theme.font(role)
            middle = self._left + self._layout.left(place) + self._layout.cell / 2
            half = text_width(number, font) / 2 + 3
            if all(middle + half <= left or middle - half >= right for left, right in taken):
                taken.append((middle - half, middle + half))
                band = QRectF(middle - 20, line.y(), 40, line.height())
                draw_text(painter, band, number, theme.color(token), font, CENTRE, elide=False)
