"""The Alignment page over a real project, with runs written as the queue writes them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import resources
from db import jobs
from tests.gui.test_accessible_names import nameless
from workbench.alignment.options import PRESETS, AlignmentOptions
from workbench.errors import WorkbenchError
from workbench.gui.charts.curve import BACKGROUND, smoothed
from workbench.gui.charts.slope import direction, ranks
from workbench.gui.main_window import MainWindow
from workbench.gui.pages.alignment import CONTENT, CURVES, NO_MODELS, NO_RUNS, AlignmentPage
from workbench.gui.pages.alignment_curves import series_colours
from workbench.gui.pages.alignment_dialogs import MethodsDialog, Student, StudentExportDialog
from workbench.gui.pages.alignment_reading import examples
from workbench.gui.pages.alignment_request import sample_tasks
from workbench.gui.session import Session
from workbench.jobs.events import Artifact, Event, Finished, Metric
from workbench.jobs.specs import JobState
from workbench.jobs.wire import encode_spec
from workbench.services.job_results import store
from workbench.services.job_titles import job_title
from workbench.services.project import Project
from workbench.services.student_exports import forms_of

Settle = Callable[[], None]
SMALL = replace(PRESETS["quick"], steps=2, episodes=6, batch=2, most=5, evaluate_every=1)
SCORES = {"teacher": [-1.0, -2.0, -3.0], "before": [-3.0, -2.0, -1.0], "after": [-1.0, -3.0, -2.0]}


@pytest.fixture(scope="module")
def made_with_models(made_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The closed project with the two carried models, made once."""
    folder = shutil.copytree(made_project, tmp_path_factory.mktemp("aligned") / "project")
    project = Project.open(folder, person="tester")
    for name in ("tiny-student", "tiny-teacher"):
        path = resources.path("models", name)
        project.lane.run(lambda path=path: project.models.register(path))
    project.close()
    return folder


@pytest.fixture
def with_models(made_with_models: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made_with_models, tmp_path / "with-models")


@pytest.fixture
def page(session: Session, with_models: Path, qtbot: QtBot) -> AlignmentPage:
    """The page by itself, shown, of a project with two models and no runs."""
    session.adopt(Project.open(with_models, person="tester"))
    made = AlignmentPage(session)
    qtbot.addWidget(made)
    made.form._waiting.setInterval(0)            # nobody types here
    session.changed.connect(made.refresh)
    made.resize(1270, 820)
    made.show()
    made.shown()
    rest(made, qtbot)
    return made


@pytest.fixture
def in_window(window: MainWindow, session: Session, with_models: Path, qtbot: QtBot) -> AlignmentPage:
    """The page in the window."""
    session.adopt(Project.open(with_models, person="tester"))
    session.open_page("alignment")
    made = window.page("alignment")
    assert isinstance(made, AlignmentPage)
    rest(made, qtbot)
    return made


def rest(page: AlignmentPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not page.busy() and not page.session.busy, timeout=20_000)


def add_run(project: Project, options: AlignmentOptions, *events: Event) -> int:
    """A run that has said ``events``, written as the queue writes them; called on the lane."""
    models = {model.ref.name: model.ref for model in project.models.all()}
    spec = project.alignment.spec(models["tiny-teacher"], models["tiny-student"], options, examples=2,
                                  pool=sample_tasks())
    with project.database.write() as connection:
        job = jobs.insert_job(connection, spec.kind, job_title(spec), encode_spec(spec))
        jobs.set_state(connection, job, "running")
        for event in events:
            store(connection, job, spec.kind, event)
        if not any(isinstance(event, Finished) for event in events):
            jobs.set_state(connection, job, "interrupted")
    return job


def points(*values: float) -> list[Metric]:
    return [Metric(name, step, value) for name in ("kl", "ranking_loss") for step, value in enumerate(values, 1)] + [
        Metric(name, step, value) for step, value in enumerate(values) for name in
        ("consistency_best", "consistency_worst", "held_out_kl", "log_likelihood_8")]


def summary(before: float = 0.25, after: float = 0.75) -> Finished:
    numbers = {"consistency_worst": 0.5, "kendall_tau": 0.1, "kl": 0.4, "log_likelihood_0": -3.0,
               "log_likelihood_8": -2.0, "exact_match_8": 0.5}
    example = {"task": "label 3", "test": None, "demonstrations": [None] * 4, "places": [4, 0, 1, 2, 3],
               "subsets": [[0, 1], [1, 2], [2, 3]], **SCORES}
    return Finished({"before": {"consistency_best": before} | numbers, "after": {"consistency_best": after} | numbers,
                     "flops": 1.0, "examples": [example]})


