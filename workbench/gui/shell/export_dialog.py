"""Taking demonstrations or a prompt away: what, in which format, and where to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QButtonGroup, QComboBox, QRadioButton, QVBoxLayout, QWidget

from workbench.domain import Prompt, Status
from workbench.errors import WorkbenchError
from workbench.formats.format import Format
from workbench.formats.registry import writers
from workbench.gui.shell.choosing import choose_target
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.notice import Notice
from workbench.gui.widgets.pane import field
from workbench.services.demonstrations import Filter
from workbench.services.project import Project
from workbench.wording import counted


class ExportDialog(Dialog):
    """Demonstrations: the selected, the shown, or all accepted ones."""

    def __init__(self, session: Session, selected: Sequence[int], shown: Sequence[int], parent: QWidget) -> None:
        super().__init__("export", "Export demonstrations", (), parent, width=480)
        self._session = session
        self._choices: list[tuple[str, Sequence[int] | None]] = []
        self._group = QButtonGroup(self)
        self.format = _formats(list(writers().values()))
        self._hint = label("", "faint", wrap=True)
        self._problem = Notice("", "bad")
        self._what(selected, shown)
        self.room.addWidget(field("Format", self.format))
        self.room.addWidget(self._hint)
        self.room.addWidget(self._problem)
        self._problem.hide()
        self.add_button(secondary("Cancel")).clicked.connect(self.reject)
        self._go = self.add_button(primary("Export…"), default=True)
        self._go.clicked.connect(self._choose_file)
        self.format.currentIndexChanged.connect(lambda index: self._show_hint())
        self._show_hint()

    def _what(self, selected: Sequence[int], shown: Sequence[int]) -> None:
        if len(selected) > 1:
            self._choices.append((f"The {counted(len(selected), 'selected demonstration')}", selected))
        if shown:
            self._choices.append((f"The {counted(len(shown), 'demonstration')} shown", shown))
        self._choices.append(("All accepted demonstrations", None))
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for index, (words, _) in enumerate(self._choices):
            button = QRadioButton(words)
            button.setChecked(index == 0)
            self._group.addButton(button, index)
            column.addWidget(button)
        self.room.addWidget(field("What", box))

    def _show_hint(self) -> None:
        self._hint.setText(self.format.currentData().hint)

    def _choose_file(self) -> None:
        chosen: Format = self.format.currentData()
        path = ask_path(self, "demonstrations", chosen)
        if path is not None:
            self.write(path)

    def write(self, path: Path) -> None:
        """Write what is chosen in the chosen format."""
        chosen: Format = self.format.currentData()
        ids = self._choices[self._group.checkedId()][1]

        def work(project: Project) -> int:
            wanted = ids
            if wanted is None:
                wanted = project.demonstrations.ids(Filter(statuses=frozenset({Status.ACCEPTED})))
            if not wanted:
                raise WorkbenchError("There is nothing to export: no demonstration is accepted yet.")
            return project.exports.demonstrations(wanted, path, chosen.name)

        self._go.setEnabled(False)
        self._session.ask(work, lambda count: self._written(count, path), self._failed, owner=self)

    def _written(self, count: int, path: Path) -> None:
        self._session.notice.emit(f"{counted(count, 'demonstration')} written to {path.name}", "info")
        self.accept()

    def _failed(self, error: Exception) -> None:
        self._go.setEnabled(True)
        self._problem.set_text(str(error))
        self._problem.show()


class PromptExportDialog(Dialog):
    """A prompt: URIAL text that others' programs read, or one of the formats for reading."""

    def __init__(self, session: Session, prompt: Prompt, parent: QWidget) -> None:
        lines = ("It was read from a file and not changed: as URIAL text it comes out byte for byte the same.",)
        super().__init__("export", f"Export “{prompt.name}”", lines if prompt.verbatim else (), parent, width=480)
        self._session, self._prompt = session, prompt
        self.format = _formats(sorted((entry for entry in writers().values() if entry.for_prompts),
                                     key=lambda entry: entry.content != "prompt"))
        self._problem = Notice("", "bad")
        self.room.addWidget(field("Format", self.format))
        self.room.addWidget(self._problem)
        self._problem.hide()
        self.add_button(secondary("Cancel")).clicked.connect(self.reject)
        self._go = self.add_button(primary("Export…"), default=True)
        self._go.clicked.connect(self._choose_file)

    def _choose_file(self) -> None:
        path = ask_path(self, self._prompt.name, self.format.currentData())
        if path is not None:
            self.write(path)

    def write(self, path: Path) -> None:
        id, format = self._prompt.id, self.format.currentData().name
        assert id is not None
        self._session.ask(lambda p: p.exports.prompt(id, path, format), lambda done: self._written(path), self._failed,
                          owner=self)

    def _written(self, path: Path) -> None:
        self._session.notice.emit(f"Prompt written to {path.name}", "info")
        self.accept()

    def _failed(self, error: Exception) -> None:
        self._problem.set_text(str(error))
        self._problem.show()


def _formats(formats: Sequence[Format]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName("Format")
    for format in formats:
        box.addItem(f"{format.title} ({format.extensions[0]})", format)
    return box


def ask_path(parent: QWidget, name: str, format: Format) -> Path | None:
    """Where to write; asks before overwriting. None when the person thinks better of it."""
    stem = re.sub(r"[^\w-]+", "-", name.casefold()).strip("-") or "export"
    path = choose_target(parent, "Export", f"{stem}{format.extensions[0]}",
                         f"{format.title} (*{format.extensions[0]});;All files (*)")
    return path if path is None or path.suffix else path.with_suffix(format.extensions[0])
