"""Benchmarks on the Alignment page: their scores by model, and starting them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.alignment_project import finished, points, write
from tests.gui.test_accessible_names import nameless
from tests.gui.waiting import rest
from workbench.alignment.harness_options import HarnessOptions
from workbench.gui.alignment.benchmarks import BenchmarkDialog, cells
from workbench.gui.alignment.page import CURVES, NO_RUNS, AlignmentPage
from workbench.gui.alignment.runs import BENCHMARKS, COMPARE, RUNS
from workbench.gui.jobs.table import RESULTS
from workbench.jobs.events import Finished
from workbench.jobs.kinds.evaluate import EvaluateResult, EvaluateSpec
from workbench.jobs.wire import encode_spec
from workbench.services.evaluations import BenchmarkChoices, read_benchmark_choices, task_scores
from workbench.services.job_results import store
from workbench.services.project import Project
from workbench_db import jobs

GSM8K = ({"exact_match,strict-match": 0.25, "exact_match,flexible-extract": 0.5}, {"exact_match,strict-match": 0.125})


def add(project: Project, model: str, tasks: dict[str, tuple[dict[str, float], dict[str, float]]]) -> int:
    """A finished job, written as the queue writes it; called on the lane."""
    ref = next(one.ref for one in project.models.all() if one.ref.name == model)
    spec = EvaluateSpec(ref, HarnessOptions(("gsm8k", "mmlu")))
    found = EvaluateResult({task: values for task, (values, _) in tasks.items()},
                           {task: errors for task, (_, errors) in tasks.items()}, dict.fromkeys(tasks, 100))
    with project.database.write() as connection:
        job = jobs.insert_job(connection, spec.kind, "Evaluate", encode_spec(spec))
        jobs.set_state(connection, job, "running")
        store(connection, job, spec.kind, Finished(found))
    return job


@pytest.fixture
def asked(alignment_page: AlignmentPage, qtbot: QtBot) -> Callable[[Callable[[Project], Any]], Any]:
    def ask(work: Callable[[Project], Any]) -> Any:
        made: list[Any] = []
        alignment_page.session.ask(work, made.append)
        qtbot.waitUntil(lambda: bool(made))
        return made[0]

    return ask


def test_scores_stand_by_task_and_model_and_the_newest_counts(alignment_page: AlignmentPage, asked: Any) -> None:
    """A group's parts are left out; of a task's measures the usual one stands."""
    mmlu = {"mmlu": ({"acc": 0.5}, {"acc": 0.05}), "mmlu_law": ({"acc": 0.4}, {})}
    asked(lambda project: add(project, "tiny-teacher", {"gsm8k": ({"exact_match,strict-match": 0.1}, {})}))
    asked(lambda project: add(project, "tiny-teacher", {"gsm8k": GSM8K}))
    asked(lambda project: add(project, "tiny-student", mmlu))
    columns, rows = cells(asked(task_scores))
    assert columns == ["Task", "Measure", "Examples", "Demonstrations", "tiny-student", "tiny-teacher"]
    assert rows == [["mmlu", "acc", "100", "as the task says", "0.500 ± 0.050", "–"],
                    ["gsm8k", "exact_match, strict-match", "100", "as the task says", "–", "0.250 ± 0.125"]]


def test_a_finished_job_opens_its_scores_with_and_without_runs(
    alignment_page: AlignmentPage, asked: Any, qtbot: QtBot
) -> None:
    page = alignment_page
    assert RESULTS["evaluate"] == page.name
    assert page._curves_stack.currentIndex() == NO_RUNS
    job = asked(lambda project: add(project, "tiny-teacher", {"gsm8k": GSM8K}))
    page.shown(job=job)
    rest(page, qtbot)
    assert (page._curves_stack.currentIndex(), page.runs.part.current()) == (CURVES, BENCHMARKS)
    assert not page._top.isVisible()             # there is no run whose curves could be shown
    assert page.runs.view().currentIndex().data() == "gsm8k"
    write(page, qtbot, *points(1.0), finished())
    page.runs.part.set_current(RUNS)
    assert page._top.isVisible()
    assert nameless(page) == []


def test_a_low_page_gives_what_is_compared_the_room_of_the_curves(alignment_page: AlignmentPage, qtbot: QtBot) -> None:
    page = alignment_page
    write(page, qtbot, *points(1.0), finished())
    for height, part, shown in ((560, RUNS, True), (560, COMPARE, False), (900, COMPARE, True),
                                (560, BENCHMARKS, False)):
        page.resize(1000, height)
        page.runs.part.set_current(part)
        assert page._top.isVisible() is shown


def test_the_dialog_asks_before_a_models_code_is_run(alignment_page: AlignmentPage, asked: Any, qtbot: QtBot) -> None:
    choices = asked(read_benchmark_choices)
    started: list[Any] = []
    dialog = BenchmarkDialog(choices, None, started.append, alignment_page)
    qtbot.addWidget(dialog)
    assert nameless(dialog) == []
    assert not dialog.start.isEnabled()
    dialog.tasks["gsm8k"].setChecked(True)
    dialog.others.setText(" hellaswag, gsm8k ")
    assert dialog.start.isEnabled()
    dialog.tasks["humaneval"].setChecked(True)
    assert not dialog.start.isEnabled()
    dialog.code.setChecked(True)
    dialog.limit.setValue(50)
    dialog.start.click()
    assert started[0].options == HarnessOptions(("gsm8k", "humaneval", "hellaswag"), limit=50, allow_code=True)
    missing = BenchmarkDialog(BenchmarkChoices(choices.models, (), installed=False), None, started.append,
                              alignment_page)
    qtbot.addWidget(missing)
    missing.tasks["gsm8k"].setChecked(True)
    assert not missing.start.isEnabled()
