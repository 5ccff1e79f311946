"""An answer to read: plain text of a stranger, with some stretches marked."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QTextEdit, QVBoxLayout, QWidget

from workbench.gui.bench.answers.diff import Span
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import link
from workbench.gui.widgets.exact_text import Shown, shown
from workbench.wording import counted

CHUNK = 20_000                       # characters that are shown at first
LINE_HEIGHT = 145.0                  # per cent


class AnswerText(QTextEdit):
    """Read-only. ``grows``: as high as its text, so that the pane around it scrolls."""

    def __init__(self, accessible: str, *, role: str = "body", grows: bool = True,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._role, self._grows = role, grows
        self._most = 0
        self._shown = Shown()
        self._marks: list[tuple[Sequence[Span], str]] = []
        self._found: Sequence[Span] = ()
        self._current = -1                       # of the words found
        self.setProperty("k", "bare")
        self.setAccessibleName(accessible)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse
                                     | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        if grows:
            self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.notifier.changed.connect(self._retheme)
        self._retheme()

    def set_role(self, role: str) -> None:
        self._role = role
        self._retheme()

    def show_text(self, text: str) -> None:
        """Show ``text`` from its beginning, without marks."""
        self._shown = shown(text)
        self._marks, self._found = [], ()
        self.setExtraSelections([])
        self.setPlainText(self._shown.text)
        self._space_lines()
        self.verticalScrollBar().setValue(0)
        self._fit()

    def mark(self, spans: Sequence[Span], token: str, *, add: bool = False) -> None:
        """Mark characters with a token's soft ground ("ok", "bad", "warn"); ``add`` keeps the marks that are there."""
        self._marks = [*(self._marks if add else ()), (spans, token)]
        self._paint_marks()

    def mark_found(self, spans: Sequence[Span], current: int = -1) -> None:
        """Mark the words of a search over all other marks, and the ``current`` one more strongly."""
        if (tuple(spans), current) != (tuple(self._found), self._current):
            self._found, self._current = spans, current
            self._paint_marks()

    def reveal(self, span: Span) -> None:
        """Scroll whatever this text lies in until a stretch is in view."""
        chosen = self._selection(*span, "accent")
        at = self.cursorRect(chosen.cursor)
        if not self._grows or self._most:
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() + at.top() - self.height() // 2)
        above = self.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea) and (inside := above.widget()) is not None:
                spot = self.viewport().mapTo(inside, at.center())
                above.ensureVisible(spot.x(), spot.y(), 40, 60)
            above = above.parentWidget()

    def _paint_marks(self) -> None:
        shown = [self._selection(start, end, f"{ground}_soft") for found, ground in self._marks
                 for start, end in found]
        shown += [self._selection(start, end, "accent" if place == self._current else "accent_soft")
                  for place, (start, end) in enumerate(self._found)]
        self.setExtraSelections(shown)

    def _selection(self, start: int, end: int, ground: str) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        made.cursor = QTextCursor(self.document())
        last = max(0, self.document().characterCount() - 1)
        made.cursor.setPosition(min(self._shown.position(start), last))
        made.cursor.setPosition(min(self._shown.position(end), last), QTextCursor.MoveMode.KeepAnchor)
        look = QTextCharFormat()
        look.setBackground(theme.color(ground))
        if ground == "accent":
            look.setForeground(theme.color("on_accent"))
        made.format = look
        return made

    def set_most(self, height: int) -> None:
        """Grow to at most this height; beyond it the text scrolls."""
        self._most = height
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._fit()

    def _space_lines(self) -> None:
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        block = QTextBlockFormat()
        block.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.mergeBlockFormat(block)

    def _retheme(self) -> None:
        self.setFont(theme.font(self._role))
        self._paint_marks()
        self._fit()

    def _fit(self) -> None:
        if self._grows:
            self.document().setTextWidth(max(40, self.viewport().width()))
            height = math.ceil(self.document().size().height()) + 2
            self.setFixedHeight(min(height, self._most) if self._most else height)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.height() if self._grows else 60)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._grows and not self._most:
            event.ignore()                           # the pane scrolls
        else:
            super().wheelEvent(event)


class LongAnswer(QWidget):
    """An answer that grows with its text; of a very long one the first part, and the rest on request."""

    def __init__(self, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = AnswerText(accessible)
        self.text = ""
        self._more = link("")
        self._more.clicked.connect(self._show_all)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.view)
        column.addWidget(self._more)

    def show_text(self, text: str) -> None:
        self.text = text
        self._more.setVisible(len(text) > CHUNK)
        self._more.setText(f"Show {counted(len(text) - CHUNK, 'more character')}")
        self.view.show_text(text[:CHUNK])

    def mark(self, spans: Sequence[Span], token: str, *, add: bool = False) -> None:
        self.view.mark([span for span in spans if span[1] <= CHUNK or self._more.isHidden()], token, add=add)

    def mark_found(self, spans: Sequence[Span], current: int = -1) -> None:
        """See AnswerText; the rest of a long text shows once one of its words is the current one."""
        if current >= 0 and spans[current][1] > CHUNK and not self._more.isHidden():
            self._show_all()
        self.view.mark_found([span for span in spans if span[1] <= CHUNK or self._more.isHidden()], current)

    def reveal(self, span: Span) -> None:
        self.view.reveal(span)

    def _show_all(self) -> None:
        self._more.hide()
        self.view.show_text(self.text)
