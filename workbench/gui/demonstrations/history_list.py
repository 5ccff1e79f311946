"""What happened to a demonstration, newest first, as a line of dots."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.gui.widgets import theme
from workbench.gui.widgets.painted_text import metrics, paint_line
from workbench.gui.widgets.safe_text import tooltip
from workbench.services.demonstrations import Revision
from workbench.wording import clock

MOST = 30


class HistoryList(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: list[tuple[str, str, str]] = []      # stamp, summary, tooltip
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.notifier.changed.connect(self.updateGeometry)
        theme.notifier.changed.connect(self.update)

    def show_history(self, revisions: Sequence[Revision]) -> None:
        self._lines = [(clock(r.when), r.summary, f"{r.summary}\n{r.when.astimezone():%d %b %Y %H:%M}, {r.who}")
                       for r in revisions[:MOST]]
        if len(revisions) > MOST:
            self._lines.append(("", f"and {len(revisions) - MOST} older", ""))
        self.setAccessibleName("History")
        self.setAccessibleDescription("; ".join(f"{stamp} {words}" for stamp, words, _ in self._lines))
        self.updateGeometry()
        self.update()

    def _step(self) -> float:
        return max(22.0, metrics("small").height() + 6)

    def sizeHint(self) -> QSize:
        return QSize(200, round(self._step() * len(self._lines)))

    def minimumSizeHint(self) -> QSize:
        return QSize(100, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        step = self._step()
        stamps = max((metrics("small").horizontalAdvance(stamp) for stamp, _, _ in self._lines), default=0.0) + 14
        for place, (stamp, words, _) in enumerate(self._lines):
            middle = place * step + step / 2
            if place < len(self._lines) - 1:
                painter.setPen(QPen(theme.color("border"), 1))
                painter.drawLine(QPointF(7.5, middle + 5), QPointF(7.5, middle + step - 5))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent" if place == 0 else "control"))
            painter.drawEllipse(QPointF(7.5, middle), 3, 3)
            paint_line(painter, QRectF(20, middle - step / 2, stamps, step), stamp, "small", "text3")
            room = QRectF(20 + stamps, middle - step / 2, self.width() - 20 - stamps, step)
            paint_line(painter, room, words, "small", "text2")

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = int(event.pos().y() // self._step())
            if 0 <= place < len(self._lines) and self._lines[place][2]:
                QToolTip.showText(event.globalPos(), tooltip(self._lines[place][2]), self)
            return True
        return super().event(event)
