"""The window, the command line, the tour and a notebook ask for the same jobs by the same choices."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from workbench import tour_alignment, tour_bench
from workbench.alignment.harness_options import HarnessOptions
from workbench.alignment.options import PRESETS
from workbench.cli import parser
from workbench.command_line.aligning import training_request
from workbench.command_line.bench_requests import bench_request, recipe_request
from workbench.command_line.evaluating import evaluation_request
from workbench.domain import Answer, DecodingSettings
from workbench.errors import WorkbenchError
from workbench.gui.alignment.benchmarks import BenchmarkDialog
from workbench.gui.alignment.form import TrainingForm
from workbench.gui.bench.recipes.form import KINDS, RecipeForm
from workbench.gui.bench.run.form import BenchForm
from workbench.gui.shell.session import Session
from workbench.jobs.kind import JobSpec
from workbench.library import requests as notebooks
from workbench.services import benching, evaluations, recipes, trainings
from workbench.services.project import Project, open_sample


@pytest.fixture
def project(session: Session, tmp_path: Path, settle: Callable[[], None]) -> Project:
    """The sample project, open in the window's session."""
    made = open_sample(tmp_path / "sample")
    session.adopt(made)
    settle()
    return made


def command(*words: str) -> Namespace:
    """The options of a command; its second word (of a group's, the third) would be the project."""
    return parser().parse_args([*words, "PROJECT"])


@pytest.mark.parametrize(("words", "kind"), [
    (("bench", "sweep"), "decoding"), (("bench", "scaling"), "scaling"), (("bench", "parts"), "demonstration_parts"),
    (("bench", "tuning"), "tuning"), (("bench", "judged-search"), "judged_search"),
])
def test_a_recipe_is_the_same_job_from_the_form_from_a_command_and_from_a_notebook(
    project: Project, session: Session, qtbot: QtBot, words: tuple[str, ...], kind: str
) -> None:
    choices = project.lane.run(lambda: recipes.read_recipe_choices(project))
    form = RecipeForm(session, choices, None, None, lambda request: None)
    qtbot.addWidget(form)
    form.kind.set_current(KINDS.index(kind))
    from_window = form.request()

    def jobs() -> list[JobSpec]:
        from_command = recipe_request(project, choices, kind, command(*words))
        called = notebooks.recipe_request(project, kind, {})
        return [recipes.specification(project, request) for request in (from_window, from_command, called)]

    window, typed, called = project.lane.run(jobs)
    assert window == typed == called


def test_answering_and_judging_are_the_same_jobs_from_the_form_the_command_the_tour_and_a_notebook(
    project: Project, qtbot: QtBot
) -> None:
    choices = project.lane.run(lambda: benching.read_choices(project))
    request = benching.default_request(choices, None, None)
    assert request is not None
    form = BenchForm(choices, request, lambda request: None)
    qtbot.addWidget(form)
    form.judge.setCurrentIndex(1)                    # the references' likelihood
    from_window = form.request()

    def jobs() -> list[benching.BenchJobs]:
        typed = bench_request(project, command("bench", "answer", "--then-judge", "likelihood"))
        judge = benching.JudgeChoice("likelihood")
        called = notebooks.bench_request(project, {"judge": judge})
        new = notebooks.new_contestants(project, ["tiny-teacher"], None, DecodingSettings())
        chosen = notebooks.bench_request(project, {"judge": judge, "new": new})
        return [benching.specifications(project, request) for request in (from_window, typed, called, chosen)]

    window, *others = project.lane.run(jobs)
    assert others == [window] * 3
    assert window.answering is not None
    assert len(window.judging) == len(window.contestants) == 2

    def toured() -> tuple[benching.BenchJobs, benching.BenchJobs]:
        model, student = (next(one.ref for one in project.models.all() if one.ref.name == name)
                          for name in ("tiny-teacher", "tiny-student"))
        asked = tour_bench.bench_request(project, tour_bench.held_out_set(project), model, student, student,
                                         project.prompts.all()[0].id, 0)
        words = ("bench", "answer", "--questions", str(asked.set_id), "--then-judge", "likelihood", "--max-tokens",
                 str(tour_bench.MAX_TOKENS), "--prompt", project.prompts.all()[0].name)
        names = [word for name in ("tiny-teacher", "tiny-student") for word in ("--model", name)]
        typed = bench_request(project, command(*words, *names))
        return benching.specifications(project, asked), benching.specifications(project, typed)

    tour, typed = project.lane.run(toured)
    assert tour == typed


