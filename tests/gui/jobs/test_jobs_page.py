from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from tests.gui.finding import button, seen
from workbench.domain import JobState
from workbench.gui.jobs.page import JobsPage
from workbench.gui.jobs.table import ACTIONS, LEFT, PROGRESS, RATE, JobTable, buttons_of, left, rate
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.jobs.events import Progress
from workbench.jobs.kinds.count import CountSpec
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project
from workbench_db import jobs as stored

Settle = Callable[[], None]
NOW = datetime.now(UTC)
# kind, title, state, done, total, detail: as a day's work leaves them
ROWS = (
    ("search", "Search for 3", "finished", 100, 100, ""),
    ("score", "Score 40 candidates", "failed", 1, 100, "Not enough memory at step 3."),
    ("score", "Score 180 candidates", "interrupted", 44, 180, ""),
    ("score", "First in line", "waiting", 0, 0, ""),
    ("search", "Second in line", "waiting", 0, 0, ""),
    ("generate", "Third in line", "waiting", 0, 0, ""),
)


@pytest.fixture
def page(window: MainWindow, session: Session, project_folder: Path, settle: Settle) -> JobsPage:
    """The Jobs page over a project whose queue has jobs in most states (none runs)."""
    project = Project.open(project_folder, person="tester")

    def fill() -> None:
        with project.database.write() as connection:
            for kind, title, state, done, total, detail in ROWS:
                id = stored.insert_job(connection, kind, title, "{}", detail=detail)
                stored.set_progress(connection, id, done, total, "answer", rate=38.0, seconds_left=180.0)
                if state != "waiting":
                    stored.set_state(connection, id, "running")
                    stored.set_state(connection, id, state)
                    stored.append_log(connection, id, "info", f"{title} has started")
                    stored.append_log(connection, id, "warning", "one was too long\nand was skipped")

    project.lane.run(fill)
    session.adopt(project)
    window.show_page("jobs")
    settle()
    window.activateWindow()
    made = window.page("jobs")
    assert isinstance(made, JobsPage)
    return made


def titles(page: JobsPage) -> list[str]:
    return [job.title for job in page.model.rows]


def choose(page: JobsPage, title: str, settle: Settle) -> JobInfo:
    row = titles(page).index(title)
    page.table.choose(row)
    page.table.setFocus()
    settle()
    return page.model.rows[row]


def press(page: JobsPage, keys: str) -> None:
    combination = QKeySequence(keys)[0]
    QTest.keyClick(page.table, combination.key(), combination.keyboardModifiers())


def test_waiting_jobs_stand_in_their_order_before_the_ended_ones(page: JobsPage) -> None:
    assert titles(page)[:3] == ["First in line", "Second in line", "Third in line"]
    assert set(titles(page)[3:]) == {"Search for 3", "Score 40 candidates", "Score 180 candidates"}


def test_the_header_counts_what_runs_and_waits_and_the_rail_shows_it(page: JobsPage, window: MainWindow) -> None:
    assert page.header()._subtitle.text() == "3 waiting"
    assert window.rail.items["jobs"].badge == "3"


def test_opening_a_project_with_interrupted_jobs_says_so_and_leads_to_them(
    page: JobsPage, window: MainWindow
) -> None:
    assert window.toast.isVisible()
    assert window.toast.text() == "1 job interrupted; what was finished is kept."
    window.show_page("models")
    button(window.toast, "Show jobs").click()
    assert window.current_page == "jobs"
    assert not window.toast.isVisible()


def test_the_filter_shows_only_jobs_in_those_states_and_says_when_none_is(page: JobsPage) -> None:
    button(page, "Jobs shown: Waiting").click()
    assert len(titles(page)) == 3
    button(page, "Jobs shown: Running").click()
    assert seen(page, "No job matches")
    button(page, "Jobs shown: Finished").click()
    assert {job.state for job in page.model.rows} <= {JobState.FINISHED, JobState.FAILED, JobState.INTERRUPTED}
    button(page, "Jobs shown: All").click()
    assert not seen(page, "No job matches")
    assert len(titles(page)) == 6


def test_the_log_of_the_chosen_job_is_shown_with_marks_and_can_show_warnings_only(
    page: JobsPage, settle: Settle
) -> None:
    choose(page, "Score 40 candidates", settle)
    lines = page.log.view.toPlainText().splitlines()
    assert lines[0].endswith("  Score 40 candidates has started")
    assert lines[1].endswith("! one was too long")
    assert lines[2].strip() == "and was skipped"
    button(page, "Log lines: Warnings").click()
    assert "has started" not in page.log.view.toPlainText()


def test_alt_up_and_down_reorder_the_waiting_jobs_and_the_choice_follows(page: JobsPage, settle: Settle) -> None:
    choose(page, "Third in line", settle)
    press(page, "Alt+Up")
    settle()
    assert titles(page)[:3] == ["First in line", "Third in line", "Second in line"]
    assert page.model.rows[page.table.current_row()].title == "Third in line"
    press(page, "Alt+Down")
    settle()
    assert titles(page)[:3] == ["First in line", "Second in line", "Third in line"]


def test_delete_cancels_a_waiting_job_and_keeps_it_in_the_list(page: JobsPage, settle: Settle) -> None:
    job = choose(page, "Second in line", settle)
    press(page, "Del")
    settle()
    now = page.model.rows[page.model.row_of(job.id)]
    assert now.state is JobState.STOPPED


