"""The Bench page over a real project: charts, answers, the blind arena, running, files and reports."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.gui import bench_project
from tests.gui.test_accessible_names import nameless
from tests.gui.waiting import rest
from workbench.domain import JobState, Judgement, Server
from workbench.gui.bench.charts import JUDGES, LENGTH, RATINGS, TABS, WINS
from workbench.gui.bench.page import ANSWERS, ARENA, EMPTY, OVERVIEW, SHOWN, BenchPage
from workbench.gui.bench.prompt_dialog import prompt_facts
from workbench.gui.bench.run.form import BenchForm
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.jobs.events import Progress
from workbench.jobs.kinds.judge import Price
from workbench.services.bench_measures import Measure
from workbench.services.benching import BenchRequest, JudgeChoice, default_request, problem, read_choices
from workbench.services.job_queue import JobInfo
from workbench.services.judging_cost import ASSUMED_TOKENS
from workbench.services.project import Project
from workbench.services.token_shifts import SHIFT_JUDGE, SHIFT_NAME

NAMES = ("No demonstrations", "3 demonstrations", "6 demonstrations, draft 14", "vicuna-13b")


@pytest.fixture(scope="module")
def benched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed project with a question set that four contestants have answered, made once and copied."""
    folder = tmp_path_factory.mktemp("benched") / "project"
    project = Project.create(folder, "House style", person="tester")
    project.lane.run(lambda: bench_project.fill(project, 12))
    project.close()
    return folder


@pytest.fixture
def page(window: MainWindow, session: Session, benched: Path, tmp_path: Path, qtbot: QtBot) -> BenchPage:
    folder = shutil.copytree(benched, tmp_path / "project")
    session.adopt(Project.open(folder, person="tester"))
    session.open_page("bench")
    found = window.page("bench")
    assert isinstance(found, BenchPage)
    rest(found, qtbot)
    return found


def on_lane(page: BenchPage, work: Callable[[Project], object]) -> object:
    assert page.session.project is not None
    project = page.session.project
    return project.lane.run(lambda: work(project))


def press(page: BenchPage, name: str) -> None:
    page.session.commands.run(name)


# what it shows
def test_a_project_without_answers_offers_to_run_a_bench_or_to_import(
    window: MainWindow, opened: Session, qtbot: QtBot
) -> None:
    opened.open_page("bench")
    page = window.page("bench")
    assert isinstance(page, BenchPage)
    rest(page, qtbot)
    assert page._stack.currentIndex() == EMPTY
    assert page._empty_run.isVisible()
    assert not page.run.isVisible()                      # one primary button is enough


def test_the_general_questions_are_added_from_the_palette(page: BenchPage, qtbot: QtBot) -> None:
    page.session.commands.run("bench.general")
    rest(page, qtbot)
    project = page.session.project
    assert project is not None
    sets = project.lane.run(lambda: project.questions.sets())
    assert [(one.name, one.questions) for one in sets if one.name.startswith("General")] == [("General questions", 80)]


def test_the_shown_questions_are_held_out_of_searches_in_the_menu_and_undone(page: BenchPage, qtbot: QtBot) -> None:
    menu = page.bar.manage.menu()
    action = next(one for one in menu.actions() if "out of searches" in one.text())
    for wanted in (True, False):
        menu.aboutToShow.emit()
        assert action.isChecked() is not wanted
        action.trigger()
        rest(page, qtbot)
        assert page.state.reading.chosen is not None
        assert page.state.reading.chosen.held_out is wanted
    page.session.undo()
    rest(page, qtbot)
    assert page.state.reading.chosen.held_out is True


def test_the_overview_shows_means_intervals_and_what_could_not_be_read(page: BenchPage) -> None:
    assert page._stack.currentIndex() == SHOWN
    assert page.state.measure is not None
    assert page.state.measure.label == "Rating by base-13b"
    table = page.overview.comparison.bars.table()
    assert [row[0] for row in table.rows] == ["Turn 1"] * 4 + ["Turn 2"] * 4 + ["Both turns"] * 4
    assert [row[1] for row in table.rows[:4]] == list(NAMES)
    for row in table.rows:
        assert row[3] <= row[2] <= row[4]                # type: ignore[operator]
    assert page.overview.categories.radar.table().columns[0] == "Category"
    assert "12 questions, two turns" in " ".join(label.text() for label in page.header().findChildren(QLabel))