def write(page: AlignmentPage, qtbot: QtBot, *events: Event, options: AlignmentOptions = SMALL) -> int:
    made: list[int] = []
    page.session.ask(lambda project: add_run(project, options, *events), made.append)
    qtbot.waitUntil(lambda: bool(made))
    page._read()
    rest(page, qtbot)
    return made[0]


def test_without_a_second_model_the_page_says_that_two_are_needed(
    window: MainWindow, opened: Session, qtbot: QtBot
) -> None:
    opened.open_page("alignment")
    page = window.page("alignment")
    assert isinstance(page, AlignmentPage)
    rest(page, qtbot)
    assert page._stack.currentIndex() == NO_MODELS


def test_the_form_offers_the_larger_model_as_teacher_and_every_third_task_held_out(page: AlignmentPage) -> None:
    assert page._stack.currentIndex() == CONTENT
    assert page._curves_stack.currentIndex() == NO_RUNS
    assert (page.form.teacher.currentText(), page.form.student.currentText()) == ("tiny-teacher", "tiny-student")
    request = page.form.request()
    assert request is not None
    assert request.targets == ("Writing",)
    assert request.options == PRESETS["quick"]


def test_a_preset_fills_the_fields_and_a_changed_field_says_so(page: AlignmentPage) -> None:
    form = page.form
    form.preset.set_current(2)
    assert form.request().options == PRESETS["paper"]
    assert form._state.text() == "Paper"
    steps = form.fields._by_name["steps"]
    steps.setValue(steps.value() + 1)
    assert form._state.text() == "Paper, changed"
    form.preset.set_current(0)
    assert form.request().options == PRESETS["quick"]


def test_what_fits_this_machine_is_chosen_for_the_two_models(page: AlignmentPage, qtbot: QtBot) -> None:
    form = page.form
    form.preset.set_current(1)
    chosen = form.request().options
    assert form._state.text() == "This machine"
    assert (chosen.batch, chosen.lora_rank, chosen.subsets) == (PRESETS["balanced"].batch, 0, 4)
    choices = form._choices
    form.show_choices(replace(choices, machine=replace(choices.machine, memory_free=20_000_000, gpus=())), [],
                      read_only=False)
    form.preset.set_current(0)
    form.preset.set_current(1)
    squeezed = form.request().options
    assert squeezed.batch * squeezed.accumulation == chosen.batch * chosen.accumulation
    assert squeezed.batch < chosen.batch
    assert form._state.text() == "This machine"
    form.fields._by_name["batch"].setValue(64)
    qtbot.waitUntil(lambda: not form.estimating())
    assert form._state.text() == "This machine, changed"
    assert form._estimate._memory.property("tone") == "warn"        # such a batch does not fit 20 MB
    assert "roughly" in form._estimate._time.text()


def test_the_sample_tasks_can_be_chosen_in_place_of_the_project_s(page: AlignmentPage, qtbot: QtBot) -> None:
    form = page.form
    form._pool_chosen(form.pool.findText("Sample tasks"))
    rest(page, qtbot)
    assert form.pool.currentText() == "Sample tasks"
    assert form.targets.count() == 24
    assert len(form.request().targets) == 8
    assert form.request().pool == sample_tasks()


def test_what_cannot_be_trained_is_said_before_it_is_started(page: AlignmentPage) -> None:
    form = page.form
    assert not form.start.isEnabled()                       # four demonstrations a task are too few
    assert "answered demonstrations" in form._problem.text()
    form.fields._by_name["fewest"].setValue(3)
    assert form.start.isEnabled()
    form.fields._by_name["learning_rate"].setText("fast")
    assert not form.start.isEnabled()
    form.fields._by_name["learning_rate"].setText("2e-3")
    form.fields._by_name["pairs"].setValue(7)
    assert "4 subsets do not have 7 pairs" in form._problem.text()
    form.fields._by_name["pairs"].setValue(6)
    assert form._problem.text() == ""
    form.student.setCurrentIndex(form.teacher.currentIndex())
    assert "same model" in form._problem.text()
    form.student.setCurrentIndex(1 - form.teacher.currentIndex())
    for row in range(form.targets.count()):
        form.targets.item(row).setCheckState(Qt.CheckState.Unchecked)
    assert "held-out task" in form._problem.text()


