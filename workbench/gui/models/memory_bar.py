"""Bars that say what memory is taken by what, against what there is."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench.domain import MemoryEstimate
from workbench.gui.widgets import theme
from workbench.gui.widgets.glyphs import paint_text
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.painted_text import metrics
from workbench.services.models import Machine
from workbench.wording import gigabytes

FITS, MAKE_ROOM, TOO_LARGE = "fits", "make room", "too large"
TONES = {FITS: "text2", MAKE_ROOM: "warn", TOO_LARGE: "bad"}


def verdict(needed: int, free: int, total: int) -> str:
    """Whether a model of ``needed`` bytes fits now, would fit if other things made room, or never."""
    return FITS if needed <= free else MAKE_ROOM if needed <= total else TOO_LARGE


def place(machine: Machine, device: str) -> tuple[str, int, int]:
    """(name, total, free) of the memory that a model on ``device`` uses; "auto" takes a graphics card if there is one.
    """
    if device == "cpu" or not machine.gpus:
        return "main memory", machine.memory_total, machine.memory_free
    index = int(device.partition(":")[2] or 0) if ":" in device else 0
    name, total, free = machine.gpus[min(index, len(machine.gpus) - 1)]
    return name, total, free


def shade(level: int) -> QColor:
    """Weights, cache, working space: the accent, lighter each time."""
    mixed, ground = theme.color("accent"), theme.color("surface")
    part = (1.0, 0.6, 0.36)[level]
    return QColor(*(round(m * part + g * (1 - part)) for m, g in (
        (mixed.red(), ground.red()), (mixed.green(), ground.green()), (mixed.blue(), ground.blue()))))


class StackedBar(QWidget):
    """Segments side by side on one scale; ``mark`` is a tick (the free memory)."""

    def __init__(self, height: int = 12, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._height = height
        self._parts: list[tuple[float, QColor]] = []
        self._mark: float | None = None
        self._mark_text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.notifier.changed.connect(self.update)

    def show_parts(self, parts: Sequence[tuple[float, QColor]], mark: float | None = None,
                   mark_text: str = "", *, spoken: str = "") -> None:
        """``parts`` are shares of the whole; what is beyond 1 is cut."""
        self._parts, self._mark, self._mark_text = list(parts), mark, mark_text
        self.setAccessibleName(spoken)
        self.setToolTip(spoken)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self._height + (8 + self._text_height() if self._mark_text else 2))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(0, 1, self.width(), self._height)
        shape = QPainterPath()
        shape.addRoundedRect(bar, 4, 4)
        painter.setClipPath(shape)
        painter.fillRect(bar, theme.color("pressed"))
        x = 0.0
        for share, ink in self._parts:
            width = share * bar.width()
            painter.fillRect(QRectF(x, bar.y(), max(width - 1.5, 1.0), bar.height()), ink)
            x += width
        painter.setClipping(False)
        if self._mark is None:
            return
        at = min(max(self._mark, 0.0), 1.0) * (bar.width() - 2)
        painter.fillRect(QRectF(round(at), 0, 1.5, self._height + 5), theme.color("text"))
        if self._mark_text:
            wide = metrics("caption_medium").horizontalAdvance(self._mark_text) + 4
            left = min(max(at - wide / 2, 0.0), max(bar.width() - wide, 0.0))
            words = QRectF(left, self._height + 6, min(wide, bar.width()), self._text_height())
            paint_text(painter, words, self._mark_text, "text2", "caption_medium", Qt.AlignmentFlag.AlignHCenter)

    @staticmethod
    def _text_height() -> int:
        return math.ceil(metrics("caption_medium").height()) + 2


class DeviceBar(QWidget):
    """One memory of this computer: its name and size, what is in use, and the bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = label("", "section")
        self._says = label("", "small")
        self._bar = StackedBar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        head = QHBoxLayout()
        head.addWidget(self._name)
        head.addStretch(1)
        head.addWidget(self._says)
        column.addLayout(head)
        column.addWidget(self._bar)

    def show_memory(self, name: str, total: int, free: int) -> None:
        used = total - free
        self._name.setText(f"{name}, {gigabytes(total)}")
        self._says.setText(f"{gigabytes(used)} in use, {gigabytes(free)} free")
        self._bar.show_parts([(used / max(total, 1), theme.color("control"))],
                             spoken=f"{name}: {self._says.text()} of {gigabytes(total)}")


class EstimateView(QWidget):
    """What a model needs: weights, cache and working space as a bar and in figures, against what is free."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = StackedBar(16)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(self._bar)
        self._lines = [_Line(level) for level in range(3)]
        for line in self._lines:
            self._column.addWidget(line)
        self._total = _Line(None)
        self._column.addWidget(self._total)

    def show_estimate(self, needed: MemoryEstimate, free: int, total: int) -> None:
        whole = max(total, needed.total, 1)
        parts = (needed.weights, needed.cache, needed.working)
        names = ("Weights", f"Cache for {needed.context * needed.batch:,} tokens".replace(",", "\N{NO-BREAK SPACE}"),
                 "Working space")
        self._bar.show_parts([(part / whole, shade(level)) for level, part in enumerate(parts)], free / whole,
                             f"{gigabytes(free)} free now",
                             spoken=f"Needs {gigabytes(needed.total)}, {gigabytes(free)} free now")
        for line, name, part in zip(self._lines, names, parts, strict=True):
            line.show_line(name, gigabytes(part))
        self._total.show_line("Together", gigabytes(needed.total))


class _Line(QWidget):
    def __init__(self, level: int | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level = level
        role = "strong" if level is None else "small"
        self._name, self._size = label("", role), label("", role)
        row = QHBoxLayout(self)
        row.setContentsMargins(18 if level is not None else 0, 4 if level is None else 0, 0, 0)
        row.addWidget(self._name)
        row.addStretch(1)
        row.addWidget(self._size)
        theme.notifier.changed.connect(self.update)

    def show_line(self, name: str, size: str) -> None:
        self._name.setText(name)
        self._size.setText(size)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._level is None:
            painter.fillRect(QRectF(0, 0, self.width(), 1), theme.color("hairline"))
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade(self._level))
        painter.drawRoundedRect(QRectF(0, self.height() / 2 - 5, 10, 10), 2.5, 2.5)