def test_a_training_is_the_same_job_from_the_form_the_command_the_tour_and_a_notebook(
    project: Project, qtbot: QtBot
) -> None:
    choices = project.lane.run(lambda: trainings.default_choices(project))
    form = TrainingForm()
    qtbot.addWidget(form)
    form.show_choices(choices, [], read_only=False)
    from_window = form.request()
    assert from_window is not None

    def jobs() -> list[JobSpec]:
        typed = training_request(project, command("align"))
        called = notebooks.training_request(project, "quick", {}, {})
        return [trainings.specification(project, request) for request in (from_window, typed, called)]

    window, typed, called = project.lane.run(jobs)
    assert window == typed == called

    def toured() -> list[JobSpec]:
        teacher = next(one.ref for one in project.models.all() if one.ref.name == "tiny-teacher")
        options = replace(PRESETS["quick"], evaluate_every=50)
        words = ("align", "--pool", str(trainings.sample_tasks()), "--set", "evaluate_every=50", "--examples", "60")
        called = notebooks.training_request(project, "quick", {"evaluate_every": 50},
                                            {"pool": trainings.sample_tasks(), "examples": 60})
        return [tour_alignment.align_spec(project, teacher, options, 60),
                trainings.specification(project, training_request(project, command(*words))),
                trainings.specification(project, called)]

    tour, typed, called = project.lane.run(toured)
    assert tour == typed == called


def test_a_benchmark_is_the_same_job_from_the_dialog_from_a_command_and_from_a_notebook(
    project: Project, qtbot: QtBot
) -> None:
    choices = project.lane.run(lambda: evaluations.read_benchmark_choices(project))
    first = project.lane.run(lambda: project.prompts.all()[0].id)
    asked: list[evaluations.BenchmarkRequest] = []
    page = QWidget()
    qtbot.addWidget(page)
    dialog = BenchmarkDialog(choices, first, asked.append, page)
    dialog.tasks["gsm8k"].setChecked(True)
    dialog.limit.setValue(20)

    def jobs() -> list[JobSpec]:
        typed = evaluation_request(project, command("evaluate", "--tasks", "gsm8k", "--limit", "20"))
        called = notebooks.benchmark_request(project, HarnessOptions(("gsm8k",), limit=20), {})
        return [evaluations.specification(project, request) for request in (dialog.request(), typed, called)]

    window, typed, called = project.lane.run(jobs)
    assert window == typed == called
    assert window.options == HarnessOptions(("gsm8k",), limit=20)                          # type: ignore[union-attr]


def test_a_comparison_with_the_base_model_is_the_same_job_from_the_form_from_a_command_and_from_a_notebook(
    project: Project, session: Session, qtbot: QtBot
) -> None:
    def answered() -> int:
        (set_id, *_) = [one.id for one in project.questions.sets() if not one.held_out]
        model = next(one.ref for one in project.models.all() if one.current)
        new = benching.new_contestants([one for one in project.models.all() if one.current], [None], DecodingSettings())
        jobs = benching.specifications(project, benching.BenchRequest(set_id, new=new))
        assert jobs.answering is not None
        assert jobs.answering.model == model
        question = jobs.answering.questions[0]
        project.bench.store_answers(jobs.answering.contestants, [Answer(0, question.id or 0, 0, 0, "Yes.")], "answered")
        return set_id

    set_id = project.lane.run(answered)
    choices = project.lane.run(lambda: recipes.read_recipe_choices(project))
    here = {one.id for one in choices.bench.readings[set_id].contestants if one.id is not None}
    form = RecipeForm(session, choices, set_id, None, lambda request: None, ticked=here)
    qtbot.addWidget(form)
    form.kind.set_current(KINDS.index("shift"))
    from_window = form.request()

    def jobs() -> list[JobSpec]:
        found = recipes.default_request(choices, "shift", set_id)
        assert found is not None
        called = notebooks.recipe_request(project, "shift", {"set_id": set_id})
        return [recipes.specification(project, request) for request in (from_window, found, called)]

    window, default, called = project.lane.run(jobs)
    assert window == default == called
    assert {one.id for one in window.contestants} == here                                  # type: ignore[union-attr]


def test_what_is_not_possible_is_refused_with_the_windows_reason(project: Project) -> None:
    def refused() -> None:
        choices = recipes.read_recipe_choices(project)
        request = recipes.default_request(choices, "judged_search")
        assert request is not None
        recipes.checked(project, choices, replace(request, query="tag:nothing-has-this"))

    with pytest.raises(WorkbenchError, match="no demonstration to draw from"):
        project.lane.run(refused)


