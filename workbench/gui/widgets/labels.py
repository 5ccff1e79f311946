"""Labels by type role, lines, and icons that follow the theme."""

from __future__ import annotations

import html

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from workbench.gui.widgets import theme


def label(text: str, role: str = "body", *, wrap: bool = False, tone: str = "") -> QLabel:
    """A plain-text label. ``role`` is a type role of the style sheet; ``tone`` is ok, bad, warn, gain or loss."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)      # what it shows may come from a stranger's file
    made.setProperty("r", role)
    if tone:
        made.setProperty("tone", tone)
    if wrap:
        made.setWordWrap(True)
        made.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    return made


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a dynamic property that the style sheet reads, and have it read."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


class ElidedLabel(QLabel):
    """One line that is cut with an ellipsis where the room ends; the whole text is in the tooltip."""

    def __init__(self, text: str = "", role: str = "body", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("r", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        self.ensurePolished()                            # else it is measured in the font from before the style sheet
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 4, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        room = self.contentsRect()
        line = self.text().replace("\n", " ")
        shown = self.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, room.width())
        self.setToolTip(f"<span>{html.escape(self.text())}</span>" if shown != line else "")
        painter.drawText(room, int((self.alignment() | Qt.AlignmentFlag.AlignVCenter).value), shown)


def hairline() -> QFrame:
    """A horizontal 1 px line."""
    line = QFrame()
    line.setProperty("line", "h")
    return line


def vertical_hairline() -> QFrame:
    line = QFrame()
    line.setProperty("line", "v")
    return line


class IconLabel(QWidget):
    """An icon that follows the theme. Decoration: it has no accessible name unless one is set."""

    def __init__(self, name: str, token: str = "text2", size: int = 18, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._token, self._size = name, token, size
        self.setFixedSize(size, size)
        theme.notifier.changed.connect(self.update)

    def set_icon(self, name: str, token: str = "text2") -> None:
        self._name, self._token = name, token
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawPixmap(0, 0, theme.pixmap(self._name, self._token, self._size, self.devicePixelRatioF()))


class IconTile(QWidget):
    """A soft square with an icon, as in empty states."""

    def __init__(self, name: str, size: int = 48, tone: str = "accent", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._tone = name, tone
        self.setFixedSize(size, size)
        theme.notifier.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(f"{self._tone}_soft"))
        painter.drawRoundedRect(self.rect(), 8, 8)
        side = 18 if self.width() < 40 else 20
        token = "accent_text" if self._tone == "accent" else self._tone
        at = (self.width() - side) // 2
        painter.drawPixmap(at, at, theme.pixmap(self._name, token, side, self.devicePixelRatioF()))
