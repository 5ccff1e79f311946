"""Paints the ranking table's rows: rank, change, title, numbers, and the interval on one scale for all rows."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from workbench.domain import Interval
from workbench.gui.charts.chart import CENTRE, LEFT, RIGHT, draw_text, text_width
from workbench.gui.charts.dot_plot import draw_interval
from workbench.gui.rankings.model import VALUE_ROLE, Column, RankingModel
from workbench.gui.widgets import focus, theme
from workbench.gui.widgets.glyphs import paint_focus
from workbench.services.ranked_candidates import Measure

PAD = 8


class RankingDelegate(QStyledItemDelegate):
    """One painting delegate for all columns; rows are as high as the heat map's."""

    def __init__(self, view: QTableView, model: RankingModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view, self._model = view, model
        self._scale = model.scale()
        model.modelReset.connect(self._rescale)
        model.layoutChanged.connect(self._rescale)
        self.hovered = -1

    def _rescale(self) -> None:
        self._scale = self._model.scale()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(40, 32)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem,
              index: QModelIndex | QPersistentModelIndex) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(option.rect)
        self._paint_ground(painter, rect, option, index)
        column = Column(index.column())
        text = str(index.data(Qt.ItemDataRole.DisplayRole))
        inner = rect.adjusted(PAD, 0, -PAD, -1)
        if column is Column.TITLE:
            self._paint_title(painter, inner, text, bool(index.data(VALUE_ROLE)))
        elif column is Column.CHANGE:
            change = index.data(VALUE_ROLE) or 0
            token = "gain" if change > 0 else "loss" if change < 0 else "text3"
            draw_text(painter, rect, text, theme.color(token), theme.font("caption_medium"), CENTRE, elide=False)
        elif column is Column.GAIN:
            self._paint_gain(painter, rect, text, index.data(VALUE_ROLE))
        else:
            draw_text(painter, inner, text, theme.color("text2"), theme.font("small"), RIGHT)
        if index.row() == self._view.currentIndex().row() and focus.visible(self._view):
            painter.setClipRect(rect)            # each cell draws its part of the row's ring
            paint_focus(painter, QRectF(0, rect.y(), self._view.viewport().width(), rect.height()), 2)
        painter.restore()

    def _paint_ground(self, painter: QPainter, rect: QRectF, option: QStyleOptionViewItem,
                      index: QModelIndex | QPersistentModelIndex) -> None:
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        focused = self._view.hasFocus()
        token = ("selected" if focused else "selected_idle") if selected else (
            "hover" if index.row() == self.hovered else "surface")
        painter.fillRect(rect, theme.color(token))
        painter.fillRect(QRectF(rect.x(), rect.bottom() - 1, rect.width(), 1), theme.color("hairline"))
        if selected and index.column() == Column.RANK:
            painter.fillRect(QRectF(rect.x(), rect.y(), 3, rect.height() - 1),
                             theme.color("accent" if focused else "control"))

    def _paint_title(self, painter: QPainter, rect: QRectF, text: str, chosen: bool) -> None:
        if chosen:
            tick = theme.pixmap("check", "accent_text", 16, self._view.devicePixelRatioF())
            painter.drawPixmap(QPointF(rect.right() - 14, rect.center().y() - 7), tick)
            rect = rect.adjusted(0, 0, -20, 0)
        draw_text(painter, rect, text, theme.color("text"), theme.font("medium"), LEFT)

    def _paint_gain(self, painter: QPainter, rect: QRectF, text: str, interval: Interval) -> None:
        low, zero, high = self._scale
        below = (interval.low if self._model.measure is Measure.LOWER else interval.mean) < zero
        colour = theme.color("loss" if below else "gain")
        font = theme.font("section")
        width = text_width("+00.00", font)
        number = QRectF(rect.x() + PAD, rect.y(), width, rect.height() - 1)
        draw_text(painter, number, text, colour, font, RIGHT, elide=False)
        plot = QRectF(number.right() + 16, rect.y(), rect.right() - number.right() - 32, rect.height())
        painter.setPen(QPen(theme.color("border"), 1))
        x = round(_x(plot, zero, low, high)) + 0.5
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        painter.setClipRect(plot.adjusted(-6, 0, 6, 0))
        draw_interval(painter, _x(plot, interval.low, low, high), _x(plot, interval.mean, low, high),
                      _x(plot, interval.high, low, high), plot.center().y() - 0.5, colour)


def _x(plot: QRectF, value: float, low: float, high: float) -> float:
    return plot.left() + (value - low) / (high - low) * plot.width()
