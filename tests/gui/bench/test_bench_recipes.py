"""The Recipes part of the Bench page: what is asked for, and how the results are drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.gui import bench_project
from tests.gui.waiting import rest, settled
from workbench.bench.recipes import Place
from workbench.domain import (
    AnswerScore,
    CandidateScore,
    Changes,
    Contestant,
    DecodingSettings,
    Demonstration,
    Interval,
    JobState,
    Kind,
    ModelRef,
    Prompt,
)
from workbench.gui.bench.page import ANSWERS, RECIPES, BenchPage
from workbench.gui.bench.recipes.form import KINDS, RecipeForm
from workbench.gui.bench.recipes.register import RegisterDialog
from workbench.gui.bench.recipes.view import CHARTS, NONE
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.jobs.kinds.answer import AnswerSpec
from workbench.jobs.kinds.judged_search import JudgedSearchSpec
from workbench.jobs.kinds.recipe import RecipeSpec
from workbench.jobs.kinds.shift import ShiftSpec
from workbench.jobs.wire import encode_spec
from workbench.services.job_queue import JobInfo
from workbench.services.recipe_reading import RecipeReading, axis_names, context_end
from workbench.services.recipe_results import RecipePoint, Score, Tuned
from workbench.services.recipes import RecipeRequest, numbers_in, read_recipe_choices
from workbench.services.tuning import TuningSettings
from workbench_db import jobs as stored
from workbench_db import scores

DECODING, SCALING, DEMONSTRATIONS, JUDGED, TUNING, SHIFT = KINDS
SCORE = Score("f1", "reference", "Token F1 against the reference, 0 to 1: not an MT-Bench score")


@pytest.fixture
def page(window: MainWindow, opened: Session, qtbot: QtBot) -> BenchPage:
    assert opened.project is not None
    project = opened.project
    project.lane.run(lambda: bench_project.fill(project, 4))
    opened.open_page("bench", part=RECIPES)
    found = window.page("bench")
    assert isinstance(found, BenchPage)
    rest(found, qtbot)
    return found


def reading(page: BenchPage, recipe: str, points: list[RecipePoint]) -> RecipeReading:
    """As read from a finished job."""
    who = page.state.reading.contestants
    places = tuple((id, Place(point.series, point.x, point.y)) for point in points for id in point.contestant_ids)
    spec = RecipeSpec(recipe, tuple(who), places, page.state.reading.questions)       # type: ignore[arg-type]
    job = JobInfo(7, "recipe", "A recipe", "", JobState.FINISHED, 1, 1, "answers", None, None, None, None, None)
    return RecipeReading((job,), job, spec, (SCORE,), SCORE, tuple(points), page.state.set_id)


def point(series: str, x: float, y: float | None, mean: float, contestant: int, label: str = "") -> RecipePoint:
    return RecipePoint(series, series.capitalize(), x, y, label or f"{x:g}", Interval(mean, mean - 0.1, mean + 0.1), 8,
                       4, 1, (contestant,))


def test_without_a_recipe_the_part_offers_to_run_one(page: BenchPage) -> None:
    assert page.recipes.stack.currentIndex() == NONE
    assert not page.bar.isVisible()


def test_numbers_of_demonstrations_become_a_line_a_series(page: BenchPage) -> None:
    ids = [one.id or 0 for one in page.state.reading.contestants]
    page.recipes._show(reading(page, "scaling", [point(series, x, None, x / 10, ids[0])
                                                 for series in ("random", "unsupervised") for x in (0, 3, 10)]))
    assert page.recipes.stack.currentIndex() == CHARTS
    rows = page.recipes.lines.table().rows
    assert [(row[0], row[1]) for row in rows] == [(name, x) for name in ("Random", "Unsupervised") for x in (0, 3, 10)]
    assert "not an MT-Bench score" in page.recipes._hint.text()
    assert page.recipes.lines.note == SCORE.title


def test_a_turn_is_a_line_in_its_series_colour(page: BenchPage) -> None:
    who = page.state.reading.contestants[0].id or 0
    points = [replace(point(series, x, None, x + turn, who), title=f"{series}, turn {turn + 1}", turn=turn)
              for series in ("in_context", "fine_tuned") for x in (3, 300) for turn in (0, 1)]
    page.recipes._show(reading(page, "tuning", points))
    lines = page.recipes.lines._lines
    assert [(line.label, line.colour, line.dashed) for line in lines] == [
        ("in_context, turn 1", 0, False), ("in_context, turn 2", 0, True),
        ("fine_tuned, turn 1", 1, False), ("fine_tuned, turn 2", 1, True)]
    assert [[one.interval.mean for one in line.points] for line in lines] == [[3, 300], [4, 301]] * 2


def test_a_sweep_becomes_two_matrices_on_one_scale(page: BenchPage) -> None:
    ids = [one.id or 0 for one in page.state.reading.contestants]
    points = [point(series, x, y, x + y + (series == "none"), ids[0])
              for series in ("prompt", "none") for x in (0.0, 0.7) for y in (1.0, 1.2)]
    page.recipes._show(reading(page, "decoding", points))
    first, second = page.recipes.grids
    assert first.table().rows == (("0", 1.0, 1.2), ("0.7", 1.7, 1.9))
    assert second.table().rows[0] == ("0", 2.0, 2.2)
    assert first._range == second._range == (1.0, 2.9)


def test_a_mark_opens_the_answers_of_its_contestants(page: BenchPage, qtbot: QtBot) -> None:
    ids = [one.id or 0 for one in page.state.reading.contestants]
    page.recipes._show(reading(page, "demonstration_parts", [
        point("correct", 0, None, 0.5, ids[0], "Correct answers"), point("no_answer", 1, None, 0.1, ids[2], "None")]))
    page.recipes.ladder.picked.emit(("point", 1))
    rest(page, qtbot)
    assert page.part.current() == ANSWERS
    assert [view.shown.contestant_id for view in page.answers.columns.columns if view.shown] == [ids[2]]


def test_what_was_varied_is_found_in_the_contestants_decoding() -> None:
    model = ModelRef("m", "/m")
    grid = [(t, p) for t in (0.0, 0.7) for p in (1.0, 1.2)]
    who = tuple(Contestant(str(n), model, None, DecodingSettings(temperature=t, repetition_penalty=p), n)
                for n, (t, p) in enumerate(grid))
    spec = RecipeSpec("decoding", who, tuple((n, Place("none", t, p)) for n, (t, p) in enumerate(grid)), ())
    assert axis_names(spec) == ("temperature", "repetition penalty")


def test_numbers_are_read_as_people_write_them() -> None:
    assert numbers_in("0, 0.3 0.7,1") == (0.0, 0.3, 0.7, 1.0)
    for wrong in ("", "0; 1", "a"):
        with pytest.raises(ValueError):
            numbers_in(wrong)


@pytest.fixture
def form(page: BenchPage, qtbot: QtBot, tiny_model: Path) -> RecipeForm:
    project = page.session.project
    assert project is not None
    project.lane.run(lambda: project.models.register(tiny_model, "tiny"))
    made = RecipeForm(page.session, project.lane.run(lambda: read_recipe_choices(project)), page.state.set_id, None,
                      lambda asked: None, page, ticked=page.state.chosen[:1])
    qtbot.addWidget(made)
    made.show()
    settled(page.session, qtbot)
    return made


def ask(form: RecipeForm, kind: str) -> RecipeRequest:
    form.kind.set_current(KINDS.index(kind))
    return form.request()


def test_the_form_says_what_is_missing_and_asks_for_what_it_shows(form: RecipeForm) -> None:
    ask(form, DECODING)
    form.temperature.setText("0, x")
    assert "Temperatures" in form._work.text()
    assert not form.start.isEnabled()
    form.temperature.setText("0, 0.5")
    form.penalty.setText("1")
    assert form.request().axes == {"temperature": (0.0, 0.5), "repetition_penalty": (1.0,)}
    ask(form, SCALING)
    assert not form.series["greedy"].isChecked()         # no candidate's gain is known
    form.series["greedy"].setChecked(True)
    assert "Rankings" in form._work.text()
    form.series["greedy"].setChecked(False)
    assert form.request().series == ("random", "diverse", "unsupervised")
    assert ask(form, DEMONSTRATIONS).recipe == "demonstration_parts"
    assert form.start.isEnabled()
    ask(form, TUNING)
    form.tuned_sizes.setText("3, many")
    assert not form.start.isEnabled()
    form.tuned_sizes.setText("3, 30")
    form.rank.setValue(8)
    form.epochs.setValue(4)
    asked = form.request()
    assert (asked.recipe, asked.sizes, asked.training) == ("tuning", (3, 30), TuningSettings(4, lora_rank=8))
    assert "30 left out" in form._work.text()            # the project has eleven that are not rejected


def test_up_and_down_go_from_recipe_to_recipe_with_their_own_fields(form: RecipeForm, qtbot: QtBot) -> None:
    ask(form, JUDGED)
    assert form.judge.isVisible()
    qtbot.keyClick(form.kind, Qt.Key.Key_Down)
    assert form.request().recipe == TUNING
    assert form.epochs.isVisible()
    assert not form.judge.isVisible()
    qtbot.keyClick(form.kind, Qt.Key.Key_Up)
    assert form.request().recipe == JUDGED


def test_a_judge_that_cannot_judge_these_questions_is_not_started(form: RecipeForm) -> None:
    asked = ask(form, JUDGED)
    assert (asked.by, asked.judge_id) == ("language_model", asked.model_id)      # not all questions have references
    assert form.start.isEnabled()
    form.judge.setCurrentIndex(0)
    assert "does not know all of these questions" in form._work.text()
    form.judge.setCurrentIndex(1)
    assert "no reference" in form._work.text()
    assert not form.start.isEnabled()


def test_what_is_compared_with_a_base_model_are_the_ticked_contestants(form: RecipeForm, page: BenchPage) -> None:
    assert ask(form, SHIFT).contestants == tuple(page.state.chosen[:1])
    assert "8 answers" in form._work.text()
    form.contestants.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert not form.start.isEnabled()


def test_the_cost_follows_the_demonstrations_that_are_drawn_from(form: RecipeForm, qtbot: QtBot) -> None:
    ask(form, JUDGED)
    form.prompt.setCurrentIndex(form.prompt.count() - 1)         # no base prompt, whose own are not drawn
    qtbot.waitUntil(lambda: "11 candidates" in form._work.text())
    form.query.setText("category:Coding")
    qtbot.waitUntil(lambda: "4 candidates" in form._work.text())
    form.query.setText("category:none")
    qtbot.waitUntil(lambda: "no demonstration to draw from" in form._work.text())


def test_a_job_opens_the_part_where_its_results_are(page: BenchPage, opened: Session, qtbot: QtBot) -> None:
    assert opened.project is not None
    project, who, asked = opened.project, page.state.reading.contestants[:1], page.state.reading.questions
    other = project.lane.run(lambda: project.questions.add(bench_project.questions(3))).created[0]
    elsewhere = project.lane.run(lambda: project.questions.get(other)).questions
    specs = (RecipeSpec("scaling", who, (), asked), ShiftSpec(who[0].model, who, asked, ()),
             AnswerSpec(who, elsewhere))

    def insert() -> list[int]:
        with project.database.write() as connection:
            made = [stored.insert_job(connection, spec.kind, spec.kind, encode_spec(spec)) for spec in specs]
            for id in made:
                stored.set_state(connection, id, JobState.FINISHED)
            return made

    ids = project.lane.run(insert)
    sets = (page.state.set_id, page.state.set_id, other)
    for id, part, set_id in zip(ids, (RECIPES, RECIPES, ANSWERS), sets, strict=True):
        opened.open_page("bench", job=id)
        qtbot.waitUntil(lambda part=part: page.part.current() == part)
        qtbot.waitUntil(lambda set_id=set_id: page.state.set_id == set_id)
        if part == RECIPES:
            qtbot.waitUntil(lambda id=id: page.recipes.shown_job == id)


def test_a_breakdown_is_left_off_the_scale_until_the_whole_is_asked_for(page: BenchPage, qtbot: QtBot) -> None:
    who = page.state.reading.contestants[0].id or 0
    means = {0: -5.0, 3: -2.0, 5: -2.2, 10: -2.4, 20: -2.6, 30: -3.0, 50: -90.0}
    likelihood = replace(SCORE, name="log_likelihood", title="Log-likelihood, nats")
    shown = reading(page, "scaling", [point("random", x, None, mean, who) for x, mean in means.items()])
    page.recipes._show(replace(shown, score=likelihood))
    lines, whole = page.recipes.lines, page.recipes.whole
    assert lines.off_scale() == 1
    assert "1 more" in whole.text()
    assert whole.isVisibleTo(page.recipes)
    assert lines._ends[1][0] > -10
    whole.setChecked(True)
    assert lines._ends[1][0] < -90
    page.recipes._show(shown)                    # token F1 cannot break down without end
    assert not whole.isVisibleTo(page.recipes)


def test_where_the_context_ends_stands_between_two_numbers() -> None:
    model = ModelRef("m", "/m")
    places = tuple((1, Place(series, x)) for series, sizes in (("in_context", (3, 10)), ("fine_tuned", (3, 10, 30)))
                   for x in sizes)
    found = context_end(RecipeSpec("tuning", (Contestant("a", model, id=1),), places, ()))
    assert found is not None
    assert 10 < found[0] < 30
    assert found[1] == "the context ends before 30"
    assert context_end(RecipeSpec("tuning", (), places[:2] + places[2:4], ())) is None


def test_a_trained_model_is_registered_under_the_name_that_is_given(page: BenchPage, opened: Session, qtbot: QtBot,
                                                                    tiny_model: Path) -> None:
    who = page.state.reading.contestants[0].id or 0
    tuned = (Tuned("m, Fine-tuned, 3, seed 0", ModelRef("m, 3", "/gone")),
             Tuned("m, Fine-tuned, 30, seed 0", ModelRef("m, 30", str(tiny_model))))
    shown = reading(page, "tuning", [point("fine_tuned", 3, None, 0.5, who)])
    page.recipes._show(shown)
    assert not page.recipes.register.isVisibleTo(page.recipes)
    page.recipes._show(replace(shown, tuned=tuned))
    page.recipes.register.click()
    dialog = page.window().findChild(RegisterDialog)
    assert dialog.name.text() == "m, Fine-tuned, 30, seed 0"      # the largest
    dialog.name.setText(" ")
    assert not dialog.accept_button.isEnabled()
    dialog.name.setText("thirty")
    dialog.accept_button.click()
    project = opened.project
    assert project is not None
    qtbot.waitUntil(lambda: any(one.ref.name == "thirty" for one in project.lane.run(project.models.all)))


def test_a_project_without_answers_can_start_a_recipe(window: MainWindow, opened: Session, qtbot: QtBot) -> None:
    opened.open_page("bench")
    page = window.page("bench")
    assert isinstance(page, BenchPage)
    rest(page, qtbot)
    page._empty_recipe.click()
    qtbot.waitUntil(lambda: page.commands.recipe_form is not None)
    assert page.commands.recipe_form is not None
    assert "needs a model" in page.commands.recipe_form._work.text()
    page.commands.recipe_form.reject()


def test_a_search_that_goes_on_shows_each_candidate_as_it_is_scored(page: BenchPage, opened: Session,
                                                                   qtbot: QtBot) -> None:
    project = opened.project
    assert project is not None
    pool = tuple(Demonstration.pair(f"Say {n}.", f"{n}.", id=n) for n in (1, 2))
    spec = JudgedSearchSpec(ModelRef("m", "/m"), Prompt(), pool, page.state.reading.questions, by="f1")

    def insert() -> int:
        with project.database.write() as connection:
            job_id = stored.insert_job(connection, spec.kind, "A search", encode_spec(spec))
            stored.set_state(connection, job_id, JobState.PAUSED)
            return job_id

    def score(job_id: int, demonstration_id: int | None, value: float) -> Changes:
        answers = tuple(AnswerScore(one.id or 0, 0, value, 3) for one in page.state.reading.questions)
        with project.database.write() as connection:
            scores.insert_scores(connection, job_id, [(1, CandidateScore(demonstration_id, answers, 9))])
        return Changes({Kind.SCORE: frozenset({job_id})})

    job = project.lane.run(insert)
    opened.open_page("bench", job=job)
    qtbot.waitUntil(lambda: page.recipes.shown_job == job)
    for id, value in ((None, 0.2), (1, 0.5), (2, 0.4)):
        opened.changed.emit(project.lane.run(lambda id=id, value=value: score(job, id, value)))
    ladder = page.recipes.judged.ladder
    qtbot.waitUntil(lambda: [row[:2] for row in ladder.table().rows] == [("Say 1.", 0.5), ("Say 2.", 0.4)])
    assert "the round goes on" in page.recipes._hint.text()
