from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QListView, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.finding import button, named, said, seen
from workbench.domain.filter import Filter
from workbench.gui.shell import settings
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.new_project import NewProjectDialog
from workbench.gui.shell.session import Session
from workbench.gui.shell.settings import RecentProject
from workbench.gui.welcome.drop_area import DropArea
from workbench.gui.welcome.page import WelcomePage

Settle = Callable[[], None]


def welcome(window: MainWindow) -> WelcomePage:
    page = window.page("welcome")
    assert isinstance(page, WelcomePage)
    return page


def test_recent_projects_are_listed_and_open_with_a_key(
    window: MainWindow, session: Session, project_folder: Path, qtbot: QtBot, settle: Settle
) -> None:
    assert not seen(welcome(window), "Recent projects")
    settings.remember_project(RecentProject(project_folder, "House style", datetime.now(), "12 demonstrations"))
    settings.remember_project(RecentProject(project_folder.parent / "gone", "Gone", datetime.now(), ""))
    window.show_page("welcome")
    projects = named(welcome(window), "Recent projects", QListView)
    assert [projects.model().index(row, 0).data() for row in range(projects.model().rowCount())] == ["House style"]
    projects.setCurrentIndex(projects.model().index(0, 0))
    with qtbot.waitSignal(session.project_opened):
        QTest.keyClick(projects, Qt.Key.Key_Return)
    settle()


def test_clearing_the_list_leaves_the_projects(window: MainWindow, project_folder: Path) -> None:
    settings.remember_project(RecentProject(project_folder, "House style", datetime.now(), ""))
    window.show_page("welcome")
    button(welcome(window), "Clear list").click()
    assert not seen(welcome(window), "Recent projects")
    assert (project_folder / "project.db").is_file()


def test_a_new_project_is_made_and_opened(
    window: MainWindow, session: Session, tmp_path: Path, qtbot: QtBot, settle: Settle
) -> None:
    settings.PROJECTS_FOLDER.set(tmp_path)
    button(welcome(window), "New project").click()
    dialog = window.findChild(NewProjectDialog)
    dialog.name.clear()
    QTest.keyClicks(dialog.name, "Letters, plain English")
    with qtbot.waitSignal(session.project_opened):
        next(b for b in dialog.findChildren(QAbstractButton) if b.text() == "Create project").click()
    settle()
    assert (tmp_path / "letters-plain-english" / "project.db").is_file()
    assert window.top.project.text() == "Letters, plain English"


def test_the_sample_project_opens_with_its_demonstrations_and_a_prompt(
    window: MainWindow, session: Session, qtbot: QtBot, settle: Settle
) -> None:
    with qtbot.waitSignal(session.project_opened):
        button(welcome(window), "Open the sample project").click()
    settle()
    assert window.top.project.text() == "Sample project"
    assert session.current_prompt_id is not None
    totals: list[int] = []
    session.ask(lambda p: len(p.demonstrations.ids(Filter())), totals.append)
    settle()
    assert totals[0] > 150


def test_a_data_file_that_is_dropped_without_a_project_asks_for_one_first(
    window: MainWindow, tmp_path: Path
) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"instruction": "a", "output": "b"}\n')
    welcome(window).findChild(DropArea).dropped.emit([file])
    dialog = window.findChild(NewProjectDialog)
    assert dialog.isVisible()
    assert any("answers.jsonl is imported into it." in label.text() for label in dialog.findChildren(QLabel))
    dialog.close()


def left_of(first: QWidget, second: QWidget) -> bool:
    return first.mapTo(first.window(), QPoint(first.width(), 0)).x() <= second.mapTo(second.window(), QPoint()).x()


def test_the_card_goes_under_the_list_where_the_window_is_narrow(window: MainWindow, settle: Settle) -> None:
    page = welcome(window)
    window.resize(1440, 900)
    settle()
    drop, card = page.findChild(DropArea), named(page, "This computer")
    assert left_of(drop, card)
    page.resize(800, 600)
    settle()
    assert not left_of(drop, card)


def test_what_this_computer_has_is_said(window: MainWindow, settle: Settle) -> None:
    settle()
    facts = said(welcome(window)).splitlines()
    assert any(fact.startswith("Memory: ") for fact in facts)
    assert any(fact.startswith("Disk: ") for fact in facts)
