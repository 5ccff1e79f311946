"""Making a new project: a name, and where its folder goes."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from workbench.gui.shell import places, settings
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.pane import field


def folder_name(name: str) -> str:
    """A folder's name made of a project's: what every file system takes."""
    return re.sub(r"[^\w-]+", "-", name.casefold()).strip("-.")[:60] or "project"


class NewProjectDialog(Dialog):
    """Emits ``chosen`` with the folder and the name."""

    chosen = Signal(object, str)

    def __init__(self, parent: QWidget, purpose: str = "") -> None:
        lines = ("A project is a folder: its database, results and backups.", purpose)
        super().__init__("folder", "New project", lines, parent, width=520)
        self.name = QLineEdit("My demonstrations")
        self.name.setMaxLength(120)
        self._parent_folder = settings.PROJECTS_FOLDER.get() or places.projects_folder()
        self._where = QLineEdit(str(self._parent_folder))
        choose = secondary("Choose…", "folder")
        choose.clicked.connect(self._choose)
        row = QWidget()
        inside = QHBoxLayout(row)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._where, 1)
        inside.addWidget(choose)
        self._where.setAccessibleName("In folder")
        self._says = label("", "small", wrap=True)
        self.room.addWidget(field("Name", self.name))
        self.room.addWidget(field("In folder", row))
        self.room.addWidget(self._says)
        cancel = self.add_button(secondary("Cancel"))
        cancel.clicked.connect(self.reject)
        self._create = self.add_button(primary("Create project"), default=True)
        self._create.clicked.connect(self._accepted)
        self.name.textChanged.connect(self._check)
        self._where.textChanged.connect(self._check)
        self.name.selectAll()
        self.name.setFocus()
        self._check()

    @property
    def folder(self) -> Path:
        return Path(self._where.text()).expanduser() / folder_name(self.name.text())

    def _check(self) -> None:
        problem = ""
        if not self.name.text().strip():
            problem = "Give the project a name."
        elif not Path(self._where.text()).expanduser().is_absolute():
            problem = "Give the whole path of the folder, from the root or from ~."
        elif self.folder.exists() and any(self.folder.iterdir()):
            problem = f"{self.folder} is there already and is not empty. Choose another name or folder."
        self._says.setText(problem or f"Makes {self.folder}")
        self._says.setProperty("tone", "bad" if problem else "")
        self._says.style().unpolish(self._says)
        self._says.style().polish(self._says)
        self._create.setEnabled(not problem)

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Make the project in", self._where.text())
        if chosen:
            self._where.setText(chosen)

    def _accepted(self) -> None:
        settings.PROJECTS_FOLDER.set(Path(self._where.text()).expanduser())
        self.accept()
        self.chosen.emit(self.folder, self.name.text().strip())