def test_removing_an_ended_job_asks_first(page: JobsPage, window: MainWindow, settle: Settle, qtbot: QtBot,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    choose(page, "Search for 3", settle)
    answers = iter(("Cancel", "Remove job"))

    def answer(dialog: Dialog) -> int:
        wanted = next(answers)
        button = next(b for b in dialog.findChildren(QAbstractButton) if b.text() == wanted)
        button.click()
        return dialog.result()

    monkeypatch.setattr(Dialog, "exec", answer)
    press(page, "Del")
    settle()
    assert "Search for 3" in titles(page)
    press(page, "Del")
    settle()
    assert "Search for 3" not in titles(page)


def test_enter_on_a_search_opens_its_results(page: JobsPage, session: Session, settle: Settle) -> None:
    job = choose(page, "Search for 3", settle)
    asked: list[tuple[str, dict[str, int]]] = []
    session.page_requested.disconnect()
    session.page_requested.connect(lambda name, arguments: asked.append((name, arguments)))
    press(page, "Return")
    assert asked == [("rankings", {"job": job.id})]


def test_progress_moves_the_bar_without_reading_the_database(page: JobsPage, session: Session, settle: Settle) -> None:
    job = page.model.rows[0]
    session.job_event.emit(job.id, Progress(50, 200, "answers", rate=7.25, seconds_left=95.0))
    shown = page.model.rows[0]
    assert (shown.done, shown.total, shown.rate) == (50, 200, 7.25)


def test_a_job_row_speaks_its_numbers(page: JobsPage) -> None:
    model = page.model
    row = titles(page).index("Score 180 candidates")
    assert model.index(row, PROGRESS).data() == "24 %"
    assert model.index(row, LEFT).data() == "–"
    spoken = model.index(row, 1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("Score 180 candidates, Interrupted, 24%")
    finished = titles(page).index("Search for 3")
    assert model.index(finished, PROGRESS).data() == "100 %"
    assert model.index(finished, RATE).data() == "–"


def test_a_click_on_the_button_at_the_end_of_a_row_acts_on_that_row(page: JobsPage, settle: Settle) -> None:
    row = titles(page).index("Third in line")
    cell = page.table.visualRect(page.model.index(row, ACTIONS))
    assert buttons_of(page.model.rows[row])[1][0] == "cancel"
    # three buttons of 32 pixels end at the cell's right edge; this is the one in the middle
    QTest.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(cell.right() - 58, cell.center().y()))
    settle()
    assert "Third in line" not in [job.title for job in page.model.rows if job.state is JobState.WAITING]


def test_the_log_can_be_folded_away_with_a_key(page: JobsPage) -> None:
    press(page, "L")
    assert page.log.collapsed
    assert not page.log.view.isVisible()
    press(page, "L")
    assert page.log.view.isVisible()


def test_space_still_presses_the_button_that_has_the_focus(page: JobsPage, qtbot: QtBot) -> None:
    follow = button(page, "Follow")
    follow.setFocus()
    qtbot.waitUntil(follow.hasFocus)
    assert follow.isChecked()
    QTest.keyClick(follow, Qt.Key.Key_Space)
    assert not follow.isChecked()


def test_a_job_that_is_submitted_appears_runs_and_ends_in_the_list(
    window: MainWindow, opened: Session, settle: Settle, tiny_model: Path, qtbot: QtBot
) -> None:
    window.show_page("jobs")
    page = window.page("jobs")
    assert isinstance(page, JobsPage)
    settle()
    assert seen(page, "No jobs yet")

    def submit(project: Project) -> int:
        project.models.register(tiny_model)
        ref = project.models.all()[0].ref
        return project.jobs.submit(CountSpec(ref, ((1, "Hello"), (2, "there"))), "Count two texts")

    ids: list[int] = []
    opened.ask(submit, ids.append)
    qtbot.waitUntil(lambda: [j.state for j in page.model.rows] == [JobState.FINISHED])
    settle()
    assert page.model.rows[0].id == ids[0]
    assert page.model.rows[0].title == "Count two texts"


def test_a_rate_is_that_of_now_for_a_running_job_and_of_the_whole_for_a_finished_one() -> None:
    running = JobInfo(1, "score", "", "", JobState.RUNNING, 50, 400, "answer", 4.04, 87.0, NOW, None, None)
    assert (rate(running), left(running)) == ("4.0 answers / s", "1 min 27 s")
    finished = replace(running, state=JobState.FINISHED, done=400, rate=None, ended=NOW + timedelta(seconds=20))
    assert (rate(finished), left(finished)) == ("20 answers / s", "–")
    paused = replace(running, state=JobState.PAUSED)
    assert left(paused) == "about 1 min 27 s"


def test_a_selected_row_stays_selected_when_others_come_and_go(app: QApplication) -> None:
    def job(id: int, state: JobState = JobState.WAITING) -> JobInfo:
        return JobInfo(id, "score", f"Job {id}", "", state, 0, 0, "", None, None, NOW - timedelta(hours=1), None, None)

    table = JobTable()
    table.show_jobs([job(1), job(2), job(3)])
    changed: list[int] = []
    reset: list[int] = []
    table.dataChanged.connect(lambda *_: changed.append(1))
    table.modelReset.connect(lambda: reset.append(1))
    table.show_jobs([job(1, JobState.RUNNING), job(2), job(3)])
    assert (len(changed), len(reset)) == (1, 0)
    table.show_jobs([job(4), job(1, JobState.RUNNING), job(2), job(3)])
    assert len(reset) == 1
    assert table.row_of(1) == 1

