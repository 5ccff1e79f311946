"""The Alignment page: its form, its room, its runs and what can be done with them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.alignment_project import SMALL, finished, points, write
from tests.gui.test_accessible_names import nameless
from tests.gui.waiting import rest
from workbench.alignment.options import PRESETS
from workbench.domain import JobState
from workbench.errors import WorkbenchError
from workbench.gui.alignment.dialogs import ResumeDialog
from workbench.gui.alignment.page import CONTENT, CURVES, NO_MODELS, NO_RUNS, AlignmentPage
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.models.machine import Machine
from workbench.services.project import Project
from workbench.services.trainings import sample_tasks


def texts(widget: QWidget) -> list[str]:
    return [one.text() for one in widget.findChildren(QLabel)]


@pytest.fixture
def page(alignment_page: AlignmentPage) -> AlignmentPage:
    return alignment_page


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
    assert form.fields._by_name["learning_rate"].value() == PRESETS["balanced"].learning_rate
    form.student.setCurrentIndex(form.student.findText("tiny-teacher"))           # twice as wide
    assert form.fields._by_name["learning_rate"].value() == PRESETS["balanced"].learning_rate / 2
    assert form._state.text() == "This machine"
    form.student.setCurrentIndex(form.student.findText("tiny-student"))
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
    tasks = {json.loads(line)["tags"][0] for line in sample_tasks().read_text("utf-8").splitlines()}
    assert form.targets.count() == len(tasks)
    assert len(form.request().targets) == len(tasks) // 3
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
    long = replace(SMALL, steps=20_000)                  # it shall not end by itself before it is stopped
    form.fields.show_options(long)
    form.examples.setValue(2)
    form.start.click()
    # no rest here: the page reads again as long as the run sends numbers
    qtbot.waitUntil(lambda: page.runs.model.rowCount() == 1)
    run = page.runs.model.rows[0].run
    assert run.spec.options == long
    assert run.spec.examples == 2
    assert 0 < len(run.spec.target) < len(run.spec.source)
    assert page._curves_stack.currentIndex() == CURVES
    page._act("stop")
    qtbot.waitUntil(lambda: page.runs.model.rows[0].run.state is JobState.STOPPED)


def test_an_interrupted_run_can_be_resumed_and_a_finished_one_cannot(page: AlignmentPage, qtbot: QtBot) -> None:
    write(page, qtbot, *points(1.0))
    assert page.curves.pause.text() == "Resume"
    assert page.curves.pause.isVisible()
    job = write(page, qtbot, *points(1.0), finished())
    page.shown(job=job)
    rest(page, qtbot)
    assert not page.curves.pause.isVisible()
    assert not page.curves.stop.isVisible()


def test_a_run_that_ended_early_goes_on_from_the_checkpoint_that_a_person_chooses(
    page: AlignmentPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = write(page, qtbot, *points(1.0, 0.5, 0.25))
    folder = Path(page.runs.model.rows[page.runs.model.row_of(job)].run.spec.folder) / "checkpoints"
    said = []
    for step, words in ((1, "Resume from step 1"), (2, "Resume from…")):
        (folder / f"checkpoint-{step}").mkdir(parents=True)
        page.reader.read()
        rest(page, qtbot)
        assert page.curves.pause.text() == words
    monkeypatch.setattr(page, "resume_from", lambda job_id, step: said.append((job_id, step)))
    page.curves.pause.click()
    dialog = page.window().findChild(ResumeDialog)
    assert (dialog.step, dialog._loss.isVisible()) == (2, False)
    dialog.choose(1)
    assert dialog._loss.accessibleName() == "The checkpoint of step 2 and the curves after step 1 are replaced."
    assert any(text.startswith("Held out: KL 0.50") for text in texts(dialog))
    dialog._go.click()
    assert said == [(job, 1)]


def test_a_narrow_window_shows_the_curves_or_the_preferences(
    alignment_in_window: AlignmentPage, window: MainWindow, qtbot: QtBot
) -> None:
    page = alignment_in_window
    write(page, qtbot, *points(1.0, 0.5), finished())
    assert page.curves.isVisible()
    assert page.preferences.isVisible()
    window.resize(1024, 640)
    assert (page.curves.isVisible(), page.preferences.isVisible()) == (True, False)
    page.part.set_current(1)
    assert (page.curves.isVisible(), page.preferences.isVisible()) == (False, True)
    qtbot.waitUntil(lambda: window.minimumSizeHint().width() <= 1024)
    assert window.minimumSizeHint().height() <= 640


def test_enter_on_a_finished_run_among_the_jobs_opens_it_here(
    alignment_in_window: AlignmentPage, window: MainWindow, qtbot: QtBot
) -> None:
    page = alignment_in_window
    job = write(page, qtbot, *points(1.0), finished())
    write(page, qtbot, *points(1.0), finished())
    page.session.open_page("jobs", job_id=job)
    jobs_page = window.page("jobs")
    qtbot.waitUntil(lambda: jobs_page._current_id() == job)
    QTest.keyClick(jobs_page.table, Qt.Key.Key_Return)
    assert window.current_page == "alignment"
    rest(page, qtbot)
    assert page.runs.current_id() == job


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
    write(page, qtbot, *points(1.0, 0.5), finished())
    page.form.show_more(True)
    assert nameless(page) == []


def test_devices_are_a_choice_only_where_there_are_several(
    page: AlignmentPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert page.form.devices.isHidden()
    four = Machine(2**34, 2**33, (("GPU", 2**34, 2**34),) * 4, 2**40)
    monkeypatch.setattr("workbench.services.models.read_machine", lambda disk: four)
    page._models_changed = True
    page.reader.read()
    rest(page, qtbot)
    form = page.form
    assert not form.devices.isHidden()
    assert (form.devices.choice.text(), form.request().devices) == ("All 4 GPUs", None)
    form.fields._by_name["batch"].setValue(6)
    assert form.devices.choice.text() == "3 of 4 GPUs"          # what shares out six samples evenly
    form.devices.choice.set_current(1)
    assert form.request().devices == 1
