"""The tokens of one answer, coloured by log-probability: under one prompt, under another, and the change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from workbench.domain import TokenScore
from workbench.gui.charts.chart import CENTRE, Chart, Table, draw_text, text_width, tip
from workbench.gui.charts.numbers import tone
from workbench.gui.widgets import theme
from workbench.wording import plain, signed

UNLIKELY = 4.0                       # nats: at this surprise the sequential ramp ends
SMALLEST_CLIP = 0.5                  # of the change's ramp: smaller changes stay pale
BOX, GAP = 24.0, 2.0                 # a box's height at the design's text size
LINE_GAP, BLOCK_GAP = 8.0, 12.0
ROWS = ("Before", "After", "Change")


@dataclass(frozen=True, slots=True)
class Box:
    """Token ``index`` at ``x`` in block ``block`` (a line of tokens, shown three times)."""

    index: int
    block: int
    x: float
    width: float


def visible(token: str) -> str:
    """What stands in a token's box: its text without outer spaces; white space by a sign of its own."""
    inner = token.strip()
    if inner:
        return "".join(c if c.isprintable() else "␣" for c in inner)[:40]
    return "↵" if "\n" in token else "␣"


def mean(tokens: Sequence[TokenScore]) -> float:
    """Nats per token."""
    return sum(token.logprob for token in tokens) / len(tokens) if tokens else float("nan")


