"""The dashed area that takes a file: dropped, or chosen after a click."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from workbench.gui.widgets import focus, theme
from workbench.gui.widgets.glyphs import paint_focus, paint_two_lines

CENTRE = Qt.AlignmentFlag.AlignHCenter


class DropArea(QAbstractButton):
    """``dropped`` has the paths. A click (or Space) is ``clicked``: the owner asks for a file."""

    dropped = Signal(list)

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._text = title, text
        self._over = False
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.notifier.changed.connect(self._retheme)

    def _retheme(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 148 + 2 * (theme.px() - theme.BASE_PX))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        pen = QPen(theme.color("accent" if self._over else "control"), 1.25)
        pen.setDashPattern([5, 3])
        painter.setPen(pen)
        fill = theme.color("accent_soft" if self._over else "hover" if self.underMouse() else "canvas")
        painter.setBrush(QColor(fill))
        painter.drawRoundedRect(room, 8, 8)
        middle = room.center()
        pixels = theme.pixmap("drop", "accent_text", 28, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(middle.x() - 14, room.y() + room.height() * 0.19), pixels)
        words = room.adjusted(16, 28, -16, 0)
        paint_two_lines(painter, words, self._title, self._text, roles=("strong", "small"), align=CENTRE)
        if focus.visible(self):
            paint_focus(painter, QRectF(self.rect()).adjusted(-1, -1, 1, 2), 8)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._over = True
            self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._over = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._over = False
        self.update()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)