def test_a_file_that_cannot_be_read_is_refused_and_the_tasks_stay(
    page: AlignmentPage, tmp_path: Path, qtbot: QtBot
) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"instruction": "Why?", "output": "So."}\nnot json\n', "utf-8")
    said: list[WorkbenchError] = []
    page.session.error.connect(said.append)
    page.form.pool_wanted.emit(broken)
    rest(page, qtbot)
    assert len(said) == 1
    assert page.form.pool.currentText() == "The project's tasks"


def test_start_puts_the_run_into_the_queue_and_its_row_shows(page: AlignmentPage, qtbot: QtBot) -> None:
    form = page.form
    form._pool_chosen(form.pool.findText("Sample tasks"))
    rest(page, qtbot)
    form.fields.show_options(SMALL)
    form.examples.setValue(2)
    form.start.click()
    qtbot.waitUntil(lambda: page.runs.model.rowCount() == 1, timeout=20_000)
    rest(page, qtbot)
    run = page.runs.model.runs[0].run
    assert run.spec.options == SMALL
    assert run.spec.examples == 2
    assert len(run.spec.target) == 8 * 14
    assert page._curves_stack.currentIndex() == CURVES
    page._act("stop")
    qtbot.waitUntil(lambda: page.runs.model.runs[0].run.state is JobState.STOPPED, timeout=30_000)


def test_points_of_a_run_are_drawn_and_said(page: AlignmentPage, qtbot: QtBot) -> None:
    job = write(page, qtbot, *points(1.25, 0.5))
    rows = page.curves.kl.curve.widget.table().rows
    assert (f"Run {job}", 2, 0.5) in rows
    assert f"Run {job}: 0.500 at step 2" in page.curves.kl.curve.widget.accessibleDescription()
    assert page.curves.held_out._value.text() == "0.50"
    assert page.curves.held_out._was.text() == "was 1.25"


def test_several_chosen_runs_lie_over_one_another(page: AlignmentPage, qtbot: QtBot) -> None:
    first = write(page, qtbot, *points(1.0, 0.5), summary())
    second = write(page, qtbot, *points(2.0, 1.5), summary())
    assert {row[0] for row in page.curves.ranking.curve.widget.rows} == {f"Run {first}"}
    page.runs.table.selectAll()
    rest(page, qtbot)
    assert {row[0] for row in page.curves.ranking.curve.widget.rows} == {f"Run {first}", f"Run {second}"}
    assert "beside" in page.curves._rest.text()


def test_an_interrupted_run_can_be_resumed_and_a_finished_one_cannot(page: AlignmentPage, qtbot: QtBot) -> None:
    write(page, qtbot, *points(1.0))
    assert page.curves.pause.text() == "Resume"
    assert page.curves.pause.isVisible()
    job = write(page, qtbot, *points(1.0), summary())
    page.shown(job=job)
    rest(page, qtbot)
    assert not page.curves.pause.isVisible()
    assert not page.curves.stop.isVisible()


def test_a_run_that_ended_early_says_from_which_checkpoint_it_goes_on(page: AlignmentPage, qtbot: QtBot) -> None:
    job = write(page, qtbot, *points(1.0))
    folder = Path(page.runs.model.runs[page.runs.model.row_of(job)].run.spec.folder) / "checkpoints"
    for step in (50, 100):
        (folder / f"checkpoint-{step}").mkdir(parents=True)
    page._read()
    rest(page, qtbot)
    assert page.curves.pause.text() == "Resume from step 100"


