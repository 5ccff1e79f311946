"""What hangs at the pointer while something is dragged: a few words, so that the place it is for stays in sight."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap

from workbench.gui.widgets import theme
from workbench.gui.widgets.painted_text import metrics, paint_line

WIDEST = 260


def chip(words: str, ratio: float) -> QPixmap:
    """A picture of ``words`` on a small card; ``ratio`` is the screen's device pixels per logical pixel."""
    line = " ".join(words.split())
    width = min(WIDEST, math.ceil(metrics("medium").horizontalAdvance(line[:200])) + 26)
    height = math.ceil(metrics("medium").height()) + 14
    pixels = QPixmap(round(width * ratio), round(height * ratio))
    pixels.setDevicePixelRatio(ratio)
    pixels.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixels)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("accent"), 1))
    painter.setBrush(theme.color("raised"))
    painter.drawRoundedRect(QRectF(0.5, 0.5, width - 1, height - 1), 6, 6)
    paint_line(painter, QRectF(12, 0, width - 24, height), line, "medium", "text")
    painter.end()
    return pixels