def test_a_measure_without_a_judge_says_that_it_is_no_mt_bench_score(page: BenchPage, qtbot: QtBot) -> None:
    box = page.bar.measure
    box.setCurrentIndex(box.findText("Reference log-likelihood"))
    box.activated.emit(box.currentIndex())
    rest(page, qtbot)
    said = "Reference log-likelihood: not an MT-Bench score"
    for tab in range(len(TABS)):
        page.overview.comparison.tabs.set_current(tab)
        rest(page, qtbot)
        assert said in page.overview.comparison.hint.text()
    assert said in page.overview.categories.hint.text()
    assert said in page.overview._map_hint.text()
    assert page.overview.comparison.bars.note == said


def test_every_tab_fills_its_chart(page: BenchPage, qtbot: QtBot) -> None:
    pane = page.overview.comparison
    for tab, chart in ((WINS, pane.matrix), (RATINGS, pane.ladder), (LENGTH, pane.length), (JUDGES, pane.judges)):
        pane.tabs.set_current(tab)
        rest(page, qtbot)
        assert chart.table().rows, TABS[tab]
    assert "Kendall" in pane._said.text()


def test_win_rates_of_a_judges_own_pairs_name_its_position_bias(page: BenchPage, qtbot: QtBot) -> None:
    box = page.bar.measure
    box.setCurrentIndex(box.findText("Pairs won, base-13b"))
    box.activated.emit(box.currentIndex())
    page.overview.comparison.tabs.set_current(WINS)
    rest(page, qtbot)
    assert "favour what is shown first" in page.overview.comparison._said.text()
    for row in page.overview.comparison.matrix.table().rows:
        assert all(cell is None or 0 <= cell <= 1 for cell in row[1:])      # type: ignore[operator]


def test_taking_a_contestant_out_leaves_it_out_of_every_chart_and_one_stays(page: BenchPage, qtbot: QtBot) -> None:
    entries = list(page.bar.legend.entries.values())
    for entry in entries:
        entry.click()
    rest(page, qtbot)
    assert len(page.state.chosen) == 1
    assert {row[1] for row in page.overview.comparison.bars.table().rows} == {"vicuna-13b"}


def test_a_mark_opens_the_answers_behind_it(page: BenchPage, qtbot: QtBot) -> None:
    radar = page.overview.categories.radar
    mark = next(mark for mark in radar.marks(radar.rect().toRectF()) if mark.words[0] == "vicuna-13b, reasoning")
    radar.picked.emit(mark.key)
    assert page.part.current() == ANSWERS
    shown = {question.id: question.category for question in page.state.reading.questions}
    assert {shown[id] for id in page.answers.list.ids()} == {"reasoning"}
    assert [view.shown.name for view in page.answers.columns.columns if view.shown] == [NAMES[0], "vicuna-13b"]
    page.answers._drop_behind()
    assert len(page.answers.list.ids()) == 12


# answers
def test_keys_go_from_question_to_question_and_switch_differences_and_judgements(page: BenchPage) -> None:
    page.part.set_current(ANSWERS)
    first = page.answers.list.current_id()
    press(page, "bench.next")
    assert page.answers.list.current_id() != first
    press(page, "bench.before")
    assert page.answers.list.current_id() == first
    press(page, "bench.differences")
    assert not page.answers.columns.marked
    press(page, "bench.judgements")
    assert page.answers.columns.expanded


def test_search_finds_answers_and_judgements_and_clears(page: BenchPage, qtbot: QtBot) -> None:
    target = page.state.reading.answers[5]
    on_lane(page, lambda p: p.bench.store_judgements(
        [Judgement("base-13b", "rating", target.id or 0, score=9, words="A marvellous zeugma.", prompt_name="x")], "x"))
    press(page, "bench.search")
    page.reread()
    rest(page, qtbot)
    page.answers.search.setText("zeugma")
    page.answers.search.returnPressed.emit()
    rest(page, qtbot)
    assert page.answers.list.ids() == [target.question_id]
    assert page.answers.judgements.isChecked()           # the word stands in a judgement
    (text, spans), = [one for one in page.answers.words._found if one[1]]
    assert [text.text[start:end] for start, end in spans] == ["zeugma"]
    assert [one.cursor.selectedText() for one in text.view.extraSelections()] == ["zeugma"]
    page.answers.search.clear()
    page.answers.search.returnPressed.emit()
    rest(page, qtbot)
    assert len(page.answers.list.ids()) == 12