def test_several_methods_and_seeds_are_queued_and_what_is_there_is_not_trained_again(
    page: AlignmentPage, qtbot: QtBot
) -> None:
    form = page.form
    form._pool_chosen(form.pool.findText("Sample tasks"))
    rest(page, qtbot)
    form.fields.show_options(SMALL)
    form.examples.setValue(2)
    request = form.request()
    dialog = MethodsDialog(request, form._estimator(), page)
    assert dialog._go.text() == "Queue 15 runs"
    for method in ("vanilla", "finetune", "pretrain"):
        dialog.methods[method].setChecked(False)
    dialog.seeds.setValue(2)
    wanted = dialog.requests()
    assert [(one.options.method, one.options.seed) for one in wanted] == [
        ("output", 0), ("bialign", 0), ("output", 1), ("bialign", 1)]
    assert "in all" in dialog._said.text()
    for one in wanted[1:]:
        write(page, qtbot, *points(1.0), summary(), options=one.options)
    page.queue_all(wanted)
    qtbot.waitUntil(lambda: page.runs.model.rowCount() == 4, timeout=20_000)
    rest(page, qtbot)
    assert page.runs.model.runs[0].run.spec.options == wanted[0].options
    page._act("stop")
    qtbot.waitUntil(lambda: page.runs.model.runs[0].run.state is JobState.STOPPED, timeout=30_000)


def test_a_trained_student_is_exported_in_the_chosen_form(page: AlignmentPage, qtbot: QtBot, tmp_path: Path) -> None:
    trained = shutil.copytree(resources.path("models", "tiny-student"), tmp_path / "run" / "student")
    write(page, qtbot, *points(1.0), Artifact(str(trained), "student", "0" * 64), summary())
    page.export.click()
    qtbot.waitUntil(lambda: page.findChild(StudentExportDialog) is not None)
    dialog = page.findChild(StudentExportDialog)
    adapter = dialog._group.button(1)
    assert (adapter.text(), adapter.isEnabled()) == ("Adapter only (peft)", False)
    dialog.write(tmp_path / "merged")
    rest(page, qtbot)
    assert (tmp_path / "merged" / "model.safetensors").is_file()
    assert not dialog.isVisible()
    again = StudentExportDialog(page.session, Student(trained, forms_of(trained)), "taught", page)
    again.show()
    again.choose_form("gguf")
    again.write(tmp_path / "merged")
    rest(page, qtbot)
    assert "is there already" in again._problem.accessibleName()
    assert again._problem.isVisible()
    again.write(tmp_path / "taught.gguf")
    rest(page, qtbot)
    assert (tmp_path / "taught.gguf").read_bytes()[:4] == b"GGUF"


def test_the_preferences_show_ranks_and_the_demonstrations_of_a_picked_subset(
    page: AlignmentPage, qtbot: QtBot
) -> None:
    job = write(page, qtbot, *points(1.0, 0.5), summary())
    slope = page.preferences.slope
    table = slope.table()
    assert table.rows[0][:4] == ("1, 2", 1, 3, 1)
    slope.setFocus()
    QTest.keyClick(slope, Qt.Key.Key_Down)
    assert slope.selected == 0
    run = page.runs.model.runs[page.runs.model.row_of(job)].run
    said = page.preferences.text.view.toPlainText()
    assert run.spec.target[0].instruction in said
    assert run.spec.target[1].instruction in said
    assert run.spec.target[2].instruction not in said
    plot = slope._plot(slope.rect().toRectF())
    assert slope.line_at(slope._point(plot, 2, 1)) == 2
    assert slope.line_at(QPointF(-50, -50)) == -1


def compared(page: AlignmentPage) -> list[list[str]]:
    model = page.runs.comparison.table.model()
    return [[model.index(row, column).data() for column in range(3)] for row in range(model.rowCount())]


def test_finished_runs_are_compared_method_by_method(page: AlignmentPage, qtbot: QtBot) -> None:
    write(page, qtbot, *points(1.0), summary(0.2, 0.8))
    write(page, qtbot, *points(1.0), summary(0.2, 0.4), options=replace(SMALL, method="output"))
    page.compare.click()
    assert compared(page) == [["Vanilla", "1", "20 %"], ["Output-Align", "1", "40 %"], ["BiAlign", "1", "80 %"]]


def test_methods_get_means_with_intervals_over_seeds_and_changes_in_the_chart(
    page: AlignmentPage, qtbot: QtBot
) -> None:
    for seed, after in enumerate((0.4, 0.6, 0.8)):
        write(page, qtbot, *points(1.0), summary(0.2, after), options=replace(SMALL, seed=seed))
        write(page, qtbot, *points(1.0), summary(0.2, after - 0.1), options=replace(SMALL, seed=seed, method="output"))
    other = write(page, qtbot, *points(1.0), summary(0.2, 0.9), options=replace(SMALL, steps=3))
    page.runs.table.choose(1)
    page.compare.click()
    comparison = page.runs.comparison
    assert comparison.settings.count() == 2
    assert compared(page)[2] == ["BiAlign", "3", "60 % ± 50 %"]             # 4.303 · 0.2 / √3 = 0.497
    comparison.measure.setCurrentIndex(comparison.measure.findData("consistency_best"))
    rows = comparison.chart.table().rows
    assert [row[0] for row in rows] == ["Output-Align", "BiAlign", "Over Output-Align"]
    assert [row[1] for row in rows] == pytest.approx([0.3, 0.4, 0.1])
    assert rows[2][2:4] == pytest.approx((0.1, 0.1))
    page.shown(job=other, compare=True)
    rest(page, qtbot)
    assert compared(page)[1] == ["BiAlign", "1", "90 %"]


