"""Opening, making and leaving projects."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from workbench.errors import WorkbenchError
from workbench.gui.shell import places, settings
from workbench.gui.shell.choosing import choose_folder
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.shell.new_project import NewProjectDialog
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary


def is_project(folder: Path) -> bool:
    return (folder / "project.db").is_file()


class Projects(QObject):
    """Its dialogs lie over ``window``."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window

    def make(self) -> None:
        dialog = NewProjectDialog(self._window)
        dialog.chosen.connect(self._session.create_project)
        dialog.open()

    def choose(self) -> None:
        folder = choose_folder(self._window, "Open a project folder", settings.PROJECTS_FOLDER)
        if folder is not None:
            self.open(folder)

    def open(self, folder: Path) -> None:
        """Open ``folder``; where that fails, say why, and offer to open it read-only if there is a project in it."""

        def failed(error: Exception) -> None:
            assert isinstance(error, WorkbenchError)
            if is_project(folder) and "read" in error.remedy.casefold():
                self._offer_reading(folder, error)
            else:
                self._session.error.emit(error)

        self._session.open_project(folder, failed=failed)

    def _offer_reading(self, folder: Path, error: WorkbenchError) -> None:
        dialog = Dialog("alert", error.what, (error.safe, error.remedy), self._window, tone="warn")
        cancel = dialog.add_button(secondary("Cancel"))
        cancel.clicked.connect(dialog.reject)
        read = dialog.add_button(primary("Open for reading"), default=True)
        read.clicked.connect(dialog.accept)
        dialog.accepted.connect(lambda: self._session.open_project(folder, read_only=True))
        dialog.open()

    def open_sample(self) -> None:
        self._session.open_sample(places.sample_folder())

    def open_paths(self, paths: list[Path]) -> None:
        """What was dropped on the window: a project is opened, anything else is offered for import."""
        if len(paths) == 1 and is_project(paths[0]):
            self.open(paths[0])
        elif self._session.project is not None:
            self._session.open_page("demonstrations", import_paths=paths)
        else:
            dialog = NewProjectDialog(self._window, purpose=f"{paths[0].name} is imported into it.")
            dialog.chosen.connect(lambda folder, name: self._create_and_import(folder, name, paths))
            dialog.open()

    def _create_and_import(self, folder: Path, name: str, paths: list[Path]) -> None:
        def opened() -> None:
            self._session.project_opened.disconnect(opened)
            self._session.open_page("demonstrations", import_paths=paths)

        self._session.project_opened.connect(opened)
        self._session.create_project(folder, name)

    def show_folder(self) -> None:
        if self._session.project is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._session.project.folder)))
