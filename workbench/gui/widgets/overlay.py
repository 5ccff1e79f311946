"""A card over the dimmed window: the command palette, the list of keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from workbench.gui.widgets import theme


class Overlay(QWidget):
    """Covers ``window``; Esc or a click beside the card closes it and gives the focus back."""

    def __init__(self, window: QWidget, width: int, top: int = 84) -> None:
        super().__init__(window)
        self.setObjectName("overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, True)
        self._window, self._wanted, self._top = window, width, top
        self._focus_before: QWidget | None = window.focusWidget()
        self.card = QFrame(self)
        self.card.setProperty("card", "popup")
        self.column = QVBoxLayout(self.card)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        window.installEventFilter(self)

    def open(self) -> None:
        """Show it; an overlay that is already open gives way."""
        for other in self._window.findChildren(Overlay, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if other is not self and other.isVisible():
                self._focus_before = other._focus_before
                other._focus_before = None
                other.close()
        self._place()
        self.show()
        self.raise_()
        self.setFocus()

    def card_height(self) -> int:
        """The height that the card wants; it gets at most what the window has."""
        return self.card.sizeHint().height()

    def _place(self) -> None:
        self.setGeometry(self._window.rect())
        width = min(round(self._wanted * theme.scale()), self.width() - 48)
        top = min(self._top, max(16, self.height() // 10))
        height = min(self.card_height(), self.height() - top - 24)
        self.card.setGeometry((self.width() - width) // 2, top, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        scrim = QColor("#14141C")
        scrim.setAlphaF(0.27 if theme.name() == "light" else 0.55)
        painter.fillRect(self.rect(), scrim)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        card = QRectF(self.card.geometry())
        for spread, alpha in ((12, 5), (8, 8), (4, 12), (1.5, 18)):      # the one shadow of the design: popups
            painter.setBrush(QColor(0, 0, 0, alpha))
            painter.drawRoundedRect(card.adjusted(-spread, -spread + 4, spread, spread + 4), 10 + spread, 10 + spread)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.card.geometry().contains(event.position().toPoint()):
            self.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            event.accept()                       # nothing typed here is meant for the page below

    def closeEvent(self, event: object) -> None:
        self._window.removeEventFilter(self)
        if self._focus_before is not None:
            self._focus_before.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._place()
        return False