def test_a_cell_of_the_agreement_shows_its_example_and_the_demonstrations(page: AlignmentPage, qtbot: QtBot) -> None:
    finished = summary()
    finished.summary["examples"] = [finished.summary["examples"][0], finished.summary["examples"][0] | {
        "places": [9, 5, 6, 7, 8], "before": [-1.0, -2.0, -3.0]}]
    job = write(page, qtbot, *points(1.0), finished)
    pane = page.preferences
    pane.part.set_current(1)
    matrix = pane.matrix
    assert matrix.shares(0) == [0.5, 1.0, 0.5]
    assert matrix.shares(1) == [1.0, 0.0, 0.0]
    matrix.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(matrix, key)
    assert matrix.selected == (1, 1, 1)
    target = page.runs.model.runs[page.runs.model.row_of(job)].run.spec.target
    said = pane.text.view.toPlainText()
    assert target[6].instruction in said                    # the teacher's second subset is its second and third
    assert target[7].instruction in said
    assert target[5].instruction not in said
    assert (pane.example.currentIndex(), pane.slope.selected) == (1, 1)
    where = matrix._cell(matrix.rect().toRectF(), 0, 0, 2).center()
    QTest.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=where.toPoint())
    assert matrix.selected == (0, 0, 2)
    assert pane.example.currentIndex() == 0


def test_of_many_runs_a_few_are_in_colour_and_the_others_behind_them(page: AlignmentPage, qtbot: QtBot) -> None:
    assert series_colours(6) == [0, 1, 2, 3, 4, 5]
    for seed in range(7):
        write(page, qtbot, *points(1.0, 0.5), options=replace(SMALL, seed=seed))
    page.runs.table.selectAll()
    rest(page, qtbot)
    assert list(page.runs.model.colours.values()) == [0, 1, 2, BACKGROUND, BACKGROUND, BACKGROUND, BACKGROUND]
    assert len({row[0] for row in page.curves.ranking.curve.widget.rows}) == 7


def test_a_zoom_and_the_mark_under_the_mouse_are_one_of_all_curves(page: AlignmentPage, qtbot: QtBot) -> None:
    write(page, qtbot, *points(1.0, 0.5, 0.25))
    plots = [tile.curve.widget for tile in page.curves.tiles]
    plots[0].setXRange(1, 2, padding=0)
    assert all(plot.getPlotItem().getViewBox().viewRange()[0] == pytest.approx([1, 2], abs=0.2) for plot in plots)
    page.curves.total.curve.hovered.emit(1.5)
    assert all(tile.curve._mark.isVisible() and tile.curve._mark.value() == 1.5 for tile in page.curves.tiles)
    page.curves.total.curve.hovered.emit(None)
    assert not any(tile.curve._mark.isVisible() for tile in page.curves.tiles)
    page.curves.kl.curve.show_all()
    assert plots[3].getPlotItem().getViewBox().viewRange()[0][0] < 0.1


def test_the_held_out_measure_that_is_drawn_can_be_chosen(page: AlignmentPage, qtbot: QtBot) -> None:
    write(page, qtbot, *points(1.0), Metric("exact_match_4", 0, 0.25), Metric("exact_match_4", 1, 0.5))
    page.curves.show_held_out("exact_match_4")
    assert [row[1:] for row in page.curves.held_out.curve.widget.rows] == [(0, 0.25), (1, 0.5)]
    assert page.curves.held_out._value.text() == "50 %"