def test_keys_go_from_one_word_that_was_found_to_the_next_and_on_to_the_next_question(
    page: BenchPage, qtbot: QtBot
) -> None:
    page.part.set_current(ANSWERS)
    page.answers.search.setText("largest number")
    page.answers.search.returnPressed.emit()
    rest(page, qtbot)
    first, words = page.answers.list.current_id(), page.answers.words
    here = words.count
    assert here > 2
    assert words.at == 0
    for _ in range(here - 1):
        press(page, "bench.found")
    assert (words.at, page.answers.list.current_id()) == (here - 1, first)
    press(page, "bench.found")
    assert words.at == 0
    assert page.answers.list.current_id() != first
    press(page, "bench.found_before")
    assert (words.at, page.answers.list.current_id()) == (here - 1, first)


def test_the_exact_prompt_is_known_for_answers_made_here_only(page: BenchPage, qtbot: QtBot) -> None:
    by_name = {one.name: one for one in page.state.reading.contestants}
    answer = next(one for one in page.state.reading.answers.values() if one.contestant_id == by_name[NAMES[1]].id)
    rendered = on_lane(page, lambda p: p.bench.prompt_of(answer.id or 0))
    assert "Say 0." in rendered.text                     # type: ignore[attr-defined]
    facts = dict(prompt_facts(by_name[NAMES[2]], answer))
    assert (facts["Temperature"], facts["Top-p, top-k, min-p"]) == ("0.7", "0.9, off, off")
    page.part.set_current(ANSWERS)
    shown = {view.shown.name: view.shown.has_prompt for view in page.answers.columns.columns if view.shown}
    assert shown == {NAMES[0]: True, NAMES[1]: True, NAMES[2]: True, "vicuna-13b": False}


def test_tokens_that_a_base_model_would_not_choose_are_coloured(page: BenchPage, qtbot: QtBot) -> None:
    answer = page.state.reading.answers[1]
    tokens = [["With", 0.1, 0, -1.0, -1.0], [" bags", 0.5, 2, -1.0, -2.0], [" of", 1.5, 7, -1.0, -5.0],
              ["<end>", 0.0, 0, -1.0, -1.0]]
    on_lane(page, lambda p: p.bench.store_judgements([Judgement(
        SHIFT_JUDGE, "measure", answer.id or 0, name=SHIFT_NAME, score=0.25, prompt_name="base",
        details={"tokens": tokens})], "x"))
    assert not page.answers.shifts.isVisibleTo(page.answers)
    page.part.set_current(ANSWERS)
    page.reread()
    rest(page, qtbot)
    page.answers.go_to(answer.question_id)
    page.answers.shifts.click()
    view = page.answers.columns.columns[0].turns[0].answer
    assert view is not None
    assert [one.cursor.selectedText() for one in view.view.extraSelections()] == [" bags", " of"]
    page.answers.shifts.click()
    assert " of" not in [one.cursor.selectedText() for one in view.view.extraSelections()]


# the arena
def everything_said(widget: QWidget) -> str:
    """All that can be read, heard or hovered in a widget."""
    found = []
    for one in [widget, *widget.findChildren(QWidget)]:
        found += [one.accessibleName(), one.accessibleDescription(), one.toolTip(), one.statusTip(), one.whatsThis()]
        if isinstance(one, QLabel | QLineEdit):
            found.append(one.text())
        if hasattr(one, "toPlainText"):
            found.append(one.toPlainText())
    return "\n".join(found)


def vote(page: BenchPage, qtbot: QtBot, key: Qt.Key) -> None:
    QTest.keyClick(page.arena.arena, key)
    QTest.keyClick(page.arena.arena, Qt.Key.Key_Return)
    rest(page, qtbot)


def test_a_vote_is_stored_and_undone_and_no_name_shows(page: BenchPage, qtbot: QtBot) -> None:
    page.arena.person.setText("carla")
    page.part.set_current(ARENA)
    page.arena.person.editingFinished.emit()
    rest(page, qtbot)
    assert not page.bar.isVisible()                      # the contestants' names and colours
    said = everything_said(page.arena)
    for one in page.state.reading.contestants:
        assert one.name not in said
        assert one.model.name not in said
    before = len(page.state.reading.judgements)
    vote(page, qtbot, Qt.Key.Key_Right)
    votes = [one for one in page.state.reading.judgements if one.judge == "carla"]
    assert len(votes) == 1
    assert votes[0].verdict == "other"
    assert page.arena._count.text().startswith("1 of ")
    page.arena.undo()
    rest(page, qtbot)
    assert len(page.state.reading.judgements) == before
    assert page.arena._count.text().startswith("0 of ")