class TokenStrip(Chart):
    """Wraps long answers into blocks of three rows. Left and right move the current token."""

    clip_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Answer tokens by log-probability", parent)
        self._before: tuple[TokenScore, ...] = ()
        self._after: tuple[TokenScore, ...] = ()
        self._names = ROWS
        self._clip = 1.0
        self._current = -1
        self._boxes: list[Box] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_tokens(self, before: Sequence[TokenScore], after: Sequence[TokenScore],
                   names: tuple[str, str, str] = ROWS) -> None:
        """The same answer's tokens twice; a token's log-probability is in nats. ``names`` are the three rows'."""
        self._before, self._after, self._names = tuple(before), tuple(after), names
        self._current = -1
        changes = np.abs([change for change in self.changes() if change == change])
        self._clip = max(SMALLEST_CLIP, float(np.percentile(changes, 98))) if changes.size else 1.0
        self.clip_changed.emit(self._clip)
        self.describe(f"{len(before)} tokens, mean {plain(mean(before))} {names[0].lower()}, {plain(mean(after))} "
                      f"{names[1].lower()}. {self.largest()}")
        self._arrange()

    @property
    def clip(self) -> float:
        """The change, in nats, at which the diverging ramp ends."""
        return self._clip

    def changes(self) -> list[float]:
        """After − before for each token; NaN where the answer was cut into other tokens."""
        nan = float("nan")
        pairs = zip(self._before, self._after, strict=False)
        found = [a.logprob - b.logprob if a.text == b.text else nan for b, a in pairs]
        return found + [nan] * (len(self._before) - len(found))

    def largest(self, most: int = 3) -> str:
        """The tokens that make the most of the change, in words: "“stood” +0.91, “15” −0.40"."""
        known = [(change, token.text) for change, token in zip(self.changes(), self._before, strict=True)
                 if tone(change)]
        known.sort(key=lambda pair: -abs(pair[0]))
        return ", ".join(f"“{visible(text)}” {signed(change)}" for change, text in known[:most])

    def table(self) -> Table:
        first, second, change = (name.lower() for name in self._names)
        columns = ("Token", f"Log-probability {first}, nats", f"Log-probability {second}, nats", f"{change}, nats",
                   f"Rank {first}", f"Rank {second}")
        rows = []
        for index, before in enumerate(self._before):
            after = self._after[index] if index < len(self._after) else None
            rows.append((before.text, before.logprob, after.logprob if after else None, self.changes()[index],
                         before.rank, after.rank if after else None))
        return Table(columns, tuple(rows))

    def export_size(self) -> QSizeF:
        width = max(640.0, self.width())
        return QSizeF(width, max(self._line() * 3, self._height(list(self._wrap(width)))))

    def sizeHint(self) -> QSize:
        return QSize(480, round(self._line() * 3))

    # layout
    @staticmethod
    def _line() -> float:
        return BOX * theme.scale() + LINE_GAP

    def _label_width(self) -> float:
        return max(text_width(row, theme.font("small_medium")) for row in self._names) + 16

    def _wrap(self, width: float) -> Iterator[Box]:
        font = theme.font("mono")
        left = x = self._label_width()
        block = 0
        for index, token in enumerate(self._before):
            size = text_width(visible(token.text), font) + 10
            if x + size > width and x > left:
                block, x = block + 1, left
            yield Box(index, block, x, min(size, width - left))
            x += size + GAP

    def _height(self, boxes: Sequence[Box]) -> float:
        blocks = boxes[-1].block + 1 if boxes else 0
        return blocks * (self._line() * 3 + BLOCK_GAP)

    def _arrange(self) -> None:
        self._boxes = list(self._wrap(self.width()))
        self.setMinimumHeight(round(self._height(self._boxes)))
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _theme_changed(self) -> None:
        self._arrange()

    # painting
    def draw(self, painter: QPainter, rect: QRectF) -> None:
        boxes = list(self._wrap(rect.width())) if rect.width() != self.width() else self._boxes
        changes = self.changes()
        mono, small = theme.font("mono"), theme.font("small_medium")
        for block in range(boxes[-1].block + 1 if boxes else 0):
            for row, name in enumerate(self._names):
                place = self._place(Box(0, block, 0.0, self._label_width()), row).translated(rect.topLeft())
                draw_text(painter, place, name, theme.color("text2"), small)
        for box in boxes:
            for row in range(3):
                place = self._place(box, row).translated(rect.topLeft())
                colour = self._colour(box.index, row, changes)
                if colour is None:
                    continue
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                painter.drawRoundedRect(place, 4, 4)
                draw_text(painter, place, visible(self._before[box.index].text), theme.text_on(colour), mono, CENTRE,
                          elide=False)
            if box.index == self._current:
                painter.setPen(QPen(theme.color("text"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                first, last = self._place(box, 0), self._place(box, 2)
                painter.drawRoundedRect(first.united(last).translated(rect.topLeft()).adjusted(-1, -1, 1, 1), 5, 5)

    def _place(self, box: Box, row: int) -> QRectF:
        line = self._line()
        return QRectF(box.x, box.block * (line * 3 + BLOCK_GAP) + row * line + 1, box.width, line - LINE_GAP)

    def _colour(self, index: int, row: int, changes: Sequence[float]) -> QColor | None:
        if row == 2:
            return theme.diverging(changes[index] / self._clip) if changes[index] == changes[index] else None
        tokens = (self._before, self._after)[row]
        return theme.sequential(-tokens[index].logprob / UNLIKELY) if index < len(tokens) else None

    # looking at one token
    def words(self, index: int) -> list[str]:
        """The lines that describe a token: text, log-probabilities and ranks, what was likelier."""
        before = self._before[index]
        after = self._after[index] if index < len(self._after) else before
        lines = [f"“{visible(before.text)}”  {plain(before.logprob)} → {plain(after.logprob)} nats "
                 f"({signed(self.changes()[index])})"]
        if after.rank >= 0:
            lines.append(f"Rank {before.rank + 1} → {after.rank + 1}")
        if after.alternatives:
            likely = ", ".join(f"“{visible(text)}” {plain(value)}" for text, value in after.alternatives[:3])
            lines.append(f"Likeliest {self._names[1].lower()}: {likely}")
        return lines

    def _index_at(self, position: QPointF) -> int:
        for box in self._boxes:
            if any(self._place(box, row).contains(position) for row in range(3)):
                return box.index
        return -1

    def _go(self, index: int) -> None:
        self._current = index
        if index >= 0:
            self.describe("; ".join(self.words(index)))
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self._before:
            super().keyPressEvent(event)
            return
        self._go(min(max(self._current + step, 0), len(self._before) - 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(self._index_at(event.position()))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._index_at(QPointF(event.pos()))
            if index < 0:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), tip(*self.words(index)), self)
            return True
        return super().event(event)
