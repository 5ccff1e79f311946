"""The exact text that the model will see, with what each stretch of it is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import (
    QFont,
    QGuiApplication,
    QMouseEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QTextEdit, QVBoxLayout, QWidget

from workbench.domain import Rendered, SpanKind
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.labels import hairline
from workbench.gui.widgets.pane import PaneHeader
from workbench.gui.widgets.safe_text import LINE, PlainText
from workbench.gui.widgets.segmented import Segmented
from workbench.wording import counted

MOST = 400_000                                       # characters that are shown; all of them are copied
_MARKS = {"\0": "␀", "\r": "␍", "\f": "␌", "\v": "␋", "\u2028": "↵", "\u2029": "↵"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as Qt shows it. ``extra`` are the places where Qt counts one position more than Python: before a break
    that was put into a very long line, and after a character outside the basic plane (two in UTF-16)."""

    text: str = ""
    extra: list[int] = field(default_factory=list)

    def position(self, at: int) -> int:
        """Qt's position of a character."""
        return at + bisect_right(self.extra, at)

    def character(self, position: int) -> int:
        """The character at a position of Qt's."""
        low, high = 0, position
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.position(middle) <= position else (low, middle - 1)
        return low


def shown(text: str) -> Shown:
    """Characters that Qt would act on become marks; lines longer than LINE are broken, in what is shown only."""
    for character, mark in _MARKS.items():
        text = text.replace(character, mark)
    breaks: list[int] = []
    start = 0
    for line in text.split("\n"):
        breaks += range(start + LINE, start + len(line), LINE)
        start += len(line) + 1
    extra = sorted([*breaks, *(i + 1 for i, character in enumerate(text) if ord(character) > 0xFFFF)])
    pieces, last = [], 0
    for at in breaks:
        pieces.append(text[last:at])
        last = at
    return Shown("\n".join([*pieces, text[last:]]), extra)