def test_no_pair_comes_twice_before_all_were_seen(page: BenchPage, qtbot: QtBot) -> None:
    page.arena.person.setText("dora")
    page.part.set_current(ARENA)
    page.arena.person.editingFinished.emit()
    rest(page, qtbot)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_X, Qt.Key.Key_Right, Qt.Key.Key_Left):
        vote(page, qtbot, key)
    QTest.keyClick(page.arena.arena, Qt.Key.Key_S)
    rest(page, qtbot)
    mine = [one for one in page.state.reading.judgements if one.judge == "dora"]
    assert [one.verdict for one in mine] == ["answer", "tie", "both_bad", "other", "answer", "skip"]
    assert len({frozenset((one.answer_id, one.other_answer_id)) for one in mine}) == 6


def test_undo_leaves_alone_what_is_no_vote(page: BenchPage, qtbot: QtBot) -> None:
    page.arena.person.setText("emil")
    page.part.set_current(ARENA)
    page.arena.person.editingFinished.emit()
    rest(page, qtbot)
    vote(page, qtbot, Qt.Key.Key_Left)
    on_lane(page, lambda p: p.bench.rename_contestant(page.state.reading.contestants[0].id or 0, "Renamed"))
    with qtbot.waitSignal(page.session.notice):
        page.arena.undo()
    rest(page, qtbot)
    assert sum(one.judge == "emil" for one in page.state.reading.judgements) == 1


def test_ratings_one_by_one_with_digits(page: BenchPage, qtbot: QtBot) -> None:
    page.arena.person.setText("fred")
    page.part.set_current(ARENA)
    page.arena.mode.set_current(1)
    rest(page, qtbot)
    vote(page, qtbot, Qt.Key.Key_7)
    mine = [one for one in page.state.reading.judgements if one.judge == "fred"]
    assert [(one.kind, one.score) for one in mine] == [("rating", 7.0)]
    assert page.arena._count.text().startswith("1 of 96")


# files and reports
def test_the_report_is_one_page_with_the_numbers_the_method_and_no_markup_of_strangers(
    page: BenchPage, qtbot: QtBot, tmp_path: Path
) -> None:
    page.commands.export_report("html", tmp_path / "report.html")
    rest(page, qtbot)
    text = (tmp_path / "report.html").read_text("utf-8")
    assert text.count("<svg") >= 5
    assert "default-src 'none'" in text
    for words in ("Method", "bootstrap", "Paired differences", "Bradley–Terry", *NAMES, "Score 1 to 10"):
        assert words in html.unescape(text)
    mean = page.overview.comparison.bars.table().rows[8][2]
    assert isinstance(mean, float)
    assert f"{mean:.3f}" in text
    assert not re.search(r"(src|href)=[\"']?(http|file)", text)


def test_a_report_of_a_judges_pairs_has_agreement_and_length_controlled_win_rates(
    page: BenchPage, qtbot: QtBot, tmp_path: Path
) -> None:
    page._measure_chosen(Measure("base-13b", "wins"))
    rest(page, qtbot)
    page.commands.export_report("html", tmp_path / "report.html")
    rest(page, qtbot)
    text = html.unescape((tmp_path / "report.html").read_text("utf-8"))
    for words in ("Length-controlled win rates", "Against No demonstrations", "Agreement of judges and people",
                  "anna and ben", "favour the first position"):
        assert words in text


def test_the_report_is_written_as_pdf_too(page: BenchPage, qtbot: QtBot, tmp_path: Path) -> None:
    page.commands.export_report("pdf", tmp_path / "report.pdf")
    rest(page, qtbot)
    found = (tmp_path / "report.pdf").read_bytes()
    assert found.startswith(b"%PDF")
    assert found.rstrip().endswith(b"%%EOF")
    assert found.count(b"/Type /Page\n") + found.count(b"/Type /Page ") >= 2 or len(found) > 20_000


def test_fastchats_files_go_out_and_come_in_again(page: BenchPage, qtbot: QtBot, tmp_path: Path) -> None:
    set_id = page.state.set_id
    assert set_id is not None
    on_lane(page, lambda p: p.bench_files.export_fastchat(set_id, tmp_path / "out"))
    source = next((tmp_path / "out" / "model_answer").glob("vicuna*"))
    renamed = tmp_path / "koala.jsonl"
    renamed.write_text(source.read_text("utf-8").replace("vicuna-13b", "koala"), "utf-8")
    page.commands._import(lambda p: p.bench_files.import_answers(set_id, [renamed]), "answer")
    rest(page, qtbot)
    assert "koala" in [one.name for one in page.state.reading.contestants]
    assert len(page.state.chosen) == 5


