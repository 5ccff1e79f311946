"""The bar at the top: the project's menu, the way to the command palette, the model, theme and help."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QMenu, QSizePolicy, QWidget

from workbench.domain import ModelRef
from workbench.gui.charts.chart import one_line
from workbench.gui.widgets import focus, theme
from workbench.gui.widgets.buttons import IconButton
from workbench.gui.widgets.glyphs import paint_focus, paint_text
from workbench.gui.widgets.safe_text import tooltip

RIGHT = Qt.AlignmentFlag.AlignRight


class ProductMark(QWidget):
    """The program's mark: three lines on the accent colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(28, 28)
        theme.notifier.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_mark(QPainter(self), QRectF(2, 2, 24, 24))


def paint_mark(painter: QPainter, rect: QRectF) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    unit = rect.width() / 24
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("accent"))
    painter.drawRoundedRect(rect, 6 * unit, 6 * unit)
    pen = QPen(theme.color("on_accent"), 1.8 * unit)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    for index, right in enumerate((18, 14, 11)):
        y = rect.y() + (7 + 5 * index) * unit
        painter.drawLine(QPointF(rect.x() + 6 * unit, y), QPointF(rect.x() + right * unit, y))


class _Field(QAbstractButton):
    """A button that looks like a field: an outline, words, and something at its right."""

    def __init__(self, accessible: str, tooltip: str, width: int, least: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._width, self._least = width, least
        self.setAccessibleName(accessible)
        self.setToolTip(tooltip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(width)
        theme.notifier.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(self._width, max(32, theme.px() + 17))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._least, 30)

    def _ground(self, painter: QPainter, fill: str) -> QRectF:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect())
        painter.setPen(QPen(theme.color("border"), 1))
        painter.setBrush(theme.color("hover" if self.underMouse() and self.isEnabled() else fill))
        painter.drawRoundedRect(room.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        if focus.visible(self):
            paint_focus(painter, room.adjusted(-0.5, -0.5, 0.5, 1.5), 6)
        return room


class SearchButton(_Field):
    """Opens the command palette; it looks like the field that the palette begins with."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Search or run a command", "Search or run a command, Ctrl+Shift+P", 420, 240, parent)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self._ground(painter, "surface" if theme.name() == "light" else "sunken")
        painter.drawPixmap(QPointF(10, room.center().y() - 9),
                           theme.pixmap("search", "text3", 18, self.devicePixelRatioF()))
        keys = QFontMetricsF(theme.font("caption_medium")).horizontalAdvance("Ctrl+Shift+P") + 14
        paint_text(painter, room.adjusted(36, 0, -keys - 8, 0), "Search or run a command", "text3")
        paint_text(painter, room.adjusted(0, 0, -12, 0), "Ctrl+Shift+P", "text3", "caption_medium", RIGHT)


class ModelButton(_Field):
    """The project's current model; a click opens the menu of models."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Model", "The model that counts tokens and runs new jobs", 220, 120, parent)
        self._ref: ModelRef | None = None
        self.menu = QMenu(self)
        self.clicked.connect(self._open)

    def set_model(self, ref: ModelRef | None) -> None:
        self._ref = ref
        self.setAccessibleName(f"Model: {ref.name}" if ref else "Model: none chosen")
        self.update()

    def _open(self) -> None:
        self.menu.setMinimumWidth(self.width())
        self.menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self._ground(painter, "surface" if theme.name() == "light" else "raised")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("ok" if self._ref else "control"))
        painter.drawEllipse(QPointF(15, room.center().y()), 4, 4)
        words = room.adjusted(27, 0, -28, 0)
        name = one_line(self._ref.name) if self._ref else "No model"
        paint_text(painter, words, name, "text" if self._ref else "text2", "medium")
        if self._ref:
            used = QFontMetricsF(theme.font("medium")).horizontalAdvance(name) + 6
            kind = " · ".join(part for part in (self._ref.dtype, self._ref.device) if part != "auto")
            if used < words.width() - 24:
                paint_text(painter, words.adjusted(used, 0, 0, 0), kind, "text3", "small")
        painter.drawPixmap(QPointF(room.right() - 24, room.center().y() - 8),
                           theme.pixmap("down", "text2", 16, self.devicePixelRatioF()))


class ProjectButton(QAbstractButton):
    """The project's name; a click opens the project menu."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.menu = QMenu(self)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: self.menu.popup(self.mapToGlobal(self.rect().bottomLeft())))
        self.set_project("")
        theme.notifier.changed.connect(self.updateGeometry)

    def set_project(self, name: str, *, read_only: bool = False) -> None:
        shown = name or "No project open"
        self.setText(shown + (" (read only)" if read_only else ""))
        self.setAccessibleName(f"Project: {shown}")
        self.setToolTip(tooltip(f"{shown}\nOpen another project, or close this one"))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        advance = QFontMetricsF(theme.font("strong")).horizontalAdvance(self.text())
        return QSize(min(round(advance) + 42, 320), 32)

    def minimumSizeHint(self) -> QSize:
        return QSize(90, 32)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect())
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("pressed"))
            painter.drawRoundedRect(room, 6, 6)
        paint_text(painter, room.adjusted(6, 0, -30, 0), self.text(), "text", "strong")
        painter.drawPixmap(QPointF(room.right() - 26, room.center().y() - 8),
                           theme.pixmap("down", "text2", 16, self.devicePixelRatioF()))
        if focus.visible(self):
            paint_focus(painter, room.adjusted(-1, -1, 1, 2), 6)


class TopBar(QWidget):
    """48 px. The window fills its menus."""

    search = Signal()
    theme_toggled = Signal()
    help = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setProperty("bg", "canvas")
        self.setFixedHeight(48)
        self.project = ProjectButton()
        self.palette_button = SearchButton()
        self.model = ModelButton()
        self._theme = IconButton("moon", "Switch to the dark theme")
        self._help = IconButton("help", "Keys and help", "Keys and help, F1")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(ProductMark())
        row.addWidget(self.project)
        row.addStretch(1)
        row.addWidget(self.palette_button, 100)
        row.addStretch(1)
        row.addWidget(self.model, 30)
        row.addWidget(self._theme)
        row.addWidget(self._help)
        self.palette_button.clicked.connect(self.search)
        self._theme.clicked.connect(self.theme_toggled)
        self._help.clicked.connect(self.help)
        theme.notifier.changed.connect(self._retheme)
        self._retheme()

    def _retheme(self) -> None:
        dark = theme.name() == "dark"
        self._theme.set_icon_name("sun" if dark else "moon", f"Switch to the {'light' if dark else 'dark'} theme")
