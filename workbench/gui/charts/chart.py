"""What every chart is: it draws itself into any rectangle, and gives its numbers as a table."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.widgets import theme
from workbench.wording import one_line as one_line

Cell = str | int | float | None

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True, slots=True)
class Table:
    """A chart's numbers: a name for each column, and rows of text and numbers (None: there is none)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@runtime_checkable
class Exportable(Protocol):
    """What can be exported: anything that draws itself and has a table."""

    def draw(self, painter: QPainter, rect: QRectF) -> None: ...

    def table(self) -> Table: ...

    def export_size(self) -> QSizeF: ...

    def accessibleName(self) -> str: ...


class Chart(QWidget):
    """A painted chart. Subclasses write ``draw`` and ``table``; theme changes and the focus ring are done here.

    ``note`` says what the numbers are, or are not; an exported picture has it as its last line.
    """

    note = ""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMinimumSize(80, 60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._keyboard_focus = False
        theme.notifier.changed.connect(self._theme_changed)

    def draw(self, painter: QPainter, rect: QRectF) -> None:
        raise NotImplementedError(type(self).__name__)

    def table(self) -> Table:
        raise NotImplementedError(type(self).__name__)

    def export_size(self) -> QSizeF:
        """The logical size of an exported picture: as on the screen, but never smaller than readable."""
        return QSizeF(max(480, self.width()), max(280, self.height()))

    def legend(self) -> Sequence[tuple[str, QColor]]:
        """Names and colours that an exported picture explains above the chart, where it does not name them itself."""
        return ()

    def describe(self, text: str) -> None:
        """Say what the chart now shows, to those who hear it: kept as the description, and announced."""
        if text == self.accessibleDescription():
            return
        self.setAccessibleDescription(text)
        if self.hasFocus():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw(painter, QRectF(self.rect()))
        if self._keyboard_focus:
            draw_focus_ring(painter, QRectF(self.rect()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._keyboard_focus = event.reason() in KEYBOARD_REASONS
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._keyboard_focus = False
        super().focusOutEvent(event)
        self.update()

    def _theme_changed(self) -> None:
        self.update()


KEYBOARD_REASONS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason,
                    Qt.FocusReason.ShortcutFocusReason)


def draw_focus_ring(painter: QPainter, rect: QRectF, radius: float = 6) -> None:
    painter.setPen(QPen(theme.color("focus"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), radius, radius)


def draw_text(painter: QPainter, rect: QRectF, text: str, colour: QColor, font: QFont,
              align: Qt.AlignmentFlag = LEFT, elide: bool = True) -> None:
    """One line of text, elided at its right end if it does not fit."""
    painter.setFont(font)
    painter.setPen(colour)
    if elide:
        text = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, int(align) | int(Qt.TextFlag.TextSingleLine), text)


def text_width(text: str, font: QFont) -> float:
    return QFontMetricsF(font).horizontalAdvance(text)


def tip(*lines: str) -> str:
    """A tooltip of plain text. Qt takes what looks like HTML for HTML, so text of strangers is escaped here."""
    shown = [line if len(line) <= 240 else line[:239] + "…" for line in lines if line]
    return "<qt>" + "<br>".join(html.escape(line) for line in shown) + "</qt>"
