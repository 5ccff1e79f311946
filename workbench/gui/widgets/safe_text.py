"""Text of strangers, shown as what it is: plain text that loads nothing and opens nothing.

A line of 200,000 characters without a space blocks Qt's text layout for seconds, so very long lines are broken here
(with a mark, and only in what is shown), and very long texts are shown in chunks, on request.
"""

from __future__ import annotations

import html

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import link
from workbench.gui.widgets.labels import label
from workbench.wording import grouped

LINE = 2_000                                     # characters after which a line without a break is broken
CHUNK = 50_000                                   # characters that are shown at a time


def tooltip(text: str, most: int = 1_200) -> str:
    """``text`` for a tooltip: Qt takes what looks like markup for markup, so it is handed over as escaped markup."""
    cut = text if len(text) <= most else text[:most] + "…"
    return "<span>" + html.escape(cut).replace("\n", "<br>") + "</span>" if cut else ""


def displayable(text: str) -> str:
    """``text`` with lines of at most LINE characters and without control characters that Qt would act on."""
    text = text.replace("\r\n", "\n").replace("\0", "\N{SYMBOL FOR NULL}")
    if len(text) <= LINE:
        return text
    lines = []
    for line in text.split("\n"):
        lines += [line[i:i + LINE] for i in range(0, len(line), LINE)] or [""]
    return "\n".join(lines)


class PlainText(QPlainTextEdit):
    """Read-only plain text. ``mono`` for code, prompts and logs."""

    def __init__(self, *, mono: bool = False, wrap: bool = True, accessible: str = "",
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mono = mono
        self.setReadOnly(True)
        self.setProperty("k", "code")
        self.setUndoRedoEnabled(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere if wrap else QTextOption.WrapMode.NoWrap)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.setAccessibleName(accessible)
        self.setTabChangesFocus(True)
        self._retheme()
        theme.notifier.changed.connect(self._retheme)

    def _retheme(self) -> None:
        self.setFont(theme.font("mono" if self._mono else "body"))

    def append_text(self, text: str) -> None:
        """Add text at the end (a streamed answer), following it if the end was in view."""
        bar = self.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 4
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(displayable(text))
        if follows:
            bar.setValue(bar.maximum())


class SafeText(QWidget):
    """Plain text of any length: the first part, and "Show more" for the rest."""

    def __init__(self, text: str = "", *, mono: bool = False, accessible: str = "",
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rest = ""
        self.view = PlainText(mono=mono, accessible=accessible)
        self._more = link("Show more")
        self._left = label("", "faint")
        self._more.clicked.connect(self._show_more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        self._foot = QWidget()
        row = QHBoxLayout(self._foot)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self._more)
        row.addWidget(self._left)
        row.addStretch(1)
        column.addWidget(self._foot)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        first, self._rest = text[:CHUNK], text[CHUNK:]
        self.view.setPlainText(displayable(first))
        self._update_foot()

    def _show_more(self) -> None:
        part, self._rest = self._rest[:CHUNK], self._rest[CHUNK:]
        cursor = QTextCursor(self.view.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(displayable(part))
        self._update_foot()

    def _update_foot(self) -> None:
        self._foot.setVisible(bool(self._rest))
        self._left.setText(f"{grouped(len(self._rest))} more characters")
