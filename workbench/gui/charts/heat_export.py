"""A heat map as a picture of its own: every row and question, with names and a scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter

from workbench.domain import Question
from workbench.gui.charts.chart import LEFT, RIGHT, draw_text, one_line
from workbench.gui.charts.heat_grid import ColumnLayout, layout
from workbench.gui.charts.heat_scale import cell_image, colour_steps, draw_scale
from workbench.gui.widgets import theme
from workbench.wording import signed

NAMES = 220.0
TOP = 56.0
MANY_CELLS = 10_000                  # above this: one image, no gaps
TALLEST = 12_000.0                   # logical pixels: more rows get thinner, and lose their names


def size(rows: int, questions: int) -> QSizeF:
    cell = 14.0 if questions <= 120 else 6.0
    row = min(18.0, max(2.0, TALLEST / max(1, rows)))
    return QSizeF(NAMES + max(360.0, questions * cell) + 80, TOP + rows * row)


def draw(painter: QPainter, rect: QRectF, titles: Sequence[str], questions: Sequence[Question],
         steps: np.ndarray, clip: float) -> None:
    """Draw all of ``steps`` (rows, questions; colours' indices, -1 not scored) into ``rect``."""
    rows = steps.shape[0]
    columns = layout(questions, rect.width() - NAMES)
    height = (rect.height() - TOP) / max(1, rows)
    colours = colour_steps()
    small, caption = theme.font("small"), theme.font("caption")
    draw_text(painter, QRectF(rect.x(), rect.y(), rect.width() - 240, 20), "Gain by question, nats per answer",
              theme.color("text"), theme.font("section"))
    draw_scale(painter, QRectF(rect.right() - 220, rect.y(), 220, 20), (signed(-clip), signed(clip)), diverging=True)
    left = rect.x() + NAMES
    for group in columns.groups:
        band = QRectF(left + columns.left(group.start), rect.y() + TOP - 20,
                      (group.end - group.start) * columns.cell, 18)
        draw_text(painter, band, one_line(group.category), theme.color("text2"), caption, LEFT)
    for row in range(rows) if height >= 12 else ():
        name = QRectF(rect.x(), rect.y() + TOP + row * height, NAMES - 10, height)
        draw_text(painter, name, titles[row], theme.color("text2"), small, RIGHT)
    if steps.size > MANY_CELLS:
        _draw_image(painter, QRectF(left, rect.y() + TOP, 0, rows * height), steps, columns)
        return
    gap = 1.0 if height >= 6 else 0.0
    for row in range(rows):
        y = rect.y() + TOP + row * height
        painter.setPen(Qt.PenStyle.NoPen)
        for place, question in enumerate(columns.order):
            if steps[row, question] >= 0:
                painter.setBrush(colours[steps[row, question]])
                cell = QRectF(left + columns.left(place), y, columns.cell - gap, height - gap)
                painter.drawRect(cell)


def _draw_image(painter: QPainter, area: QRectF, steps: np.ndarray, columns: ColumnLayout) -> None:
    image = cell_image(steps, columns.order)
    for group in columns.groups:
        width = group.end - group.start
        target = QRectF(area.x() + columns.left(group.start), area.y(), width * columns.cell, area.height())
        # a part of its own: Qt's SVG writer would draw the whole image for each group
        part = image.copy(group.start, 0, width, steps.shape[0])
        painter.drawImage(target, part.scaled(target.size().toSize()))   # as large as drawn: viewers blur small images
