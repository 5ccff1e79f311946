"""Opening a project that may be open elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary

if TYPE_CHECKING:
    from workbench.gui.shell.main_window import MainWindow


def open_or_offer_reading(session: Session, folder: Path, window: MainWindow) -> None:
    """Open ``folder``; where that fails, say why, and offer to open it read-only if there is a project in it."""

    def failed(error: Exception) -> None:
        assert isinstance(error, WorkbenchError)
        if (folder / "project.db").is_file() and "read" in error.remedy.casefold():
            offer_reading(session, folder, error, window)
        else:
            session.error.emit(error)

    session.open_project(folder, failed=failed)


def offer_reading(session: Session, folder: Path, error: WorkbenchError, window: MainWindow) -> None:
    dialog = Dialog("alert", error.what, (error.safe, error.remedy), window, tone="warn")
    cancel = dialog.add_button(secondary("Cancel"))
    cancel.clicked.connect(dialog.reject)
    read = dialog.add_button(primary("Open for reading"), default=True)
    read.clicked.connect(dialog.accept)
    dialog.accepted.connect(lambda: session.open_project(folder, read_only=True))
    dialog.open()
