"""Numbers as colours: the symmetric, clipped range of a heat map, and the small bar that shows it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.charts.chart import LEFT, RIGHT, draw_text, text_width
from workbench.gui.widgets import theme

CLIP_PERCENTILE = 98.0
STEPS = 128                          # colours on each side of zero
BAR = 110.0


def clip_at(values: np.ndarray) -> float:
    """The largest |value| that still gets a colour of its own: the 98th percentile, not the largest."""
    known = np.abs(values[np.isfinite(values)])
    if not known.size:
        return 1.0
    clip = float(np.percentile(known, CLIP_PERCENTILE)) or float(known.max())
    return clip or 1.0


def colour_steps() -> list[QColor]:
    """The diverging ramp in 2 × STEPS + 1 colours, for -1 … 1."""
    return [theme.diverging(index / STEPS - 1) for index in range(2 * STEPS + 1)]


def step_of(values: np.ndarray, clip: float) -> np.ndarray:
    """The index of each value's colour in ``colour_steps`` (same shape, int16); -1 where there is no number."""
    scaled = np.clip(np.nan_to_num(values / clip), -1, 1)
    steps = np.rint((scaled + 1) * STEPS).astype(np.int16)
    steps[~np.isfinite(values)] = -1
    return steps


def cell_image(steps: np.ndarray, order: tuple[int, ...]) -> QImage:
    """One pixel a cell, columns in ``order``; cells without a number are transparent."""
    lookup = np.array([*(colour.rgba() for colour in colour_steps()), 0], np.uint32)
    pixels = np.ascontiguousarray(lookup[steps[:, order]])
    height, width = pixels.shape
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32).copy()


class ScaleBar(QWidget):
    """A ramp with the numbers of both ends, and a tick at zero on a diverging one."""

    def __init__(self, *, diverging: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._diverging = diverging
        self._ends = ("", "")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.notifier.changed.connect(self.updateGeometry)

    def set_ends(self, low: str, high: str) -> None:
        self._ends = (low, high)
        self.setAccessibleName(f"Scale from {low} to {high}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        font = theme.font("caption")
        width = BAR + 20 + sum(text_width(end, font) for end in self._ends)
        return QSize(round(width), max(20, theme.px("caption") + 8))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_scale(painter, QRectF(self.rect()), self._ends, diverging=self._diverging)


def draw_scale(painter: QPainter, rect: QRectF, ends: tuple[str, str], *, diverging: bool) -> None:
    font, colour = theme.font("caption"), theme.color("text3")
    low, high = (text_width(end, font) for end in ends)
    bar = QRectF(rect.x() + low + 8, rect.center().y() - 4, rect.width() - low - high - 16, 8)
    ramp = QLinearGradient(bar.topLeft(), bar.topRight())
    for index in range(9):
        at = index / 8
        ramp.setColorAt(at, theme.diverging(2 * at - 1) if diverging else theme.sequential(at))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ramp)
    painter.drawRoundedRect(bar, 3, 3)
    draw_text(painter, QRectF(rect.x(), rect.y(), low + 4, rect.height()), ends[0], colour, font, LEFT, elide=False)
    draw_text(painter, QRectF(bar.right(), rect.y(), high + 8, rect.height()), ends[1], colour, font, RIGHT,
              elide=False)
    if diverging:
        painter.setPen(QPen(theme.color("text3"), 1))
        x = round(bar.center().x()) + 0.5
        painter.drawLine(QPointF(x, bar.top() - 3), QPointF(x, bar.bottom() + 3))
