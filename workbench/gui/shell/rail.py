"""The rail at the left: the pages by name, or by icon alone when it is collapsed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.shell.pages import PageEntry
from workbench.gui.widgets import focus, theme
from workbench.gui.widgets.glyphs import paint_focus, paint_text
from workbench.gui.widgets.labels import hairline

COLLAPSED = 56
SPRING_MS = 700                                  # a drag that rests this long on a page's item opens the page


class RailItem(QAbstractButton):
    """An icon and a word, and perhaps a count; chosen when it is the page that is shown."""

    dropped = Signal(object)                     # QMimeData

    def __init__(self, title: str, icon: str, tooltip: str, *, page: bool = True,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon
        self._takes = ""
        self._spring = QTimer(self, singleShot=True, interval=SPRING_MS)
        self._spring.timeout.connect(self.click)
        self.collapsed = False
        self.badge = ""
        self.setText(title)
        self.setCheckable(page)
        self.setAccessibleName(title)
        self.setToolTip(tooltip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.notifier.changed.connect(self.update)

    def take_drops(self, format: str) -> None:
        """Open the page when something of this MIME type rests on the item, and emit ``dropped`` when it is let go."""
        self._takes = format
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(self._takes):
            event.acceptProposedAction()
            self._spring.start()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._spring.stop()

    def dropEvent(self, event: QDropEvent) -> None:
        self._spring.stop()
        event.acceptProposedAction()
        self.dropped.emit(event.mimeData())

    def set_icon_name(self, icon: str) -> None:
        self._icon_name = icon
        self.update()

    def set_badge(self, badge: str) -> None:
        self.badge = badge
        self.setAccessibleDescription(f"{badge} running or waiting" if badge else "")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(COLLAPSED, 36)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect()).adjusted(8, 1, -8, -1)
        if self.isChecked() or (self.underMouse() and self.isEnabled()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_soft" if self.isChecked() else "pressed"))
            painter.drawRoundedRect(room, 6, 6)
        token = "accent_text" if self.isChecked() else "text2" if self.isEnabled() else "disabled"
        painter.drawPixmap(QPointF(room.x() + (10 if self.collapsed else 8), room.center().y() - 10),
                           theme.pixmap(self._icon_name, token, 20, self.devicePixelRatioF()))
        if not self.collapsed:
            words = QRectF(room.x() + 38, room.y(), room.width() - 44, room.height())
            paint_text(painter, words, self.text(), "text" if token == "text2" else token,
                       "strong" if self.isChecked() else "medium")
        if self.badge:
            self._paint_badge(painter, room)
        if focus.visible(self):
            paint_focus(painter, room.adjusted(0, 0, 0, 1), 6)

    def _paint_badge(self, painter: QPainter, room: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if self.collapsed:                       # no room for a number: a dot says that there is one
            painter.setBrush(theme.color("accent"))
            painter.drawEllipse(QPointF(room.right() - 7, room.y() + 8), 4, 4)
            return
        width = max(18.0, QFontMetricsF(theme.font("caption_medium")).horizontalAdvance(self.badge) + 10)
        pill = QRectF(room.right() - width - 8, room.center().y() - 9, width, 18)
        painter.setBrush(theme.color("pressed"))
        painter.drawRoundedRect(pill, 9, 9)
        paint_text(painter, pill, self.badge, "text2", "caption_medium", Qt.AlignmentFlag.AlignHCenter, elide=False)


class Rail(QWidget):
    """Emits ``chosen`` with a page's name. ``collapse_toggled`` is the person's wish; the window decides."""

    chosen = Signal(str)
    collapse_toggled = Signal()

    def __init__(self, pages: Sequence[PageEntry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setProperty("bg", "canvas")
        self.setAccessibleName("Pages")
        self._pages = list(pages)
        self._collapsed = False
        self._group = QButtonGroup(self)
        self.items: dict[str, RailItem] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(0)
        for index, page in enumerate(self._pages):
            if index and page.group != self._pages[index - 1].group:
                column.addSpacing(7)
                line = QWidget()
                inset = QVBoxLayout(line)
                inset.setContentsMargins(16, 0, 16, 0)
                inset.addWidget(hairline())
                column.addWidget(line)
                column.addSpacing(8)
            item = RailItem(page.title, page.icon, f"{page.title}, Ctrl+{index + 1}")
            item.clicked.connect(lambda checked=False, name=page.name: self.chosen.emit(name))
            self._group.addButton(item)
            self.items[page.name] = item
            column.addWidget(item)
        column.addStretch(1)
        self._toggle = RailItem("Collapse", "sidebar", "Collapse the rail, Ctrl+B", page=False)
        self._toggle.clicked.connect(self.collapse_toggled)
        column.addWidget(self._toggle)
        self.set_collapsed(False)
        theme.notifier.changed.connect(self._fit)

    @property
    def collapsed(self) -> bool:
        return self._collapsed

    def set_collapsed(self, collapsed: bool) -> None:
        self._collapsed = collapsed
        for item in (*self.items.values(), self._toggle):
            item.collapsed = collapsed
        self._toggle.setText("Collapse")
        self._toggle.setAccessibleName("Expand the rail" if collapsed else "Collapse the rail")
        self._toggle.setToolTip(("Expand" if collapsed else "Collapse") + " the rail, Ctrl+B")
        self._fit()

    def set_current(self, name: str) -> None:
        self.items[name].setChecked(True)
        for item in self.items.values():         # Tab stops at the shown page's item, arrows go on from there
            item.setFocusPolicy(Qt.FocusPolicy.TabFocus if item.isChecked() else Qt.FocusPolicy.NoFocus)

    def set_enabled(self, name: str, enabled: bool) -> None:
        self.items[name].setEnabled(enabled)

    def _fit(self) -> None:
        metrics = QFontMetricsF(theme.font("strong"))
        widest = max(metrics.horizontalAdvance(page.title) for page in self._pages)
        self.setFixedWidth(COLLAPSED if self._collapsed else max(168, math.ceil(widest) + 70))
        self.update()
