"""The tour's training: a small student learns to prefer what its teacher prefers, on the carried tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from workbench.alignment.options import METHOD_NAMES, AlignmentOptions
from workbench.domain import ModelRef
from workbench.errors import ProjectError
from workbench.formats.report import Chart
from workbench.formats.svg import GAIN, PLAIN, Mark, interval_plot
from workbench.jobs.kinds.align import AlignResult, AlignSpec
from workbench.services import trainings
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project

STUDENT = "tiny-student"
TAUGHT = "tiny-student, taught"
TOLD = ("consistency_best", "consistency_worst", "kendall_tau", "kl", "log_likelihood_0", "log_likelihood_8",
        "exact_match_0", "exact_match_8")


def align_spec(project: Project, teacher: ModelRef, options: AlignmentOptions, examples: int) -> AlignSpec:
    """The carried student and ``teacher``, on the carried tasks: every third of them is held out."""
    student = next((one.ref for one in project.models.all() if one.ref.name == STUDENT), None)
    if student is None:
        raise ProjectError(f"The sample project has no model “{STUDENT}”.",
                           remedy="Restore the folder resources/models.")
    choices = trainings.read_choices(project, trainings.sample_tasks())
    request = trainings.default_request(choices, teacher_id=teacher.id, student_id=student.id)
    return trainings.specification(project, replace(request, options=options, examples=examples))


def register_taught(project: Project, job_id: int) -> ModelRef:
    """Make the trained student a model of the project."""
    project.alignment.register(job_id, TAUGHT)
    return next(one.ref for one in project.models.all() if one.ref.name == TAUGHT)


def alignment_summary(spec: AlignSpec, info: JobInfo) -> dict[str, Any]:
    """What summary.json says of the training: its options, and what was measured before and after it."""
    result = info.result
    assert isinstance(result, AlignResult)
    return {
        "job": info.id, "teacher": spec.teacher.name, "student": spec.student.name, "options": asdict(spec.options),
        "held_out_examples": spec.examples, "flops": result.flops,
        "before": {name: result.before[name] for name in TOLD if name in result.before},
        "after": {name: result.after[name] for name in TOLD if name in result.after},
    }


def alignment_charts(summary: Mapping[str, Any]) -> list[Chart]:
    """For the report: the held-out log-likelihood and the agreement with the teacher, before and after."""
    method = METHOD_NAMES[summary["options"]["method"]]
    found = []
    for name, title, axis, caption in (
        ("log_likelihood_8", "Training: held-out answers", "log-likelihood after 8 demonstrations, nats per answer",
         "Mean over held-out examples of tasks that the student was not trained on; further right is better."),
        ("consistency_best", "Training: agreement with the teacher", "share of held-out examples",
         "In how many held-out examples the subset of demonstrations that the student likes best is the teacher’s."),
    ):
        if name in summary["before"] and name in summary["after"]:
            marks = [Mark("student before training", summary["before"][name], colour=PLAIN),
                     Mark(f"student after training: {method}", summary["after"][name], colour=GAIN)]
            found.append(Chart(title, interval_plot(marks, title=title, axis=axis, zero=False), caption))
    return found
