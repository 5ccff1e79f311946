from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import shiboken6
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from workbench.domain import Changes, Kind, Status
from workbench.domain.filter import Filter
from workbench.errors import WorkbenchError
from workbench.gui.shell import settings
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.services.project import Project

Settle = Callable[[], None]


def test_work_runs_on_the_database_lane_and_its_answer_comes_back_on_the_gui_thread(
    opened: Session, settle: Settle
) -> None:
    threads: list[str] = []

    def work(project: object) -> int:
        threads.append(threading.current_thread().name)
        return 42

    answers: list[tuple[int, threading.Thread]] = []
    opened.ask(work, lambda answer: answers.append((answer, threading.current_thread())))
    settle()
    assert threads[0].startswith("database-lane")
    assert answers == [(42, threading.main_thread())]


def test_an_answer_for_a_destroyed_widget_is_dropped(opened: Session, settle: Settle) -> None:
    owner = QObject()
    gate, answers = threading.Event(), []
    opened.ask(lambda p: gate.wait(10), answers.append, owner=owner)
    shiboken6.delete(owner)
    gate.set()
    settle()
    assert answers == []


def test_an_answer_from_a_project_that_was_closed_meanwhile_is_dropped(opened: Session, settle: Settle) -> None:
    gate, answers = threading.Event(), []
    opened.ask(lambda p: gate.wait(10), answers.append)
    opened.close_project()
    gate.set()
    settle()
    assert answers == []


def test_a_known_error_is_shown_and_another_is_a_bug(session: Session, opened: Session, settle: Settle,
                                                     qtbot: QtBot) -> None:
    def known(project: object) -> None:
        raise WorkbenchError("The file is gone.", remedy="Put it back.")

    with qtbot.waitSignal(opened.error) as shown:
        opened.ask(known)
    assert shown.args[0].remedy == "Put it back."
    caught: list[Exception] = []
    opened.ask(known, failed=caught.append)
    settle()
    assert isinstance(caught[0], WorkbenchError)


def test_a_fault_in_the_background_reaches_the_bug_signal(app: object, qtbot: QtBot) -> None:
    session = Session()
    with qtbot.waitSignal(session.bug) as shown:
        session.background(lambda: 1 / 0)
    assert isinstance(shown.args[0], ZeroDivisionError)


def test_a_change_that_takes_long_is_spoken_of_until_it_is_there(
    window: MainWindow, session: Session, project_folder: Path, qtbot: QtBot
) -> None:
    session.adopt(Project.open(project_folder))
    gate = threading.Event()

    def slow(project: Project) -> Changes:
        gate.wait(20)
        return project.demonstrations.set_rating([1], 5)

    with qtbot.waitSignal(session.saving):
        session.change(slow)
    assert (window.toast.isVisible(), window.toast.text()) == (True, "Saving the change…")
    gate.set()
    qtbot.waitUntil(lambda: window.toast.text() == "1 demonstration rated 5.")
    assert window.toast.isVisible()

    gate.clear()
    with qtbot.waitSignal(session.saving):
        session.change(slow)                                   # changes nothing: it is rated 5 already
    gate.set()
    qtbot.waitUntil(lambda: not session.busy)
    assert not window.toast.isVisible()


def test_a_change_tells_the_views_and_offers_undo_and_undo_takes_it_back(
    opened: Session, settle: Settle, qtbot: QtBot
) -> None:
    notices: list[tuple[str, str]] = []
    changes: list[Changes] = []
    opened.notice.connect(lambda text, kind: notices.append((text, kind)))
    opened.changed.connect(changes.append)
    opened.change(lambda p: p.demonstrations.set_status([5, 6], Status.REJECTED))
    settle()
    assert changes[0].concerns(Kind.DEMONSTRATION, 5)
    assert notices[0][1] == "undo"
    assert "2" in notices[0][0]
    opened.undo()
    settle()
    left: list[int] = []
    opened.ask(lambda p: p.demonstrations.facets(Filter()).statuses[Status.REJECTED], left.append)
    settle()
    assert left == [1]
    assert changes[1].concerns(Kind.DEMONSTRATION)
    assert notices[1][1] == "info"


def test_undo_with_nothing_to_undo_says_so(session: Session, settle: Settle, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.project_opened):
        session.create_project(tmp_path / "empty", "Empty")
    notices: list[str] = []
    session.notice.connect(lambda text, kind: notices.append(text))
    session.undo()
    settle()
    assert notices == ["Nothing to undo"]


def test_changes_of_jobs_reach_the_views_together(opened: Session, qtbot: QtBot) -> None:
    seen: list[Changes] = []
    opened.changed.connect(seen.append)
    for id in range(50):
        opened._listen(7, object(), Changes({Kind.SCORE: frozenset([id]), Kind.JOB: frozenset([7])}))
    opened._listen(7, object(), Changes({Kind.JOB: frozenset()}))
    qtbot.waitUntil(lambda: bool(seen))
    assert len(seen) == 1
    assert seen[0].touched[Kind.SCORE] == frozenset(range(50))
    assert seen[0].touched[Kind.JOB] == frozenset()          # "many of them" swallows the single ones


def test_the_first_prompt_is_current_when_a_project_opens(opened: Session) -> None:
    assert opened.current_prompt_id is not None


def test_a_project_that_cannot_be_opened_leaves_the_one_that_is_open(opened: Session, tmp_path: Path,
                                                                     qtbot: QtBot) -> None:
    with qtbot.waitSignal(opened.error):
        opened.open_project(tmp_path / "nothing here")
    assert opened.project is not None
    assert opened.project.name == "House style"


def test_the_same_project_can_be_opened_again_at_once_after_closing_it(opened: Session, project_folder: Path,
                                                                      qtbot: QtBot) -> None:
    opened.close_project()
    with qtbot.waitSignal(opened.project_opened):
        opened.open_project(project_folder)
    assert not opened.read_only


def test_opened_projects_are_remembered_newest_first_and_only_once(opened: Session, project_folder: Path) -> None:
    recent = settings.recent_projects()
    assert [p.folder for p in recent] == [project_folder]
    assert recent[0].summary == "12 demonstrations, 2 accepted"
    settings.RECENT.set(())
    assert settings.recent_projects() == []
