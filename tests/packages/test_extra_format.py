"""A format from an installed package: imported by the dialog and the command line, and exported by both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.cli.conftest import Run
from tests.packages.conftest import Install
from workbench.domain import Demonstration
from workbench.gui.demonstrations.import_dialog import ImportDialog
from workbench.gui.shell.export_dialog import ExportDialog
from workbench.gui.shell.session import Session
from workbench.services.demonstrations import Filter
from workbench.services.project import Project

PACKAGE = Path(__file__).with_name("extra_format")
CARDS = "Capital of Peru?\tLima\nno tab here\n\nCapital of Chad?\tN’Djamena\n"


@pytest.fixture
def installed(install: Install) -> None:
    install("extra_format")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "capitals.cards"
    path.write_text(CARDS, encoding="utf-8")
    return path


@pytest.fixture
def session(tmp_path: Path, qtbot: QtBot) -> Iterator[Session]:
    session = Session()
    session.adopt(Project.create(tmp_path / "project", "cards"))
    yield session
    session.close_project()
    session.join()


@pytest.mark.parametrize("words", [(), ("--format", "cards")])
def test_the_command_line_imports_and_exports_it(
    words: tuple[str, ...], installed: None, file: Path, tmp_path: Path, run: Run
) -> None:
    project = tmp_path / "project"
    assert run("new", project)[0] == 0
    code, found, _ = run("import", project, file, *words, "--json")
    assert (code, found["imported"]) == (0, 2)
    assert found["refused"] == [[2, "The card has no tab between its question and its answer."]]
    assert run("export", project, tmp_path / "again.cards", *words)[0] == 0
    assert (tmp_path / "again.cards").read_text(encoding="utf-8") == CARDS.replace("no tab here\n\n", "")


def test_the_import_dialog_detects_it_and_offers_it(
    installed: None, file: Path, session: Session, qtbot: QtBot
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = ImportDialog(session, [file], parent)
    qtbot.waitUntil(lambda: dialog.preview is not None)
    assert dialog.form.format.currentText() == "Detected: Flash cards"
    dialog.form.format.setCurrentIndex(dialog.form.format.findText("Flash cards"))
    assert dialog.form.options().format == "cards"
    with qtbot.waitSignal(dialog.imported):
        dialog.go.click()
    assert [one.answer for one in _all(session)] == ["Lima", "N’Djamena"]
    shiboken6.delete(dialog)


def test_the_export_dialog_writes_it(
    installed: None, file: Path, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    project = session.project
    assert project is not None
    project.lane.run(lambda: project.imports.run(file))
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = ExportDialog(session, [], [one.id or 0 for one in _all(session)], parent)
    dialog.format.setCurrentIndex(dialog.format.findText("Flash cards (.cards)"))
    with qtbot.waitSignal(session.notice):
        dialog.write(tmp_path / "out.cards")
    assert (tmp_path / "out.cards").read_text(encoding="utf-8").splitlines()[0] == "Capital of Peru?\tLima"
    shiboken6.delete(dialog)


def test_without_the_package_it_is_unknown(file: Path, tmp_path: Path, run: Run) -> None:
    assert run("new", tmp_path / "project")[0] == 0
    code, _, said = run("import", tmp_path / "project", file, "--format", "cards")
    assert code == 1
    assert "There is no format “cards”" in said


def test_the_page_on_adding_a_format_shows_this_very_package() -> None:
    page = (PACKAGE.parents[2] / "docs" / "adding-a-format.md").read_text(encoding="utf-8")
    block = page.split("```python\n")[1].split("```")[0]
    assert (PACKAGE / "extra_format.py").read_text(encoding="utf-8").endswith(block)


def _all(session: Session) -> list[Demonstration]:
    project = session.project
    assert project is not None
    return project.lane.run(lambda: project.demonstrations.get(project.demonstrations.ids(Filter())))
