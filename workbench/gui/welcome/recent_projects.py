"""The list of recent projects on the Welcome page."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.gui.shell.places import short_path
from workbench.gui.shell.settings import RecentProject
from workbench.gui.widgets import focus, theme
from workbench.gui.widgets.glyphs import paint_focus, paint_two_lines
from workbench.gui.widgets.safe_text import tooltip
from workbench.wording import day

Index = QModelIndex | QPersistentModelIndex
RIGHT = Qt.AlignmentFlag.AlignRight


class RecentModel(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.projects: list[RecentProject] = []

    def show_projects(self, projects: list[RecentProject]) -> None:
        self.beginResetModel()
        self.projects = projects
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.projects)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        project = self.projects[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return project.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{project.name}, {day(project.opened)}, {project.summary}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(str(project.folder))
        return project if role == Qt.ItemDataRole.UserRole else None


class RecentDelegate(QStyledItemDelegate):
    """Two lines at the left (name, folder), two at the right (when, what it holds)."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        lines = QFontMetricsF(theme.font("strong")).height() + QFontMetricsF(theme.font("small")).height()
        return QSize(200, max(54, round(lines) + 20))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        project: RecentProject = index.data(Qt.ItemDataRole.UserRole)
        room = QRectF(option.rect)
        view = option.widget
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected) and view is not None and view.hasFocus()
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(room, theme.color("selected" if chosen else "hover"))
        painter.fillRect(QRectF(room.x(), room.bottom() - 1, room.width(), 1), theme.color("hairline"))
        dpr = painter.device().devicePixelRatioF()
        painter.drawPixmap(QPointF(room.x() + 13, room.center().y() - 9), theme.pixmap("folder", "text2", 18, dpr))
        words = room.adjusted(44, 0, -12, -1)
        when, summary = day(project.opened), project.summary
        taken = max(QFontMetricsF(theme.font("small")).horizontalAdvance(text) for text in (when, summary)) + 16
        paint_two_lines(painter, words.adjusted(0, 0, -taken, 0), project.name, short_path(project.folder))
        paint_two_lines(painter, words, when, summary, ("text2", "text2"), ("small", "small"), RIGHT)
        if chosen and focus.visible(view):
            paint_focus(painter, room)
        painter.restore()