# running
def test_the_form_offers_contestants_and_says_what_is_to_do(page: BenchPage, qtbot: QtBot, tiny_model: Path) -> None:
    on_lane(page, lambda p: p.models.register(tiny_model, "tiny"))
    choices = on_lane(page, read_choices)
    request = default_request(choices, page.state.set_id, None)        # type: ignore[arg-type]
    assert request is not None
    form = BenchForm(choices, request, lambda asked: None, page)  # type: ignore[arg-type]
    qtbot.addWidget(form)
    assert len(form.request().known) == 4
    assert not form.start.isEnabled()                    # all is answered, and nobody is to judge
    form.decoding.temperature.setValue(0.7)
    form.add.click()
    form.add.click()                                     # the same again is no other contestant
    made = form.request()
    assert [one.name for one in made.new] == ["tiny, no prompt, T 0.7"]
    assert form.start.isEnabled()
    assert form._work.text().startswith("24 answers to make")
    pairs = replace(made, judge=JudgeChoice("model", made.new[0].model_id, "pair_baseline", None))
    assert "baseline" in problem(choices, pairs)         # type: ignore[arg-type]


def test_a_served_judge_has_a_price_and_unreadable_words_are_asked_for_again(page: BenchPage, qtbot: QtBot) -> None:
    on_lane(page, lambda p: p.models.register_server("http://127.0.0.1:9/v1", Server("judge", chat=True), "judge"))
    choices = on_lane(page, read_choices)
    asked: list[BenchRequest] = []
    form = BenchForm(choices, default_request(choices, page.state.set_id, None), asked.append, page)    # type: ignore[arg-type]
    qtbot.addWidget(form)
    assert form._price_fields.isHidden()                 # nobody judges
    form.judge.setCurrentIndex(form.judge.count() - 1)
    assert not form._price_fields.isHidden()
    free = form._work.text()
    form.price_in.setValue(2)
    form.price_out.setValue(10)
    form.limit.setValue(0.5)
    form.again.setChecked(True)
    form.decoding.min_p.setValue(0.1)
    assert form.decoding.value().min_p == 0.1
    (tokens, out, cost, most), = re.findall(
        r"About ([\d\s]+) tokens in and ([\d\s]+) tokens out cost about ([\d.]+) \(at most ([\d.]+)\)",
        form._work.text().removeprefix(free))
    numbers = [int(re.sub(r"\D", "", one)) for one in (tokens, out)]
    assert numbers[1] == 96 * ASSUMED_TOKENS             # 12 questions, two turns, four contestants
    assert float(cost) == pytest.approx((2 * numbers[0] + 10 * numbers[1]) / 1e6, abs=0.01)
    assert float(most) == pytest.approx((2 * numbers[0] + 10 * 96 * 2048) / 1e6, abs=0.01)
    form.start.click()
    assert (asked[0].judge.price, asked[0].judge.unreadable_again) == (Price(2, 10, 0.5), True)


def test_a_model_answers_and_is_measured(page: BenchPage, qtbot: QtBot, tiny_model: Path) -> None:
    on_lane(page, lambda p: p.models.register(tiny_model, "tiny"))
    on_lane(page, lambda p: p.questions.add(replace(bench_project.questions(4, 2), name="Short")))
    set_id = max(info.id for info in on_lane(page, lambda p: p.questions.sets()))        # type: ignore[attr-defined]
    choices = on_lane(page, read_choices)
    request = default_request(choices, set_id, None)     # type: ignore[arg-type]
    assert request is not None
    new = tuple(replace(one, decoding=replace(one.decoding, max_tokens=4)) for one in request.new[:1])
    page.commands.run(replace(request, new=new, judge=JudgeChoice("likelihood")))

    def judged() -> bool:
        kinds = {one.name for one in page.state.reading.judgements}
        return (page.state.set_id == set_id and {"exact", "log_likelihood"} <= kinds
                and page.state.reading.running is None)

    qtbot.waitUntil(judged)
    rest(page, qtbot)
    assert len(page.state.reading.answers) == 8
    assert page.state.measure is not None
    assert page.overview.comparison.bars.table().rows


def test_every_part_of_the_page_has_an_accessible_name(page: BenchPage) -> None:
    for part in (OVERVIEW, ANSWERS, ARENA):
        page.part.set_current(part)
        assert nameless(page) == []


def test_the_line_of_a_judge_that_runs_says_what_is_spent(page: BenchPage) -> None:
    at = {"done": 3, "total": 8, "unit": "judgements", "rate": None, "seconds_left": None, "started": None,
          "ended": None, "result": None}
    page.line.show_job(JobInfo(1, "judge", "Judge 8 answers", "gpt", JobState.RUNNING, **at))    # type: ignore[arg-type]
    page.line.event_of(1, Progress(4, 8, "judgements", "gpt, 0.42 spent"))
    assert page.line._text.text() == "gpt, 0.42 spent"
