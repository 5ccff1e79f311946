"""How far a student ranks the same things as its teacher: a row an example, a cell for each of the teacher's ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QToolTip, QWidget

from workbench.gui.charts.chart import CENTRE, LEFT, Chart, Table, draw_text, text_width, tip
from workbench.gui.widgets import theme
from workbench.wording import percent

BLOCKS = ("Student before", "Student after")
ROW, GAP, BETWEEN = 22.0, 2.0, 12.0
HEAD = 46.0                          # the blocks' names, and the teacher's ranks
ALL = 30.0                           # the row of shares over all examples
Place = tuple[int, int, int]         # row, block, the teacher's rank − 1
NOWHERE: Place = (-1, -1, -1)


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """Ranks from 1 for each subset of one example, by the teacher and by the student before and after."""

    label: str
    subsets: tuple[str, ...]
    teacher: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    def subset(self, place: int) -> int:
        """The subset that the teacher ranks ``place`` + 1."""
        return self.teacher.index(place + 1)

    def rank(self, block: int, place: int) -> int:
        return (self.before, self.after)[block][self.subset(place)]


class AgreementChart(Chart):
    """Cells of a fuller colour are nearer to the teacher's rank; the number is the student's.

    A click picks a cell; the arrows move, and Enter picks. ``picked`` carries row and subset.
    """

    picked = Signal(int, int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._rows: tuple[AgreementLine, ...] = ()
        self._columns = 0
        self.selected: Place = NOWHERE
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)

    def set_rows(self, rows: Sequence[AgreementLine]) -> None:
        self._rows = tuple(rows)
        self._columns = max((len(row.teacher) for row in rows), default=0)
        self.selected = NOWHERE
        self.setMinimumHeight(round(self._tall()))
        self._say()
        self.updateGeometry()
        self.update()

    def _tall(self) -> float:
        return HEAD + ALL + len(self._rows) * ROW + 4

    def shares(self, block: int) -> list[float]:
        """For each of the teacher's ranks the share of examples in which the student gives that subset the same."""
        found = []
        for place in range(self._columns):
            ranked = [row for row in self._rows if place < len(row.teacher)]
            found.append(sum(row.rank(block, place) == place + 1 for row in ranked) / len(ranked))
        return found

    def table(self) -> Table:
        return Table(("Example", "Subset", "Teacher, rank", "Before, rank", "After, rank"), tuple(
            (row.label, row.subsets[subset], row.teacher[subset], row.before[subset], row.after[subset])
            for row in self._rows for subset in map(row.subset, range(len(row.teacher)))))

    def export_size(self) -> QSizeF:
        return QSizeF(max(480, self.width()), self._tall())

    # words
    def _say(self) -> None:
        if self.selected != NOWHERE:
            self.describe(", ".join(self._words(self.selected)))
        elif self._rows:
            self.describe("; ".join(f"{name}: " + ", ".join(
                f"rank {place + 1} agrees in {percent(share)}" for place, share in enumerate(self.shares(block)))
                for block, name in enumerate(BLOCKS)))

    def _words(self, place: Place) -> tuple[str, str]:
        row, rank = self._rows[place[0]], place[2]
        subset = row.subset(rank)
        return (f"{row.label}: subset {row.subsets[subset]}",
                f"Teacher {rank + 1}, before {row.before[subset]}, after {row.after[subset]}")

    # geometry
    def _cell(self, rect: QRectF, row: int, block: int, place: int) -> QRectF:
        """Row −1 is that of all examples."""
        label = self._label_width(rect)
        width = (rect.width() - label - BETWEEN) / max(1, 2 * self._columns)
        x = rect.x() + label + block * (self._columns * width + BETWEEN) + place * width
        y = rect.y() + HEAD + (ALL + row * ROW if row >= 0 else 0.0)
        return QRectF(x, y, width - GAP, (ROW if row >= 0 else ALL - 8) - GAP)

    def _label_width(self, rect: QRectF) -> float:
        widest = max((text_width(row.label, theme.font("small")) for row in self._rows), default=0.0)
        return float(min(max(widest, text_width("All examples", theme.font("small_medium"))) + 10, rect.width() * 0.32))

    def place_at(self, position: QPointF) -> Place:
        rect = QRectF(self.rect())
        row = int((position.y() - HEAD - ALL) // ROW)
        if not 0 <= row < len(self._rows):
            return NOWHERE
        for block in range(len(BLOCKS)):
            for place in range(len(self._rows[row].teacher)):
                if self._cell(rect, row, block, place).adjusted(-1, -1, 1, 1).contains(position):
                    return row, block, place
        return NOWHERE

    # painting
    def paintEvent(self, event: QPaintEvent) -> None:
        self._seen = (event.rect().top(), event.rect().bottom())
        super().paintEvent(event)
        self._seen = None

    _seen: tuple[int, int] | None = None                     # the rows outside are not painted

    def draw(self, painter: QPainter, rect: QRectF) -> None:
        if not self._rows:
            return
        self._draw_head(painter, rect)
        for block in range(len(BLOCKS)):
            for place, share in enumerate(self.shares(block)):
                self._draw_cell(painter, self._cell(rect, -1, block, place), share, f"{share * 100:.0f}", strong=True)
        for number, row in enumerate(self._rows):
            top = rect.y() + HEAD + ALL + number * ROW
            if self._seen is None or self._seen[0] - ROW <= top <= self._seen[1]:
                self._draw_row(painter, rect, number, row)
        if self.selected != NOWHERE:
            painter.setPen(QPen(theme.color("text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self._cell(rect, *self.selected).adjusted(-1, -1, 1, 1), 3.5, 3.5)

    def _draw_head(self, painter: QPainter, rect: QRectF) -> None:
        for block, name in enumerate(BLOCKS):
            first, last = self._cell(rect, -1, block, 0), self._cell(rect, -1, block, self._columns - 1)
            draw_text(painter, QRectF(first.x(), rect.y(), last.right() - first.x(), 22), name, theme.color("text2"),
                      theme.font("caption_strong"), CENTRE)
            for place in range(self._columns):
                cell = self._cell(rect, -1, block, place)
                draw_text(painter, QRectF(cell.x(), rect.y() + 22, cell.width(), 20), str(place + 1),
                          theme.color("text3"), theme.font("caption"), CENTRE, elide=False)
        width, cell = self._label_width(rect) - 8, self._cell(rect, -1, 0, 0)
        draw_text(painter, QRectF(rect.x(), rect.y() + 22, width, 20), "Teacher", theme.color("text3"),
                  theme.font("caption"), LEFT)
        draw_text(painter, QRectF(rect.x(), cell.y(), width, cell.height()), "Same, %", theme.color("text"),
                  theme.font("small_medium"), LEFT)

    def _draw_row(self, painter: QPainter, rect: QRectF, number: int, row: AgreementLine) -> None:
        first = self._cell(rect, number, 0, 0)
        draw_text(painter, QRectF(rect.x(), first.y(), self._label_width(rect) - 8, first.height()), row.label,
                  theme.color("text" if self.selected[0] == number else "text2"), theme.font("small"), LEFT)
        farthest = max(1, len(row.teacher) - 1)
        for block in range(len(BLOCKS)):
            for place in range(len(row.teacher)):
                rank = row.rank(block, place)
                near = 1 - abs(rank - place - 1) / farthest
                self._draw_cell(painter, self._cell(rect, number, block, place), near, str(rank))

    def _draw_cell(self, painter: QPainter, cell: QRectF, share: float, words: str, *, strong: bool = False) -> None:
        fill = theme.sequential(0.75 * share)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(cell, 2.5, 2.5)
        draw_text(painter, cell, words, theme.text_on(fill), theme.font("caption_strong" if strong else "caption"),
                  CENTRE, elide=False)

    # acting
    def select(self, place: Place) -> None:
        self.selected = place
        self._say()
        self.update()
        self._show()

    def _show(self) -> None:
        """Scroll to the selected cell."""
        viewport = self.parentWidget()
        area = viewport.parentWidget() if viewport is not None else None
        if isinstance(area, QScrollArea) and self.selected != NOWHERE:
            at: QPoint = self._cell(QRectF(self.rect()), *self.selected).center().toPoint()
            area.ensureVisible(at.x(), at.y(), 0, round(ROW) + (round(HEAD + ALL) if self.selected[0] == 0 else 0))

    def _pick(self, place: Place) -> None:
        self.select(place)
        self.picked.emit(place[0], self._rows[place[0]].subset(place[2]))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position())
        if place != NOWHERE and event.button() == Qt.MouseButton.LeftButton:
            self._pick(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self.place_at(event.position()) != NOWHERE
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        down = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}.get(key, 0)
        along = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key, 0)
        if not self._rows or not (down or along):
            super().keyPressEvent(event)
            return
        if self.selected == NOWHERE:
            self._pick((0, 1, 0))
            return
        row = min(max(self.selected[0] + down, 0), len(self._rows) - 1)
        columns = len(self._rows[row].teacher)
        column = min(max(self.selected[1] * columns + min(self.selected[2], columns - 1) + along, 0), 2 * columns - 1)
        self._pick((row, column // columns, column % columns))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.place_at(QPointF(event.pos()))
            if place == NOWHERE:
                QToolTip.hideText()
            else:
                around: QRect = self._cell(QRectF(self.rect()), *place).toAlignedRect()
                QToolTip.showText(event.globalPos(), tip(*self._words(place)), self, around)
            return True
        return super().event(event)