def test_a_narrow_window_shows_the_curves_or_the_preferences(
    in_window: AlignmentPage, window: MainWindow, qtbot: QtBot
) -> None:
    page = in_window
    write(page, qtbot, *points(1.0, 0.5), summary())
    assert page.curves.isVisible()
    assert page.preferences.isVisible()
    window.resize(1024, 640)
    assert (page.curves.isVisible(), page.preferences.isVisible()) == (True, False)
    page.part.set_current(1)
    assert (page.curves.isVisible(), page.preferences.isVisible()) == (False, True)
    qtbot.waitUntil(lambda: window.minimumSizeHint().width() <= 1024)
    assert window.minimumSizeHint().height() <= 640


def test_the_losses_can_be_drawn_on_a_logarithmic_scale(page: AlignmentPage, qtbot: QtBot) -> None:
    write(page, qtbot, *points(100.0, 1.0, 0.0))
    curve = page.curves.kl.curve
    next(action for action in page.curves.look.menu().actions() if "logarithmic" in action.text()).toggle()
    low, high = curve.widget.getPlotItem().getViewBox().viewRange()[1]
    assert -0.5 < low < 0 < 2 < high < 2.5
    longest = max(len(item.xData) for item in curve.widget.getPlotItem().listDataItems())
    assert longest == 2                                     # zero has no logarithm


def test_enter_on_a_finished_run_among_the_jobs_opens_it_here(
    in_window: AlignmentPage, window: MainWindow, qtbot: QtBot
) -> None:
    page = in_window
    job = write(page, qtbot, *points(1.0), summary())
    write(page, qtbot, *points(1.0), summary())
    page.session.open_page("jobs", job_id=job)
    jobs_page = window.page("jobs")
    qtbot.waitUntil(lambda: jobs_page._current_id() == job)
    QTest.keyClick(jobs_page.table, Qt.Key.Key_Return)
    assert window.current_page == "alignment"
    rest(page, qtbot)
    assert page.runs.current_id() == job


def test_a_trained_student_becomes_a_model_of_the_project(page: AlignmentPage, qtbot: QtBot, tmp_path: Path) -> None:
    student = resources.path("models", "tiny-student")
    job = write(page, qtbot, *points(1.0), Artifact(str(student), "student", "0" * 64))
    assert not page.register.isEnabled()                    # it has not finished
    job = write(page, qtbot, *points(1.0), Artifact(str(student), "student", "0" * 64), summary())
    page.shown(job=job)
    rest(page, qtbot)
    assert page.register.isEnabled()
    names: list[str] = []
    page.register_as(job, "taught")
    page.session.ask(lambda p: [model.ref.name for model in p.models.all()], names.extend)
    rest(page, qtbot)
    assert "taught" in names


def test_a_project_that_is_open_for_reading_offers_no_start(
    window: MainWindow, session: Session, with_models: Path, qtbot: QtBot
) -> None:
    session.adopt(Project.open(with_models, read_only=True))
    session.open_page("alignment")
    page = window.page("alignment")
    assert isinstance(page, AlignmentPage)
    rest(page, qtbot)
    page.form.fields._by_name["fewest"].setValue(3)
    assert page.form._problem.text() == ""
    assert not page.form.start.isEnabled()


def test_every_control_of_the_page_has_a_name(page: AlignmentPage, qtbot: QtBot) -> None:
    write(page, qtbot, *points(1.0, 0.5), summary())
    page.form.show_more(True)
    assert nameless(page) == []


def test_ranks_and_directions() -> None:
    assert ranks([-1.0, -3.0, -2.0]) == [1, 3, 2]
    assert ranks([0.0, 0.0]) == [1, 2]
    assert [direction(places) for places in ((1, 3, 1), (1, 1, 2), (2, 3, 1))] == ["closer", "farther", "same"]


def test_the_smoothed_line_begins_at_its_first_value_and_follows() -> None:
    assert smoothed([2.0, 2.0, 2.0]) == pytest.approx([2.0, 2.0, 2.0])
    assert smoothed([0.0, 1.0], kept=0.5) == pytest.approx([0.0, 2 / 3])


def test_an_example_of_a_run_from_before_texts_were_kept_still_shows_its_ranks(
    page: AlignmentPage, qtbot: QtBot
) -> None:
    finished = json.loads(json.dumps(summary().summary))
    del finished["examples"][0]["places"]
    write(page, qtbot, *points(1.0), Finished(finished))
    example = examples(page.runs.model.runs[0].run)[0]
    assert example.test is None
    assert [line.label for line in example.lines] == ["1, 2", "2, 3", "3, 4"]
