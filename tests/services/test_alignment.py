"""Training runs as the window and the command line see them."""

from __future__ import annotations

from pathlib import Path

import pytest

import workbench_resources as resources
from workbench.alignment.options import PRESETS
from workbench.domain import Demonstration, ModelRef
from workbench.errors import FormatError, JobError
from workbench.jobs.events import Artifact, Finished, Metric
from workbench.jobs.kinds.align import AlignResult
from workbench.jobs.wire import encode_spec
from workbench.services.job_results import store
from workbench.services.project import Project
from workbench_db import jobs

TEACHER, STUDENT = ModelRef("teacher", "/models/teacher"), ModelRef("student", "/models/student")
SAMPLE = resources.path("sample", "tasks.jsonl")


def test_tasks_are_read_from_tags_and_categories(project: Project) -> None:
    project.lane.run(lambda: project.demonstrations.add((
        Demonstration.pair("a", "b", category="maths"), Demonstration.pair("c", "d", tags=("task:verse",)))))
    assert project.lane.run(lambda: {task: len(d) for task, d in project.alignment.tasks().items()}) == {
        "maths": 1, "verse": 1}


def test_a_pool_that_is_not_imported_gives_a_run_and_leaves_the_project_as_it_was(project: Project) -> None:
    spec = project.lane.run(lambda: project.alignment.spec(TEACHER, STUDENT, PRESETS["quick"], pool=SAMPLE))
    assert (len(spec.source), len(spec.target)) == (107 * 14, 53 * 14)
    assert project.lane.run(project.alignment.tasks) == {}


def test_a_pool_with_a_broken_row_is_refused(project: Project, tmp_path: Path) -> None:
    broken = tmp_path / "tasks.jsonl"
    broken.write_text('{"instruction": "Why?", "output": "So."}\nnot json\n', "utf-8")
    with pytest.raises(FormatError, match="Line 2"):
        project.lane.run(lambda: project.alignment.file_tasks(broken))


def test_without_tasks_on_both_sides_no_run_is_made(project: Project) -> None:
    with pytest.raises(JobError, match="tasks to train on"):
        project.lane.run(lambda: project.alignment.spec(TEACHER, STUDENT, PRESETS["quick"]))


def test_a_run_has_its_curves_its_summary_and_its_student(project: Project, tmp_path: Path) -> None:
    spec = project.lane.run(lambda: project.alignment.spec(TEACHER, STUDENT, PRESETS["quick"], pool=SAMPLE))

    def write(*events: object) -> int:
        with project.database.write() as connection:
            job = jobs.insert_job(connection, "align", "Train", encode_spec(spec))
            jobs.set_state(connection, job, "running")
            for event in events:
                store(connection, job, "align", event)
        return job

    measured = {"consistency_best": 0.5}
    first = project.lane.run(lambda: write(Metric("kl", 1, 0.5), Metric("kl", 2, 0.25)))
    second = project.lane.run(lambda: write(
        Artifact(str(resources.path("models", "tiny-student")), "student", "0" * 64),
        Finished(AlignResult(measured, measured))))
    runs = project.lane.run(project.alignment.runs)
    assert [run.job_id for run in runs] == [second, first]
    assert runs[1].spec == spec
    assert runs[0].job.ended is not None
    assert runs[0].result is not None
    assert runs[0].result.after == measured
    assert project.lane.run(lambda: project.alignment.curves(first, ("kl", "loss"))) == {"kl": [(1, 0.5), (2, 0.25)]}
    with pytest.raises(JobError, match="no trained student"):
        project.lane.run(lambda: project.alignment.register(first, "taught"))
    project.lane.run(lambda: project.alignment.register(second, "taught"))
    assert [model.ref.name for model in project.lane.run(project.models.all)] == ["taught"]