class _Highlighter(QSyntaxHighlighter):
    """Colours stretches given as sorted, non-overlapping (start, end, kind) in Qt's positions."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._stretches: list[tuple[int, int, str]] = []
        self._ends: list[int] = []
        self._looks = _formats()

    def show(self, stretches: Sequence[tuple[int, int, str]]) -> None:
        self._looks = _formats()
        self._stretches = list(stretches)
        self._ends = [end for _, end, _ in self._stretches]
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        first = self.currentBlock().position()
        last = first + self.currentBlock().length()
        for index in range(bisect_right(self._ends, first), len(self._stretches)):
            start, end, kind = self._stretches[index]
            if start >= last:
                break
            at = max(start, first)
            self.setFormat(at - first, min(end, last) - at, self._looks[kind])


def _formats() -> dict[str, QTextCharFormat]:
    made = {}
    for kind, ink, fill, bold in (("frame", "accent_text", "", True), ("question", "text3", "", False),
                                  ("even", "text", "accent_soft", False), ("odd", "text", "idle_soft", False)):
        look = QTextCharFormat()
        look.setForeground(theme.color(ink))
        if fill:
            look.setBackground(theme.color(fill))
        if bold:
            look.setFontWeight(QFont.Weight.DemiBold)
        made[kind] = look
    return made


class _View(PlainText):
    clicked = Signal(int)                            # Qt's position

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if not self.textCursor().hasSelection():
            self.clicked.emit(self.cursorForPosition(event.position().toPoint()).position())


class ExactText(QWidget):
    """``place_clicked`` carries the place of the demonstration whose text was clicked."""

    place_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rendered = Rendered("", ())
        self._offsets: tuple[tuple[int, int], ...] = ()
        self._shown = Shown()
        self._place = -1
        self._header = PaneHeader("Exact text", height=44)
        self.switch = Segmented(["Text", "Tokens"], name="Show the exact text as")
        copy = icon_button("copy", "Copy the exact text")
        self._header.add_tool(self.switch)
        self._header.add_tool(copy)
        self.view = _View(mono=True, accessible="The exact text of the prompt")
        self.view.document().setDocumentMargin(14)
        self._highlighter = _Highlighter(self.view.document())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addWidget(hairline())
        column.addWidget(self.view, 1)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._rendered.text))
        self.switch.changed.connect(lambda index: self._colour())
        self.view.clicked.connect(self._clicked)
        theme.notifier.changed.connect(self._colour)

    def sizeHint(self) -> QSize:
        return QSize(440, 400)

    def show_text(self, rendered: Rendered, offsets: Sequence[tuple[int, int]], hint: str) -> None:
        """``offsets`` are the characters of each token, for the switch to tokens."""
        self._header.set_hint(hint)
        changed = rendered.text != self._rendered.text
        self._rendered, self._offsets = rendered, tuple(offsets)
        self.switch.setEnabled(bool(offsets))
        if changed:
            top = self.view.verticalScrollBar().value()
            cut = rendered.text[:MOST]
            self._shown = shown(cut)
            rest = len(rendered.text) - len(cut)
            self.view.setPlainText(self._shown.text + (f"\n… {counted(rest, 'more character')}" if rest else ""))
            self.view.verticalScrollBar().setValue(top)
        self._colour()

    def text(self) -> str:
        return self._rendered.text

    def highlight(self, place: int, *, scroll: bool = True) -> None:
        """Show which text one demonstration is; -1 none."""
        self._place = place
        selections = self._mark(place)
        if selections and scroll:
            self._bring_into_view(selections[0].cursor, selections[-1].cursor)

    def _mark(self, place: int) -> list[QTextEdit.ExtraSelection]:
        mark = QTextCharFormat()
        mark.setBackground(theme.color("accent_soft"))
        selections = []
        for start, end in self._spans_of(place):
            cursor = QTextCursor(self.view.document())
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            selection = QTextEdit.ExtraSelection()
            selection.cursor, selection.format = cursor, mark
            selections.append(selection)
        self.view.setExtraSelections(selections)
        return selections

    def _bring_into_view(self, first: QTextCursor, last: QTextCursor) -> None:
        bar, page = self.view.verticalScrollBar(), self.view.verticalScrollBar().pageStep()
        top = first.document().findBlock(first.selectionStart()).firstLineNumber()
        bottom = last.document().findBlock(last.selectionEnd()).firstLineNumber() + 1
        if top < bar.value() or top > bar.value() + page - 2:
            bar.setValue(max(0, top - 2))
        elif bottom > bar.value() + page:
            bar.setValue(min(top - 1, bottom - page + 1))

    def _spans_of(self, place: int) -> list[tuple[int, int]]:
        last = min(len(self._rendered.text), MOST)
        return [(self._shown.position(span.start), self._shown.position(min(span.end, last)))
                for span in self._rendered.spans
                if span.index == place and span.kind in (SpanKind.INSTRUCTION, SpanKind.ANSWER) and span.start < last]

    def _colour(self) -> None:
        tokens = self.switch.current() == 1 and bool(self._offsets)
        self._highlighter.show(self._token_stretches() if tokens else self._frame_stretches())
        self._mark(self._place if not tokens else -1)

    def _frame_stretches(self) -> list[tuple[int, int, str]]:
        """The template's own words, between what people wrote."""
        found: list[tuple[int, int, str]] = []
        at, last = 0, min(len(self._rendered.text), MOST)
        for span in sorted(self._rendered.spans, key=lambda span: span.start):
            if span.start >= last:
                break
            if span.start > at:
                found.append((at, span.start, "frame"))
            if span.kind in (SpanKind.QUESTION, SpanKind.REPLY):
                found.append((span.start, min(span.end, last), "question"))
            at = max(at, span.end)
        if at < last:
            found.append((at, last, "frame"))
        return [(self._shown.position(start), self._shown.position(end), kind) for start, end, kind in found]

    def _token_stretches(self) -> list[tuple[int, int, str]]:
        position, last = self._shown.position, min(len(self._rendered.text), MOST)
        found: list[tuple[int, int, str]] = []
        at = 0
        for start, end in self._offsets:
            if end > start >= at and end <= last:          # the pieces of one character lie on each other
                found.append((position(start), position(end), "odd" if len(found) % 2 else "even"))
                at = end
        return found

    def _clicked(self, position: int) -> None:
        at = self._shown.character(position)
        spans = sorted((s for s in self._rendered.spans if s.kind in (SpanKind.INSTRUCTION, SpanKind.ANSWER)),
                       key=lambda span: span.start)
        before = bisect_left([span.end for span in spans], at)
        if before < len(spans) and spans[before].start <= at:
            self.place_clicked.emit(spans[before].index)
