"""Two drafts of a prompt side by side in one text: what was taken out and what was put in, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from workbench.errors import WorkbenchError
from workbench.gui.shell.session import Session
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import secondary
from workbench.gui.widgets.labels import hairline, label
from workbench.gui.widgets.safe_text import PlainText, displayable
from workbench.prompts import render
from workbench.services.project import Project
from workbench.services.prompts import PromptInfo
from workbench.services.tokenizers import Tokenizers
from workbench.wording import clock, counted

MOST_LINES = 6_000                                   # of both drafts; beyond that a comparison takes too long
CONTEXT = 3
_LOOKS = {"+": ("ok", "ok_soft"), "-": ("bad", "bad_soft"), "…": ("text3", ""), " ": ("text2", "")}


@dataclass(frozen=True, slots=True)
class TextChange:
    """``lines`` are (mark, text): "+" put in, "-" taken out, " " the same, "…" left out."""

    lines: tuple[tuple[str, str], ...]
    added: int
    removed: int


def compare(old: str, new: str) -> TextChange:
    """The lines that differ, with CONTEXT lines around them."""
    before, after = old.split("\n"), new.split("\n")
    if len(before) + len(after) > MOST_LINES:
        words = f"The drafts have more than {MOST_LINES} lines; that is too long to compare here."
        return TextChange((("…", words),), 0, 0)
    lines: list[tuple[str, str]] = []
    added = removed = 0
    for group in difflib.SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(CONTEXT):
        if lines or group[0][1] > 0:
            lines.append(("…", ""))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += [(" ", line) for line in before[i1:i2]]
                continue
            lines += [("-", line) for line in before[i1:i2]] + [("+", line) for line in after[j1:j2]]
            added, removed = added + j2 - j1, removed + i2 - i1
    return TextChange(tuple(lines), added, removed)


class DraftComparison(QDialog):
    """Choose two drafts; the left one is the older. "Restore" makes the older one the newest again."""

    def __init__(self, session: Session, prompt_id: int, versions: Sequence[PromptInfo], tokenizers: Tokenizers,
                 parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._prompt_id, self._tokenizers = session, prompt_id, tokenizers
        self.setWindowTitle("Compare drafts")
        self.resize(820, 620)
        self.old, self.new = self._chooser(versions, "Older draft"), self._chooser(versions, "Newer draft")
        self.old.setCurrentIndex(min(1, len(versions) - 1))
        self.summary = label("", "faint")
        self.view = PlainText(mono=True, accessible="Differences")
        self.view.document().setDocumentMargin(14)
        self._restore = secondary("Restore the older draft", "history")
        close = secondary("Close")
        top = QHBoxLayout()
        top.setContentsMargins(16, 14, 16, 12)
        top.setSpacing(8)
        for widget in (label("From", "section"), self.old, label("to", "section"), self.new):
            top.addWidget(widget)
        top.addSpacing(8)
        top.addWidget(self.summary)
        top.addStretch(1)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 10, 16, 12)
        foot.addWidget(self._restore)
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(hairline())
        column.addWidget(self.view, 1)
        column.addWidget(hairline())
        column.addLayout(foot)
        for box in (self.old, self.new):
            box.currentIndexChanged.connect(lambda index: self._compare())
        self._restore.clicked.connect(self._restore_old)
        close.clicked.connect(self.accept)
        self._compare()

    def _chooser(self, versions: Sequence[PromptInfo], name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        for info in versions:
            box.addItem(f"Draft {info.version}, {clock(info.changed)}", info.version)
        return box

    def _compare(self) -> None:
        old, new = self.old.currentData(), self.new.currentData()
        self._restore.setEnabled(old != new and not self._session.read_only)
        self._session.ask(lambda p: compare(self._text(p, old), self._text(p, new)), self._show, owner=self)

    def _text(self, project: Project, version: int) -> str:
        prompt = project.prompts.get(self._prompt_id, version)
        found = self._tokenizers.current(project)
        try:
            return render(prompt, tokenizer=found[1] if found is not None else None).text
        except WorkbenchError as error:
            return f"({error.what})"

    def _show(self, difference: TextChange) -> None:
        self.summary.setText(f"{counted(difference.added, 'line')} put in, {difference.removed} taken out"
                             if difference.lines else "No difference")
        self.view.clear()
        cursor = QTextCursor(self.view.document())
        for number, (mark, text) in enumerate(difference.lines):
            look = QTextCharFormat()
            ink, ground = _LOOKS[mark]
            look.setForeground(theme.color(ink))
            if ground:
                look.setBackground(theme.color(ground))
            sign = {"-": "−"}.get(mark, mark)
            cursor.insertText(("\n" if number else "") + displayable(f"{sign} {text}"), look)
        self.view.moveCursor(QTextCursor.MoveOperation.Start)

    def _restore_old(self) -> None:
        version = self.old.currentData()
        self._session.change(lambda p: p.prompts.restore(self._prompt_id, version))
        self.accept()
