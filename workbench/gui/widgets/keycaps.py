"""Key caps with a word after them: which keys do what on this page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.widgets import theme


def cap_height() -> int:
    """The design's 20 px, and more where the text is larger."""
    return max(20, theme.px("small") + 8)


def cap_width(key: str) -> int:
    return max(cap_height(), math.ceil(QFontMetricsF(theme.font("caption_medium")).horizontalAdvance(key)) + 11)


def paint_cap(painter: QPainter, x: float, middle: float, key: str) -> float:
    """One key cap at ``x``, centred on ``middle``; returns where it ends."""
    rect = QRectF(x + 0.5, middle - cap_height() / 2 + 0.5, cap_width(key) - 1, cap_height() - 1)
    painter.setPen(QPen(theme.color("border"), 1))
    painter.setBrush(theme.color("raised"))
    painter.drawRoundedRect(rect, 4, 4)
    painter.setPen(theme.color("text2"))
    painter.setFont(theme.font("caption_medium"))
    painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter.value), key)
    return x + cap_width(key)


def keys_of(sequence: str) -> list[str]:
    """"Ctrl++" is "Ctrl" and "+"."""
    return [key or "+" for key in sequence.removesuffix("+").split("+")]


class KeyHints(QWidget):
    """``hints`` are (keys, word); "Ctrl+Z" is drawn as two caps. It shows as many as there is room for."""

    def __init__(self, hints: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hints = list(hints)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Keys: " + ", ".join(f"{keys} {word}" for keys, word in self._hints))
        theme.notifier.changed.connect(self._retheme)

    def _retheme(self) -> None:
        self.updateGeometry()
        self.update()

    @staticmethod
    def _width(keys: str, word: str) -> float:
        caps = sum(cap_width(key) + 4 for key in keys_of(keys))
        return caps + QFontMetricsF(theme.font("small")).horizontalAdvance(word) + 16

    def sizeHint(self) -> QSize:
        return QSize(math.ceil(sum(self._width(*hint) for hint in self._hints)), cap_height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, cap_height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, middle = 0.0, self.height() / 2
        for keys, word in self._hints:
            if x + self._width(keys, word) - 15 > self.width():
                break
            for key in keys_of(keys):
                x = paint_cap(painter, x, middle, key) + 4
            painter.setPen(theme.color("text2"))
            painter.setFont(theme.font("small"))
            advance = QFontMetricsF(painter.font()).horizontalAdvance(word)
            painter.drawText(QRectF(x, 0, advance + 2, self.height()), int(Qt.AlignmentFlag.AlignVCenter.value), word)
            x += advance + 16
