"""The rank chart of a search: how the best candidates moved from round to round while the set was built."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from workbench.domain import SearchRound
from workbench.gui.charts.chart import CENTRE, RIGHT, Chart, Table, draw_text, one_line, text_width, tip
from workbench.gui.widgets import theme
from workbench.search.rank_lines import RankLine, rank_lines

HIGHLIGHTED = 3
AXIS = 26.0
RANKS = 28.0


class BumpChart(Chart):
    """Ranks over rounds. A click (or up, down and Enter) picks a candidate: ``picked`` carries its id."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Rank over the rounds", parent)
        self._lines: list[RankLine] = []
        self._titles: dict[int, str] = {}
        self._planned = 0
        self._selected: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(240, 120)

    def set_rounds(self, rounds: Sequence[SearchRound], titles: Mapping[int, str], planned: int = 0) -> None:
        """Show ``rounds``; the axis has room for ``planned`` of them while the search runs."""
        self._lines = rank_lines(rounds)
        self._titles = {id: one_line(title) for id, title in titles.items()}
        self._planned = max(planned, len(rounds))
        chosen = [line for line in self._lines if line.chosen_in]
        names = ", ".join(f"{line.chosen_in}: {self.title(line.demonstration_id)}" for line in chosen)
        self.describe(f"{len(rounds)} rounds. Chosen in order, {names}" if names else "No round has ended yet")
        self.update()

    def select(self, demonstration_id: int | None) -> None:
        self._selected = demonstration_id
        self.update()

    def title(self, demonstration_id: int) -> str:
        return self._titles.get(demonstration_id, f"No. {demonstration_id}")

    def lines(self) -> list[RankLine]:
        return list(self._lines)

    def table(self) -> Table:
        rounds = len(self._lines[0].places) if self._lines else 0
        columns = ("Candidate", "Chosen in round", *(f"Round {number + 1}" for number in range(rounds)))
        return Table(columns, tuple((self.title(line.demonstration_id), line.chosen_in, *line.places)
                                    for line in self._lines))

    def export_size(self) -> QSizeF:
        return QSizeF(max(640, self.width()), max(300, self.height()))

    def draw(self, painter: QPainter, rect: QRectF) -> None:
        if not self._lines:
            return
        plot = self._plot(rect)
        self._draw_axes(painter, plot, rect)
        colours = self._colours()
        for line in sorted(self._lines, key=lambda line: line.demonstration_id in colours):
            self._draw_line(painter, plot, line, colours.get(line.demonstration_id))
        x = self._label_x(plot)
        for position, line in enumerate(self._lines):
            colour = colours.get(line.demonstration_id)
            label = QRectF(x, self._y(plot, position + 1) - 10, rect.right() - x - 4, 20)
            draw_text(painter, label, self.title(line.demonstration_id), colour or theme.color("text2"),
                      theme.font("section" if colour else "small"))

    def _plot(self, rect: QRectF) -> QRectF:
        widest = max(text_width(self.title(line.demonstration_id), theme.font("section")) for line in self._lines)
        labels = min(widest + 30, rect.width() * 0.45)
        return QRectF(rect.x() + RANKS + 10, rect.y() + 12, rect.width() - RANKS - 10 - labels,
                      rect.height() - AXIS - 20)

    def _draw_axes(self, painter: QPainter, plot: QRectF, rect: QRectF) -> None:
        font, colour = theme.font("caption"), theme.color("text3")
        for place in range(1, len(self._lines) + 1):
            label = QRectF(rect.x(), self._y(plot, place) - 10, RANKS - 8, 20)
            draw_text(painter, label, str(place), colour, font, RIGHT, elide=False)
        if self._below:
            label = QRectF(rect.x(), self._y(plot, len(self._lines) + 1) - 10, RANKS - 8, 20)
            draw_text(painter, label, f"{len(self._lines) + 1}+", colour, font, RIGHT, elide=False)
        for number in range(1, self._planned + 1):
            label = QRectF(self._x(plot, number) - 40, rect.bottom() - AXIS + 4, 80, 20)
            words = f"Round {number}" if self._planned <= 4 and plot.width() > 240 else str(number)
            draw_text(painter, label, words, colour, font, CENTRE, elide=False)

    def _draw_line(self, painter: QPainter, plot: QRectF, line: RankLine, highlight: QColor | None) -> None:
        colour = highlight or theme.color("border")
        last = len(self._lines)
        points = [None if place is None else QPointF(self._x(plot, number), self._y(plot, min(place, last + 1)))
                  for number, place in enumerate(line.places, start=1)]
        shown = [place is not None and place <= last for place in line.places]
        path = QPainterPath()
        for (here, seen), (there, seen_there) in itertools.pairwise(zip(points, shown, strict=True)):
            if here is not None and there is not None and (seen or seen_there):
                path.moveTo(here)
                middle = (here.x() + there.x()) / 2
                path.cubicTo(QPointF(middle, here.y()), QPointF(middle, there.y()), there)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 2.5 if highlight else 1.75, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPath(path)
        for number, (point, seen) in enumerate(zip(points, shown, strict=True), start=1):
            if point is None or not seen:
                continue
            chosen = number == line.chosen_in
            painter.setPen(QPen(theme.color("surface"), 1.5))
            painter.setBrush(colour)
            painter.drawEllipse(point, *((6.0, 6.0) if chosen else (4.5, 4.5) if highlight else (3.5, 3.5)))
            if chosen:       # a ring around the round's choice: not colour alone
                painter.setPen(QPen(colour, 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(point, 8.0, 8.0)

    def _colours(self) -> dict[int, QColor]:
        """Up to three highlighted lines, in the series' colours: what was chosen, and what is selected."""
        ids = [line.demonstration_id for line in self._lines if line.chosen_in][:HIGHLIGHTED]
        shown = {line.demonstration_id for line in self._lines}
        if self._selected in shown and self._selected not in ids:
            ids = [*ids[:HIGHLIGHTED - 1], self._selected]
        return {id: theme.series(index) for index, id in enumerate(ids)}

    def _x(self, plot: QRectF, number: int) -> float:
        if self._planned < 2:
            return plot.left() + plot.width() * 0.5
        return plot.left() + (number - 1) / (self._planned - 1) * (plot.width() - 24) + 12

    def _y(self, plot: QRectF, place: int) -> float:
        steps = max(1, len(self._lines) - 1 + self._below)
        return plot.top() + (place - 1) * min(plot.height() / steps, 40.0)

    @property
    def _below(self) -> bool:
        """Whether a line comes from below the shown places: all of those come from one lane at the bottom."""
        last = len(self._lines)
        return any(place is not None and place > last for line in self._lines for place in line.places)

    def _label_x(self, plot: QRectF) -> float:
        return plot.right() + 14

    def _line_at(self, position: QPointF) -> RankLine | None:
        if not self._lines:
            return None
        plot = self._plot(QRectF(self.rect()))
        for place, line in enumerate(self._lines, start=1):
            if position.x() >= plot.right() and abs(position.y() - self._y(plot, place)) <= 12:
                return line
            for number, at in enumerate(line.places, start=1):
                centre = QPointF(self._x(plot, number), self._y(plot, at)) if at is not None else QPointF(-99, -99)
                if (centre - position).manhattanLength() <= 14:
                    return line
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        line = self._line_at(event.position())
        if line is not None and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(line.demonstration_id)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._line_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        ids = [line.demonstration_id for line in self._lines]
        if step is None or not ids:
            super().keyPressEvent(event)
            return
        place = ids.index(self._selected) + step if self._selected in ids else 0
        self.picked.emit(ids[max(0, min(len(ids) - 1, place))])

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            line = self._line_at(QPointF(event.pos()))
            if line is None:
                QToolTip.hideText()
            else:
                chosen = f"Chosen in round {line.chosen_in}" if line.chosen_in else "Not chosen yet"
                QToolTip.showText(event.globalPos(), tip(self.title(line.demonstration_id), chosen), self)
            return True
        return super().event(event)
