"""Everything that can take the focus on the curating pages has a name for those who hear it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.waiting import rest, settled
from workbench.gui.demonstrations.import_dialog import ImportDialog
from workbench.gui.shell.export_dialog import ExportDialog
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session


def nameless(root: QWidget) -> list[str]:
    """Widgets that can be reached by Tab and have neither an accessible name, nor a text, nor a label as buddy."""
    buddies = {label.buddy() for label in root.findChildren(QLabel) if label.buddy() is not None}
    found = []
    for widget in root.findChildren(QWidget):
        reachable = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and not widget.objectName().startswith("qt_")
        inner = isinstance(widget.parentWidget(), QAbstractScrollArea) and widget.parentWidget().viewport() is widget
        text = getattr(widget, "text", None)
        named = widget.accessibleName() or widget in buddies or (callable(text) and text())
        parent = widget.parentWidget()
        part = parent is not None and (parent.accessibleName() or parent in buddies)     # a combo box's line edit
        popup = widget.window() is not root.window()                # a combo box's list
        if reachable and not popup and not inner and not named and not part:
            found.append(f"{type(widget).__name__} in {type(parent).__name__}")
    return found


@pytest.mark.parametrize("name", ["demonstrations", "prompt"])
def test_every_control_of_the_page_has_a_name(opened: Session, window: MainWindow, name: str, qtbot: QtBot) -> None:
    opened.open_page(name)
    page = window.page(name)
    rest(page, qtbot)
    assert nameless(page) == []


def test_every_control_of_the_dialogs_has_a_name(
    opened: Session, window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "new.csv"
    file.write_text("instruction,output\nWhy?,So.\n", "utf-8")
    importing = ImportDialog(opened, [file], window)
    exporting = ExportDialog(opened, [1, 2], [1, 2, 3], window)
    settled(opened, qtbot)
    assert nameless(importing) == []
    assert nameless(exporting) == []
