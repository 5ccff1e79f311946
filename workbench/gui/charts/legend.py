"""The contestants with their colours; a click takes one out of the charts, or brings it back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QMenu, QSizePolicy, QWidget

from workbench.gui.charts.chart import LEFT, draw_focus_ring, draw_text, one_line, tip
from workbench.gui.charts.marks import ink
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import ghost
from workbench.gui.widgets.flow_layout import remove_widgets
from workbench.wording import counted

WIDEST = 190
MOST = 6                             # entries that are shown; a menu has them all


class LegendEntry(QAbstractButton):
    """A swatch and a name; hollow and faint while it is off."""

    def __init__(self, name: str, colour: int, tooltip: str) -> None:
        super().__init__()
        self._colour = colour
        self.setText(one_line(name))
        self.setAccessibleName(one_line(name))
        self.setToolTip(tip(name, tooltip))
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.notifier.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        advance = QFontMetricsF(theme.font("small")).horizontalAdvance(self.text())
        return QSize(round(min(advance, WIDEST)) + 30, 28)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect())
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("hover"))
            painter.drawRoundedRect(room, 6, 6)
        swatch = QRectF(7, room.center().y() - 4.5, 9, 9)
        colour = ink(self._colour)
        painter.setPen(Qt.PenStyle.NoPen if self.isChecked() else QPen(colour, 1.5))
        painter.setBrush(colour if self.isChecked() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(swatch, 2.5, 2.5)
        font, words = theme.font("small"), room.adjusted(23, 0, -4, 0)
        # names often begin alike: their ends tell them apart
        short = QFontMetricsF(font).elidedText(self.text(), Qt.TextElideMode.ElideMiddle, words.width())
        draw_text(painter, words, short, theme.color("text" if self.isChecked() else "text3"), font, LEFT)
        if self.hasFocus() and self.property("kbd") == "1":
            draw_focus_ring(painter, room)


class Legend(QWidget):
    """``changed`` carries the ids that are on, in their order."""

    changed = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self._all: list[tuple[int, str, int, str]] = []
        self._on: list[int] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self.entries: dict[int, LegendEntry] = {}
        self.setAccessibleName("Contestants")

    def show_entries(self, entries: Sequence[tuple[int, str, int, str]], on: Sequence[int]) -> None:
        """``entries`` are (id, name, colour, tooltip); the first MOST that are on, or could be, are shown."""
        self._all, self._on = list(entries), list(on)
        self._fill()

    def _fill(self) -> None:
        remove_widgets(self._row)
        self.entries = {}
        few = len(self._all) <= MOST
        shown = [entry for entry in self._all if few or entry[0] in self._on][:MOST]
        for id, name, colour, tooltip in shown:
            made = LegendEntry(name, colour, tooltip)
            made.setChecked(id in self._on)
            made.toggled.connect(lambda on, id=id: self._set(id, on))
            self.entries[id] = made
            self._row.addWidget(made)
        if not few:
            self._row.addWidget(self._menu_button())
        self._row.addStretch(1)

    def _menu_button(self) -> QWidget:
        button = ghost(f"{len(self._on)} of {counted(len(self._all), 'contestant')}", "down")
        menu = QMenu(button)
        for id, name, _, _ in self._all:
            action = menu.addAction(one_line(name))
            action.setCheckable(True)
            action.setChecked(id in self._on)
            action.toggled.connect(lambda on, id=id: self._set(id, on))
        button.setMenu(menu)
        return button

    def _set(self, id: int, on: bool) -> None:
        if on == (id in self._on):
            return
        if not on and len(self._on) == 1:        # one stays
            if id in self.entries:
                self.entries[id].setChecked(True)
            return
        wanted = set(self._on) | {id} if on else set(self._on) - {id}
        self._on = [entry[0] for entry in self._all if entry[0] in wanted]
        self.changed.emit(list(self._on))
