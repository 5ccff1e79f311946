"""A job's log: time, mark and message of each line, coloured by level."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QCheckBox, QFileDialog, QVBoxLayout, QWidget

from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import IconButton, icon_button
from workbench.gui.widgets.labels import hairline
from workbench.gui.widgets.pane import PaneHeader
from workbench.gui.widgets.safe_text import PlainText
from workbench.gui.widgets.segmented import Segmented
from workbench.services.job_queue import LogLine

MARKS = {"info": " ", "good": "✓", "warning": "!", "error": "×"}
LINES = 5_000
_TOKENS = {"✓": "ok", "!": "warn", "×": "bad"}


def as_text(line: LogLine) -> str:
    """"10:38:02  ✓ round 2 finished"; what a message has on more lines is indented below it."""
    when = line.when.astimezone() if line.when.tzinfo else line.when
    message = line.message.rstrip().replace("\n", "\n            ")
    return f"{when:%H:%M:%S}  {MARKS[line.level]} {message}"


class _Colours(QSyntaxHighlighter):
    """Colours a line by the mark after its time."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        theme.notifier.changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:
        faint = QTextCharFormat()
        faint.setForeground(theme.color("text3"))
        self.setFormat(0, 8, faint)
        token = _TOKENS.get(text[10:11]) if text[2:3] == ":" else None
        if token:
            tone = QTextCharFormat()
            tone.setForeground(theme.color(token))
            self.setFormat(10, len(text) - 10, tone)


class JobLog(QWidget):
    """Shows the log of one job; ``collapsed_changed`` tells the page to give the room back."""

    collapsed_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setProperty("bg", "canvas")
        self._lines: list[LogLine] = []
        self._shown: list[LogLine] = []
        self.collapsed = False
        self._head = PaneHeader("Log", height=42)
        self._fold = IconButton("down", "Collapse the log", size=16)
        self._fold.clicked.connect(self.toggle)
        self._head.add_first(self._fold)
        self._levels = Segmented(["All", "Warnings"], name="Log lines")
        self._follow = QCheckBox("Follow")
        self._follow.setChecked(True)
        self._follow.setToolTip("Keep the newest line in view")
        copy = icon_button("copy", "Copy the log")
        save = icon_button("export", "Save the log…")
        for tool in (self._levels, self._follow, copy, save):
            self._head.add_tool(tool)
        self.view = PlainText(mono=True, wrap=False, accessible="Log")
        self.view.setMaximumBlockCount(LINES)
        self.view.setViewportMargins(12, 4, 12, 4)
        self._colours = _Colours(self.view.document())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        self._line = hairline()
        column.addWidget(self._line)
        column.addWidget(self.view, 1)
        self._levels.changed.connect(lambda index: self._show_all())
        self._follow.toggled.connect(lambda on: self._to_end() if on else None)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.view.toPlainText()))
        save.clicked.connect(self._save)

    def toggle(self) -> None:
        self.set_collapsed(not self.collapsed)

    def set_collapsed(self, collapsed: bool) -> None:
        self.collapsed = collapsed
        self.view.setVisible(not collapsed)
        self._line.setVisible(not collapsed)
        self._fold.set_icon_name("up" if collapsed else "down",
                                 "Expand the log" if collapsed else "Collapse the log")
        self.setMaximumHeight(self._head.height() if collapsed else 16_777_215)
        self.collapsed_changed.emit(collapsed)

    def show_log(self, title: str, lines: list[LogLine]) -> None:
        """The log of a job; where it only has grown, the new lines are added at the end."""
        same = self._head.property("job") == title and self._lines == lines[:len(self._lines)]
        self._head.setProperty("job", title)
        self._head.set_hint(title)
        before, self._lines = len(self._lines), lines
        if not same:
            self._show_all()
            return
        new = [line for line in lines[before:] if self._wanted(line)]
        if new:
            self._shown += new
            self.view.append_text(("\n" if len(self._shown) > len(new) else "") + "\n".join(map(as_text, new)))
            if self._follow.isChecked():
                self._to_end()

    def _wanted(self, line: LogLine) -> bool:
        return self._levels.current() == 0 or line.level in ("warning", "error")

    def _show_all(self) -> None:
        self._shown = [line for line in self._lines if self._wanted(line)]
        self.view.clear()
        self.view.append_text("\n".join(map(as_text, self._shown[-LINES:])))
        if not self._shown:
            self.view.setPlaceholderText("No warnings." if self._lines else "Nothing has been logged.")
        if self._follow.isChecked():
            self._to_end()

    def _to_end(self) -> None:
        bar = self.view.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _save(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the log", "job.log", "Log files (*.log *.txt)")
        if chosen:
            Path(chosen).write_text("\n".join(map(as_text, self._lines)) + "\n", encoding="utf-8")
