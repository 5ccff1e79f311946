"""One line of painted text, with font metrics cached: tables paint hundreds of these a frame."""

from __future__ import annotations

import functools

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from workbench.gui.widgets import theme


@functools.cache
def _metrics(role: str) -> QFontMetricsF:
    return QFontMetricsF(theme.font(role))


theme.notifier.changed.connect(_metrics.cache_clear)


def metrics(role: str) -> QFontMetricsF:
    """Font metrics of a type role, as the theme has it now."""
    return _metrics(role)


def paint_line(painter: QPainter, rect: QRectF, words: str, role: str, token: str,
               align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft) -> None:
    """One line, vertically centred, elided at its end to fit ``rect``."""
    painter.setFont(theme.font(role))
    painter.setPen(theme.color(token))
    shown = metrics(role).elidedText(words, Qt.TextElideMode.ElideRight, rect.width() + 0.5)
    flags = align.value | Qt.AlignmentFlag.AlignVCenter.value | Qt.TextFlag.TextSingleLine.value
    painter.drawText(rect, flags, shown)
