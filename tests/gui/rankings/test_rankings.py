"""The page Rankings over a real project, with runs made by real jobs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from tests.gui import rankings_project
from tests.gui.waiting import rest
from workbench.domain import Changes, Interval, Kind, Position, Status
from workbench.gui.charts.heat_header import row_height
from workbench.gui.rankings.form import RunForm
from workbench.gui.rankings.model import Column, Measure
from workbench.gui.rankings.page import CONTENT, EMPTY, RankingsPage
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.jobs.kinds.score import ScoreSpec
from workbench.jobs.kinds.search import SearchSpec
from workbench.search.options import SearchOptions
from workbench.services.demonstrations import Filter
from workbench.services.project import Project
from workbench.services.ranked_candidates import Candidates
from workbench.services.results import GainTable
from workbench.services.searches import (
    NO_SET,
    Pool,
    SearchRequest,
    candidates,
    default_request,
    estimate,
    read_choices,
    specification,
)
from workbench_db.jobs import set_state


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(tmp_path_factory.mktemp("rankings")) / "project"
    rankings_project.make(folder)
    return folder


@pytest.fixture
def ranked(made: Path, tmp_path: Path, session: Session, settle: Callable[[], None]) -> Session:
    """A session with a copy of the project open."""
    shutil.copytree(made, tmp_path / "ranked")
    session.adopt(Project.open(tmp_path / "ranked", person="tester"))
    settle()
    return session


@pytest.fixture
def page(ranked: Session, window: MainWindow, qtbot: QtBot) -> RankingsPage:
    ranked.open_page("rankings")
    found = window.page("rankings")
    assert isinstance(found, RankingsPage)
    rest(found, qtbot)
    return found


def shown_titles(page: RankingsPage) -> list[str]:
    return [page.model.index(row, Column.TITLE).data() for row in range(page.model.rowCount())]


def test_the_newest_run_is_shown_with_its_last_round_and_what_it_chose(page: RankingsPage) -> None:
    assert page._stack.currentIndex() == CONTENT
    assert page.tools.run.currentText().startswith("Greedy search, 6 candidates")
    assert page.tools.round.currentText() == "Round 2"
    assert page.model.rowCount() == 5                    # one of the six was chosen in the first round
    assert len(page.charts.bump.lines()) == 6
    assert [line.chosen_in for line in page.charts.bump.lines()[:2]] == [1, 2]


def test_the_heat_map_keeps_the_tables_rows_when_it_is_sorted(page: RankingsPage) -> None:
    page.table.sortByColumn(Column.TITLE, Qt.SortOrder.DescendingOrder)
    names = [page.heat.cell_words(row, 0)[0].split(",")[0] for row in range(5)]
    assert names == shown_titles(page)
    table = page.model.table
    assert table is not None
    row = page.model.row_of(table.demonstration_ids[0])
    assert [page.heat.gain_at(row, question) for question in range(len(table.questions))] == table.gain[0].tolist()


def test_the_selected_candidate_stays_selected_through_sorting_and_another_measure(page: RankingsPage) -> None:
    page.table.choose(2, [2])
    chosen = page.model.id_at(2)
    page.table.sortByColumn(Column.TITLE, Qt.SortOrder.AscendingOrder)
    assert page.model.id_at(page.table.currentIndex().row()) == chosen
    page.tools.measure.set_current(list(Measure).index(Measure.LOWER))
    assert page.model.id_at(page.table.currentIndex().row()) == chosen
    assert [page.model.id_at(row) for row in page.table.selected_rows()] == [chosen]


def test_table_and_heat_map_scroll_as_one(page: RankingsPage, window: MainWindow) -> None:
    window.resize(1280, 800)
    page.table.verticalScrollBar().setRange(0, 10 * row_height())
    page.heat.verticalScrollBar().setRange(0, 10 * row_height())
    page.heat.verticalScrollBar().setValue(3 * row_height())
    assert page.table.verticalScrollBar().value() == 3 * row_height()
    page.table.verticalScrollBar().setValue(row_height())
    assert page.heat.verticalScrollBar().value() == row_height()


def test_arrows_in_the_table_move_the_cell(page: RankingsPage) -> None:
    page.table.choose(0, [0])
    page.table.setFocus()
    QTest.keyClick(page.table, Qt.Key.Key_Right)
    assert page.heat.cell == (0, 0)
    QTest.keyClick(page.table, Qt.Key.Key_Right)
    QTest.keyClick(page.table, Qt.Key.Key_Down)
    assert page.heat.cell == (1, 1)
    assert page.table.currentIndex().row() == 1
    assert "question 2" in page.heat.accessibleDescription()
    page.tokens._follow.stop()


def test_a_click_on_a_cell_reads_its_tokens_and_they_explain_its_gain(page: RankingsPage, qtbot: QtBot) -> None:
    place = page.heat.cell_rect(1, 2).center()
    QTest.mouseClick(page.heat.viewport(), Qt.MouseButton.LeftButton, pos=QPointF(place).toPoint())
    qtbot.waitUntil(lambda: not page.tokens.busy())
    table = page.model.table
    assert table is not None
    strip = page.tokens.strip
    assert "".join(token.text for token in strip._before).strip().startswith(table.questions[2].references[0])
    change = sum(strip.changes())
    assert change == pytest.approx(table.gain[page.model.order[1]][2], abs=1e-3)
    page.tokens.tabs.set_current(1)
    assert table.titles[page.model.order[1]].split("\n")[0][:8] in page.tokens.pair.texts[1].view.toPlainText()


def test_two_candidates_are_compared_by_category_question_and_token(page: RankingsPage, qtbot: QtBot) -> None:
    table = page.model.table
    assert table is not None
    page.table.choose(2, [2])
    page.session.commands.run("rankings.compare")
    first, second = (int(page.model.order[row]) for row in (0, 2))
    assert page.table.selected_rows() == [0, 2]
    gaps = table.gain[first] - table.gain[second]
    rows = [row for row in page.charts.categories.table().rows if str(row[0])[0].isdigit()]
    assert [row[1] for row in rows] == sorted(gaps.tolist(), key=abs, reverse=True)      # the questions
    shown = {row[0]: row[1] for row in page.charts.categories.table().rows}
    assert shown["style"] == pytest.approx(gaps[3:5].mean())                             # a category
    assert "than" in page.charts._summary.text()
    page.charts.categories.picked.emit(4)                # a click on a question reads its tokens with both
    qtbot.waitUntil(lambda: page.tokens._read_now())
    assert page.heat.cell == (2, 4)
    assert sum(page.tokens.strip.changes()) == pytest.approx(gaps[4], abs=1e-3)
    assert page.tokens.strip.table().columns[1:4] == (
        "Log-probability with #3, nats", "Log-probability with #1, nats", "difference, nats")
    page.tokens.tabs.set_current(2)
    for place, index in enumerate((first, second)):
        assert table.titles[index].split()[0] in page.tokens.pair.texts[place].view.toPlainText()


def test_the_search_is_compared_on_held_out_questions_in_words(page: RankingsPage) -> None:
    page.charts.tabs.set_current(1)
    words = page.charts._summary.text()
    assert words.startswith("Greedy search gives ")
    assert "95 % interval" in words
    rows = [row[0] for row in page.charts.held_out.table().rows]
    assert rows == ["Base prompt", "Random sets (4)", "Best by single gain", "Diverse set", "Greedy search"]


def test_adding_the_chosen_puts_them_before_the_base_prompts_and_can_be_undone(
    page: RankingsPage, ranked: Session, settle: Callable[[], None]
) -> None:
    prompt_id = ranked.current_prompt_id
    assert prompt_id is not None
    project = ranked.project
    assert project is not None
    chosen = list(page._reading.chosen) if page._reading else []
    before = [d.id for d in project.lane.run(lambda: project.prompts.get(prompt_id)).demonstrations]
    assert page.tools.add.text() == "Add 2 chosen to prompt"
    page.tools.add.click()
    settle()
    after = [d.id for d in project.lane.run(lambda: project.prompts.get(prompt_id)).demonstrations]
    assert after == [*chosen, *before]
    ranked.undo()
    settle()
    assert [d.id for d in project.lane.run(lambda: project.prompts.get(prompt_id)).demonstrations] == before


def test_several_selected_rows_are_what_is_added(page: RankingsPage) -> None:
    page.table.choose(0, [0, 2])
    assert page.tools.offer() == ("Add 2 selected to prompt", [page.model.id_at(0), page.model.id_at(2)])


def test_the_ranking_is_exported_as_csv_with_all_numbers(
    page: RankingsPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "ranking.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    page.tools.export_table()
    lines = target.read_text("utf-8").splitlines()
    assert lines[0].startswith("Rank,Previous rank,Demonstration,Candidate,\"Mean gain, nats per answer\"")
    assert len(lines) == 1 + page.model.rowCount()


@pytest.mark.parametrize(("ending", "sign"), [("html", "<html"), ("md", "# ")])
def test_a_runs_report_is_written(page: RankingsPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                  settle: Callable[[], None], ending: str, sign: str) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "report"), ""))
    page.tools.export_report(ending)
    settle()
    text = (tmp_path / f"report.{ending}").read_text("utf-8")
    assert sign in text
    assert "What is 2 plus 2?" in text


def test_a_project_that_is_open_for_reading_only_starts_no_job(
    made: Path, tmp_path: Path, session: Session, window: MainWindow, settle: Callable[[], None]
) -> None:
    shutil.copytree(made, tmp_path / "ranked")
    session.adopt(Project.open(tmp_path / "ranked", read_only=True))
    session.open_page("rankings", cell=(0, 1))
    settle()
    page = window.page("rankings")
    assert isinstance(page, RankingsPage)
    page.tokens.read()
    assert not page.tools.new.isEnabled()
    assert not page.tools.add.isEnabled()
    assert not page.tokens.busy()


# starting a run

def test_a_page_without_runs_offers_to_start_one_and_says_what_is_missing(
    opened: Session, window: MainWindow, settle: Callable[[], None]
) -> None:
    opened.open_page("rankings")
    settle()
    page = window.page("rankings")
    assert isinstance(page, RankingsPage)
    notices: list[str] = []
    opened.notice.connect(lambda text, kind: notices.append(text))
    assert page._stack.currentIndex() == EMPTY
    page.starter.start_default()
    settle()
    assert notices == ["The project has no model. Add one on the Models page, or with: workbench models add "
                       "PROJECT FOLDER"]


def request_for(project: Project) -> SearchRequest:
    return project.lane.run(lambda: request_for_lane(project))


def test_the_defaults_search_on_one_set_and_report_on_the_held_out_one(ranked: Session) -> None:
    project = ranked.project
    assert project is not None
    spec = project.lane.run(lambda: specification(project, request_for_lane(project)))
    assert isinstance(spec, SearchSpec)
    assert len(spec.questions) == 6
    assert len(spec.heldout) == 4
    assert len(spec.candidates) == 6                     # what the base prompt holds is no candidate
    assert spec.position is Position.BEFORE_BASE


def request_for_lane(project: Project) -> SearchRequest:
    return default_request(read_choices(project))


def test_the_pool_follows_statuses_and_filters(ranked: Session) -> None:
    project = ranked.project
    assert project is not None

    def check() -> list[int]:
        asked = request_for_lane(project)
        ids = [candidate.id or 0 for candidate in candidates(project, asked)]
        project.demonstrations.set_status(ids[:2], Status.ACCEPTED)
        project.demonstrations.set_status(ids[2:3], Status.REJECTED)
        pools = [replace(asked, pool=pool) for pool in (Pool.ACCEPTED, Pool.NOT_REJECTED, Pool.ALL)]
        pools.append(replace(asked, pool=Pool.FILTER, filter=Filter(text="category:maths")))
        pools.append(replace(asked, pool=Pool.SELECTION, selection=tuple(ids[4:])))
        return [len(candidates(project, one)) for one in pools]

    assert project.lane.run(check) == [2, 5, 6, 2, 2]


def test_the_estimate_counts_each_round_and_the_held_out_sets(ranked: Session) -> None:
    project = ranked.project
    assert project is not None
    work = project.lane.run(lambda: estimate(project, request_for_lane(project)))
    # three rounds over 6, 5 and 4 candidates and one start, on 6 answers; base, greedy, top, diverse and 20 on 4
    assert work.answers == (1 + 6 + 5 + 4) * 6 + 24 * 4
    assert work.seconds is not None


def test_the_form_gives_back_what_is_set_in_it(ranked: Session, qtbot: QtBot, settle: Callable[[], None]) -> None:
    project = ranked.project
    assert project is not None
    choices = project.lane.run(lambda: read_choices(project))
    asked = request_for(project)
    started: list[SearchRequest] = []
    form = RunForm(ranked, choices, asked, started.append)
    qtbot.addWidget(form)
    form.show()
    assert form.request() == asked
    form.kind.set_current(1)
    form.pool.setCurrentIndex(form.pool.findData(Pool.ALL))
    form.turns.setCurrentIndex(1)
    assert form.start.text() == "Start scoring"
    assert not form.heldout.isVisible()
    qtbot.waitUntil(lambda: "answers to score" in form._work.text())
    form.start.click()
    settle()
    assert started[0].kind == "score"
    assert started[0].pool is Pool.ALL
    assert started[0].turns == "all"


@pytest.mark.parametrize(("strategy", "shown", "options"), [
    ("greedy", {"racing"}, SearchOptions(racing="t_race", order="likelihood", equal_evaluations=True)),
    ("swap", {"racing", "swap_passes"}, SearchOptions(swap_passes=5)),
    ("beam", {"beam_width"}, SearchOptions(beam_width=7, equal_evaluations=True, embedding_baselines=True)),
    ("best_random", {"random_tries"}, SearchOptions(random_tries=50)),
    ("set_coverage", set(), SearchOptions(order="local_entropy")),
])
def test_the_form_offers_what_goes_with_the_strategy(
    strategy: str, shown: set[str], options: SearchOptions, ranked: Session, qtbot: QtBot
) -> None:
    project = ranked.project
    assert project is not None
    choices = project.lane.run(lambda: read_choices(project))
    asked = replace(request_for(project), strategy=strategy, options=options)
    form = RunForm(ranked, choices, asked, lambda request: None)
    qtbot.addWidget(form)
    form.show()
    assert form.request() == asked
    for name in ("racing", "beam_width", "swap_passes", "random_tries"):
        assert getattr(form, name).isVisible() == (name in shown)
    form.racing.setCurrentIndex(1)
    form.strategy.setCurrentIndex(form.strategy.findData("nearest"))
    assert form.request().options.racing == "off"


def test_the_form_refuses_held_out_questions_that_are_searched_on(ranked: Session, qtbot: QtBot) -> None:
    project = ranked.project
    assert project is not None
    choices = project.lane.run(lambda: read_choices(project))
    form = RunForm(ranked, choices, request_for(project), lambda request: None)
    qtbot.addWidget(form)
    form.heldout.setCurrentIndex(form.heldout.findData(form.questions.currentData()))
    assert not form.start.isEnabled()
    form.heldout.setCurrentIndex(form.heldout.findData(NO_SET))
    assert form.start.isEnabled()


def test_a_started_run_shows_its_rows_as_they_come_and_the_search_can_be_chosen_again(
    page: RankingsPage, ranked: Session, qtbot: QtBot, settle: Callable[[], None]
) -> None:
    project = ranked.project
    assert project is not None
    page.starter.submit(replace(request_for(project), kind="score"))
    qtbot.waitUntil(lambda: page._reading is not None and isinstance(page._reading.spec, ScoreSpec)
                    and page.model.rowCount() == 6 and not page._reading.running)
    table = page.model.table
    assert table is not None
    means = [interval.mean for interval in table.mean]
    assert means == sorted(means, reverse=True)
    assert page.tools.round.isHidden()
    assert page.tools.add.text() == "Add top 3 to prompt"
    page.tools.run.activated.emit(1)
    settle()
    assert page.tools.run.currentText().startswith("Greedy search")
    assert page.model.rowCount() == 5


def test_an_answer_that_cannot_be_read_is_said_once_and_not_tried_again_and_again(
    page: RankingsPage, ranked: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    project = ranked.project
    assert project is not None
    spec = project.lane.run(lambda: project.jobs.spec(1))
    weights = Path(spec.model.path) / "model.safetensors"
    moved = weights.rename(weights.with_suffix(".moved"))
    try:
        page.heat.set_cell(0, 0)
        page.heat.cell_opened.emit(0, 0)
        rest(page, qtbot)
    finally:
        moved.rename(weights)
    assert page.tokens._state.accessibleName() == "The tokens could not be read"
    assert [job.kind for job in project.lane.run(project.jobs.all)] == ["search"]


def test_a_run_that_failed_says_why_and_can_be_resumed(
    page: RankingsPage, ranked: Session, settle: Callable[[], None]
) -> None:
    project = ranked.project
    assert project is not None

    def fail() -> Changes:
        with project.database.write() as connection:
            set_state(connection, 1, "failed", detail="The disk is full.")
        return Changes.of(Kind.JOB, [1])

    assert page._notice_room.isHidden()
    ranked.change(lambda _: fail())
    settle()
    page.reader.read()
    settle()
    assert page._notice_room.isVisible()
    assert page._notice.accessibleName().startswith("This run failed. The disk is full.")
    assert "failed" in page.tools.run.currentText()


def test_f6_goes_through_the_panes_that_have_something_to_show(page: RankingsPage, window: MainWindow) -> None:
    window.activateWindow()
    seen = []
    page.table.setFocus()
    for _ in range(4):
        seen.append(QApplication.focusWidget())
        window.next_pane()
    assert seen == [page.table, page.heat, page.charts.bump, page.table]     # no cell is chosen: there is no strip


def test_a_narrow_page_shows_the_charts_or_the_tokens(page: RankingsPage, window: MainWindow) -> None:
    assert page.charts.isVisible() and page.tokens.isVisible()  # noqa: PT018
    window.resize(1024, 640)
    assert (page.charts.isVisible(), page.tokens.isVisible()) == (True, False)
    page.charts.other.click()
    assert (page.charts.isVisible(), page.tokens.isVisible()) == (False, True)
    for button in (page.tools.export, page.tools.new):
        assert button.accessibleName()
    window.resize(1440, 900)
    assert page.charts.isVisible() and page.tokens.isVisible()  # noqa: PT018


def test_the_form_opens_for_what_other_pages_have_selected(
    page: RankingsPage, ranked: Session, window: MainWindow, settle: Callable[[], None]
) -> None:
    ranked.open_page("rankings", ids=(2, 3))
    settle()
    form = window.findChild(RunForm)
    assert form is not None
    assert form.isVisible()
    assert form.request().pool is Pool.SELECTION
    assert form.request().selection == (2, 3)
    form.reject()


def test_who_looks_at_the_best_row_goes_on_looking_at_the_best(page: RankingsPage) -> None:
    reading = page._reading
    assert reading is not None
    page.table.choose(0, [0])
    better = reading.table.demonstration_ids[1]
    turned = replace(reading, candidates=Candidates.of(reading_with_first(reading.table, better)))
    page._show(turned)
    assert page.table.currentIndex().row() == 0
    assert page.model.id_at(0) == better
    page.table.choose(2, [2])
    kept = page.model.id_at(2)
    page._show(reading)
    assert page.model.id_at(page.table.currentIndex().row()) == kept


def reading_with_first(table: GainTable, demonstration_id: int) -> GainTable:
    """The same table with one candidate's gain raised above all others."""
    at = table.demonstration_ids.index(demonstration_id)
    order = [at, *(index for index in range(len(table.titles)) if index != at)]
    top = Interval(99.0, 98.0, 100.0)

    def sort(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(values[index] for index in order)

    return replace(
        table, demonstration_ids=sort(table.demonstration_ids), titles=sort(table.titles),
        mean=(top, *sort(table.mean)[1:]), win_rate=sort(table.win_rate), previous_rank=sort(table.previous_rank),
        gain=table.gain[order], tokens=sort(table.tokens), difficulty=sort(table.difficulty))
