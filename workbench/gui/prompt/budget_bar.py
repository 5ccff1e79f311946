"""The token budget: what each part of the prompt takes of the model's context."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.gui.widgets import theme
from workbench.gui.widgets.painted_text import metrics
from workbench.services.prompt_reading import Budget, Segment
from workbench.wording import counted

BAR = 26


class BudgetBar(QWidget):
    """Arrow keys move from one demonstration's segment to the next, as a click chooses it."""

    chosen = Signal(int)                             # a demonstration's place
    hovered = Signal(int)                            # a demonstration's place, or -1

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._budget = Budget()
        self._selected = self._hover = -1
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Token budget")
        theme.notifier.changed.connect(self.updateGeometry)
        theme.notifier.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(480, BAR + 4 + round(metrics("small").height()) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def show_budget(self, budget: Budget) -> None:
        self._budget = budget
        self.setAccessibleDescription(f"{budget.in_words()}. {budget.parts_in_words()}")
        self.update()

    def budget(self) -> Budget:
        return self._budget

    def light(self, place: int) -> None:
        """Show which segment belongs to a card that the pointer is on."""
        if place != self._hover:
            self._hover = place
            self.update()

    def select(self, place: int) -> None:
        self._selected = place
        self.update()

    def rects(self) -> list[QRectF]:
        """Each segment's stretch of the bar, in the widget's coordinates; beyond the context it goes on to the end."""
        scale = self.width() / max(self._budget.context, self._budget.used, 1)
        found, x = [], 0.0
        for segment in self._budget.segments:
            found.append(QRectF(x, 0, segment.tokens * scale, BAR))
            x += segment.tokens * scale
        return found

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(0.5, 0.5, self.width() - 1, BAR - 1), 6, 6)
        painter.fillPath(outline, theme.color("sunken"))
        painter.save()
        painter.setClipPath(outline)
        for segment, rect in zip(self._budget.segments, self.rects(), strict=True):
            self._segment(painter, segment, rect)
        self._surplus(painter)
        painter.restore()
        painter.setPen(QPen(theme.color("focus" if self.hasFocus() else "hairline"), 2 if self.hasFocus() else 1))
        painter.drawPath(outline)
        self._words(painter)
        painter.end()

    def _segment(self, painter: QPainter, segment: Segment, rect: QRectF) -> None:
        place = segment.place
        if place is None:
            fill = _mix("idle", "surface", 0.68 if segment.label != "Question" else 0.8)
        else:
            fill = _mix("accent", "surface", (0.62 if theme.name() == "light" else 0.45) + 0.14 * (place % 2))
            if place in (self._selected, self._hover):
                fill = theme.color("accent")
        body = rect.adjusted(0, 0, -min(2.0, rect.width() / 3), 0)
        painter.fillRect(body, fill)
        measure = metrics("caption_strong")
        words = segment.label if measure.horizontalAdvance(segment.label) + 8 <= body.width() else ""
        painter.setFont(theme.font("caption_strong"))
        painter.setPen(theme.text_on(fill))
        painter.drawText(body, Qt.AlignmentFlag.AlignCenter, words)

    def _surplus(self, painter: QPainter) -> None:
        """What does not fit the context, hatched."""
        if not self._budget.context or self._budget.used <= self._budget.context:
            return
        x = self.width() * self._budget.context / self._budget.used
        over = QRectF(x, 0, self.width() - x, BAR)
        painter.fillRect(over, theme.color("bad_soft"))
        painter.fillRect(over, QBrush(theme.color("bad"), Qt.BrushStyle.BDiagPattern))
        painter.setPen(QPen(theme.color("bad"), 2))
        painter.drawLine(QPointF(x, 0), QPointF(x, BAR))

    def _words(self, painter: QPainter) -> None:
        line = QRectF(0, BAR + 4, self.width(), self.height() - BAR - 4)
        over = bool(self._budget.context) and self._budget.used > self._budget.context
        whole = self._budget.in_words()
        room = line.width() - metrics("section").horizontalAdvance(whole) - 24
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("text2"))
        parts = metrics("small").elidedText(self._budget.parts_in_words(), Qt.TextElideMode.ElideRight, max(room, 0))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, parts)
        painter.setFont(theme.font("section"))
        painter.setPen(theme.color("bad" if over else "text"))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, whole)

    # Choosing

    def place_at(self, point: QPointF) -> int:
        """The demonstration whose segment is at a point, or -1."""
        for segment, rect in zip(self._budget.segments, self.rects(), strict=True):
            if segment.place is not None and rect.contains(point):
                return segment.place
        return -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self.place_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(-1)

    def _set_hover(self, place: int) -> None:
        if place != self._hover:
            self._hover = place
            self.hovered.emit(place)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position())
        if place >= 0:
            self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        count = sum(1 for segment in self._budget.segments if segment.place is not None)
        if step is None or not count or event.modifiers():
            super().keyPressEvent(event)
            return
        self.chosen.emit(min(max(self._selected + step, 0), count - 1))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            for segment, rect in zip(self._budget.segments, self.rects(), strict=True):
                if rect.contains(QPointF(event.pos())):
                    name = segment.label if segment.place is None else f"Demonstration {segment.label}"
                    QToolTip.showText(event.globalPos(), f"{name}\n{counted(segment.tokens, 'token')}", self)
                    return True
            QToolTip.hideText()
            return True
        return super().event(event)


def _mix(token: str, other: str, part: float) -> QColor:
    """``part`` of ``other`` in ``token``."""
    a, b = theme.color(token), theme.color(other)
    return QColor(*(round(p + (q - p) * part) for p, q in
                    ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))))
