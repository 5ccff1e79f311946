"""Paints the demonstrations' table: two lines a row (cosy) or one (compact)."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.gui.listing.table import Column, DemonstrationTable, Index
from workbench.gui.widgets import theme
from workbench.gui.widgets.glyphs import GainScale, paint_delta_bar, paint_row, paint_status, signed
from workbench.gui.widgets.painted_text import metrics, paint_line
from workbench.gui.widgets.stars import paint_stars
from workbench.services.demonstrations import Row
from workbench.wording import grouped

_RIGHT = Qt.AlignmentFlag.AlignRight
_SKELETON = (0.72, 0.55, 0.81, 0.46, 0.64)       # widths of the bars that stand for rows on their way


class DemonstrationDelegate(QStyledItemDelegate):
    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view
        self.cosy = True
        self.hovered = -1

    def row_height(self) -> int:
        if self.cosy:
            return max(48, round(metrics("body").height() + metrics("caption").height() + 14))
        return max(28, round(metrics("body").height() + 8))

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(40, self.row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(option.rect)
        column = Column(index.column())
        paint_row(painter, rect, selected=bool(option.state & QStyle.StateFlag.State_Selected),
                  hovered=index.row() == self.hovered, first=column is Column.STATUS, focused=self._view.hasFocus())
        model = index.model()
        assert isinstance(model, DemonstrationTable)
        row = model.row_at(index.row())
        inner = rect.adjusted(8, 0, -8, -1)
        if row is None:
            self._skeleton(painter, inner, index.row(), column)
        else:
            self._cell(painter, inner, row, column, model.scale)
        painter.restore()

    def _skeleton(self, painter: QPainter, rect: QRectF, row: int, column: Column) -> None:
        if column not in (Column.INSTRUCTION, Column.CATEGORY):
            return
        width = rect.width() * _SKELETON[row % len(_SKELETON)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("pressed"))
        painter.drawRoundedRect(QRectF(rect.x(), rect.center().y() - 5, width, 10), 4, 4)

    def _cell(self, painter: QPainter, rect: QRectF, row: Row, column: Column, scale: GainScale) -> None:
        match column:
            case Column.STATUS:
                paint_status(painter, QRectF(rect.x() + 2, rect.center().y() - 8, 16, 16), row.status)
            case Column.INSTRUCTION if self.cosy:
                self._instruction(painter, rect, row)
            case Column.INSTRUCTION:
                paint_line(painter, rect, row.instruction, "body", "text")
            case Column.CATEGORY if self.cosy:
                self._two_lines(painter, rect, row.category, row.source)
            case Column.CATEGORY:
                paint_line(painter, rect, row.category, "body", "text")
            case Column.SOURCE:
                paint_line(painter, rect, row.source, "small", "text2")
            case Column.TAGS:
                paint_tags(painter, rect, row.tags)
            case Column.TOKENS:
                paint_line(painter, rect, "–" if row.tokens is None else grouped(row.tokens), "small", "text2", _RIGHT)
            case Column.GAIN:
                self._gain(painter, rect, row, scale)
            case Column.RATING:
                paint_stars(painter, rect, row.rating)

    def _instruction(self, painter: QPainter, rect: QRectF, row: Row) -> None:
        if not row.tags:
            paint_line(painter, rect, row.instruction, "body", "text")
            return
        first, second = self._lines(rect)
        paint_line(painter, first, row.instruction, "body", "text")
        paint_tags(painter, second, row.tags)

    def _two_lines(self, painter: QPainter, rect: QRectF, upper: str, lower: str) -> None:
        if not (upper and lower):
            paint_line(painter, rect, upper or lower, "body", "text" if upper else "text3")
            return
        first, second = self._lines(rect)
        paint_line(painter, first, upper, "body", "text")
        paint_line(painter, second, lower, "small", "text3")

    def _lines(self, rect: QRectF) -> tuple[QRectF, QRectF]:
        upper, lower = metrics("body").height() + 2, metrics("small").height() + 2
        top = rect.center().y() - (upper + lower) / 2
        return QRectF(rect.x(), top, rect.width(), upper), QRectF(rect.x(), top + upper, rect.width(), lower)

    def _gain(self, painter: QPainter, rect: QRectF, row: Row, scale: GainScale) -> None:
        width = metrics("small").horizontalAdvance("+00.00")
        number = QRectF(rect.x(), rect.y(), width, rect.height())
        if row.gain is None:
            paint_line(painter, number, "–", "small", "text3", _RIGHT)
            return
        mean = row.gain.mean
        paint_line(painter, number, signed(mean), "small_medium", "gain" if mean >= 0 else "loss", _RIGHT)
        paint_delta_bar(painter, rect.adjusted(width + 8, 0, 0, 0), mean, scale.largest, zero=scale.zero)


def paint_tags(painter: QPainter, rect: QRectF, tags: tuple[str, ...]) -> None:
    """Tags side by side; those that do not fit are counted in the last one ("+2")."""
    measure = metrics("caption")
    height = min(rect.height(), measure.height() + 3)
    x, y = rect.x(), rect.center().y() - height / 2
    painter.setFont(theme.font("caption"))
    for place, tag in enumerate(tags):
        left = len(tags) - place
        room = rect.right() - x - (measure.horizontalAdvance(f"+{left - 1}") + 16 if left > 1 else 0)
        words = measure.elidedText(tag, Qt.TextElideMode.ElideRight, max(0.0, min(room - 12, 140)))
        if (not words or words == "…") and tag:
            paint_line(painter, QRectF(x, y, rect.right() - x, height), f"+{left}", "caption", "text3")
            return
        box = QRectF(x, y, measure.horizontalAdvance(words) + 12, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("idle_soft"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(theme.color("text2"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
        x = box.right() + 4
