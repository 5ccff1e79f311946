"""Painter functions for what a table says without words: status, gain, interval, progress, selection."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from workbench.domain import Interval, Status
from workbench.gui.widgets import theme

_ROUND = (Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def paint_text(
    painter: QPainter, rect: QRectF, text: str, token: str = "text", role: str = "body",
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft, *, elide: bool = True,
) -> None:
    """One line of text in ``rect``, vertically centred, elided at its right."""
    font = theme.font(role)
    painter.setFont(font)
    painter.setPen(theme.color(token))
    shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width() + 0.5) if elide else text
    painter.drawText(rect, int((align | Qt.AlignmentFlag.AlignVCenter).value), shown)


def paint_two_lines(
    painter: QPainter, rect: QRectF, first: str, second: str, tokens: tuple[str, str] = ("text", "text2"),
    roles: tuple[str, str] = ("medium", "small"), align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """A line and a quieter one below it, together in the middle of ``rect``."""
    heights = [QFontMetricsF(theme.font(role)).height() + 1 for role in roles]
    y = rect.center().y() - sum(heights) / 2
    for text, token, role, height in zip((first, second), tokens, roles, heights, strict=True):
        paint_text(painter, QRectF(rect.x(), y, rect.width(), height), text, token, role, align)
        y += height


def paint_row(
    painter: QPainter, rect: QRectF, *, selected: bool, hovered: bool, first: bool, focused: bool = True
) -> None:
    """A table cell's ground: selection or hover, the hairline below, and in the first column the selection bar."""
    if selected:
        painter.fillRect(rect, theme.color("selected" if focused else "selected_idle"))
        if first:
            bar = QRectF(rect.x(), rect.y(), 3, rect.height())
            painter.fillRect(bar, theme.color("accent" if focused else "control"))
    elif hovered:
        painter.fillRect(rect, theme.color("hover"))
    painter.fillRect(QRectF(rect.x(), rect.bottom() - 1, rect.width(), 1), theme.color("hairline"))


def paint_status(painter: QPainter, rect: QRectF, status: Status | str, radius: float = 6.5) -> None:
    """Accepted: a disc with a tick; candidate: a ring; flagged: a triangle with "!"; rejected: a ring with a cross."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    centre = rect.center()
    x, y = centre.x(), centre.y()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if status == Status.ACCEPTED:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("ok"))
        painter.drawEllipse(centre, radius, radius)
        painter.setPen(QPen(theme.color("surface"), 1.6, *_ROUND))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([QPointF(x - 2.8, y + 0.2), QPointF(x - 0.7, y + 2.3), QPointF(x + 3, y - 2)]))
    elif status == Status.REJECTED:
        painter.setPen(QPen(theme.color("bad"), 1.5, *_ROUND))
        painter.drawEllipse(centre, radius - 0.7, radius - 0.7)
        painter.drawLine(QPointF(x - 2.1, y - 2.1), QPointF(x + 2.1, y + 2.1))
        painter.drawLine(QPointF(x + 2.1, y - 2.1), QPointF(x - 2.1, y + 2.1))
    elif status == Status.FLAGGED:
        painter.setPen(QPen(theme.color("warn"), 1.5, *_ROUND))
        painter.setBrush(theme.color("warn"))
        painter.drawPolygon(QPolygonF([QPointF(x, y - 5), QPointF(x + 5.5, y + 4.5), QPointF(x - 5.5, y + 4.5)]))
        painter.setPen(QPen(theme.color("surface"), 1.5, *_ROUND))
        painter.drawLine(QPointF(x, y - 1.5), QPointF(x, y + 1.2))
        painter.drawPoint(QPointF(x, y + 3.2))
    else:
        painter.setPen(QPen(theme.color("control"), 1.5))
        painter.drawEllipse(centre, radius - 0.7, radius - 0.7)
    painter.restore()


def signed(value: float, digits: int = 2) -> str:
    """"+0.29", "−0.05": always a sign, and a true minus."""
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def say_interval(gain: Interval, digits: int = 2) -> str:
    """"gain +0.29, 95 % interval 0.23 to 0.35", for accessible texts and tooltips."""
    low, high = (f"{v:.{digits}f}".replace("-", "\N{MINUS SIGN}") for v in (gain.low, gain.high))
    return f"gain {signed(gain.mean, digits)}, 95\N{NO-BREAK SPACE}% interval {low} to {high}"


@dataclass(frozen=True, slots=True)
class GainScale:
    """One scale for both signs: ``largest`` reaches the right end, the zero line stands at ``zero`` of the width."""

    largest: float
    zero: float


def gain_scale(lowest: float, highest: float) -> GainScale:
    """The scale on which both the largest loss and the largest gain fit, so that no bar is cut."""
    loss, gain = max(-lowest, 0.0), max(highest, 0.0)
    zero = min(max(loss / max(loss + gain, 1e-12), 0.12), 0.88)
    unit = min((1 - zero) / max(gain, 1e-12), zero / max(loss, 1e-12))
    return GainScale((1 - zero) / unit, zero)


def paint_delta_bar(
    painter: QPainter, rect: QRectF, value: float, largest: float, *, height: float = 6, zero: float = 0.35
) -> None:
    """A bar from a zero line, on one scale for both signs. ``zero`` is where the line stands, as a share of the width.

    ``largest`` is the value that reaches the right end.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    at = rect.x() + rect.width() * zero
    room = rect.width() * (zero if value < 0 else 1 - zero)
    length = min(abs(value) * rect.width() * (1 - zero) / max(largest, 1e-12), room)
    bar = QRectF(at if value >= 0 else at - length, rect.center().y() - height / 2, max(length, 1.5), height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("gain" if value >= 0 else "loss"))
    radius = 1.5 if length > 4 else 0
    painter.drawRoundedRect(bar, radius, radius)
    _zero_line(painter, at, rect.center().y(), height)
    painter.restore()


def _zero_line(painter: QPainter, x: float, middle: float, height: float) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.fillRect(QRectF(round(x), middle - height / 2 - 3, 1, height + 6), theme.color("control"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def paint_progress(painter: QPainter, rect: QRectF, part: float, token: str = "accent", *, height: float = 6) -> None:
    """A progress bar of ``part`` 0..1 across ``rect``, vertically centred."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    track = QRectF(rect.x(), rect.center().y() - height / 2, rect.width(), height)
    painter.setBrush(theme.color("pressed"))
    painter.drawRoundedRect(track, height / 2, height / 2)
    if part > 0:
        painter.setBrush(theme.color(token))
        filled = QRectF(track.x(), track.y(), max(height, track.width() * min(part, 1.0)), height)
        painter.drawRoundedRect(filled, height / 2, height / 2)
    painter.restore()


def paint_focus(painter: QPainter, rect: QRectF, radius: float = 4) -> None:
    """The focus ring of a painted row or cell."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("focus"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(1.5, 1.5, -1.5, -2.5), radius, radius)
    painter.restore()
