"""The command that trains a student."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from workbench.alignment.options import AlignmentOptions
from workbench.command_line.models import find_model
from workbench.command_line.opening import opened
from workbench.command_line.output import Output, table
from workbench.command_line.running import follow, result_values
from workbench.errors import WorkbenchError
from workbench.jobs.kinds.align import AlignResult
from workbench.services.project import Project
from workbench.services.trainings import (
    TrainingRequest,
    checked,
    default_choices,
    default_request,
    submit,
)

SHOWN = {
    "consistency_best": "best subset agrees", "consistency_worst": "worst subset agrees", "kendall_tau": "Kendall tau",
    "kl": "KL, nats per token", "log_likelihood_0": "log-likelihood, 0 demonstrations",
    "log_likelihood_8": "log-likelihood, 8 demonstrations", "exact_match_8": "exact match, 8 demonstrations",
}


def align(options: Namespace) -> Output:
    with opened(options.project) as project:
        job_id = project.lane.run(lambda: submit(project, training_request(project, options)))
        info = follow(project, job_id, quiet=options.json)
        if options.register:
            project.lane.run(lambda: project.alignment.register(job_id, options.register))
    assert isinstance(info.result, AlignResult)
    return Output({"job_id": job_id, **result_values(info)}, measures_table(info.result))


def training_request(project: Project, options: Namespace) -> TrainingRequest:
    """The defaults of this project's models and tasks, with what the options change. Raises WorkbenchError."""
    choices = default_choices(project, options.pool, options.targets)
    teacher, student = (None if name is None else find_model(project, name).ref.id
                        for name in (options.teacher, options.student))
    request = default_request(choices, options.preset, teacher_id=teacher, student_id=student,
                              runs=project.alignment.runs())
    targets = request.targets
    if options.targets is not None:
        targets = tuple(name.strip() for name in options.targets.split(","))
        unknown = sorted(set(targets) - choices.tasks.keys())
        if unknown:
            raise WorkbenchError(f"There is no task “{unknown[0]}”.",
                                 remedy=f"Choose among: {', '.join(choices.tasks)}.")
    changed = changed_options(replace(request.options, method=options.method, seed=options.seed), options.set)
    return checked(choices, replace(request, targets=targets, options=changed, examples=options.examples,
                                    devices=options.devices))


def changed_options(base: AlignmentOptions, changes: Sequence[str]) -> AlignmentOptions:
    """Single options changed by "name=value". Raises WorkbenchError for an unknown one or a wrong value."""
    names = {field.name for field in fields(AlignmentOptions)}
    values: dict[str, Any] = {}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in names:
            raise WorkbenchError(f"There is no option “{name}”.", remedy=f"Choose among: {', '.join(sorted(names))}.")
        values[name] = value
    whole = {name: getattr(base, name) for name in names}
    try:
        return TypeAdapter(AlignmentOptions).validate_python(whole | values)
    except ValidationError as error:
        first = error.errors()[0]
        raise WorkbenchError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from error


def measures_table(result: AlignResult) -> str:
    measured = ((words, result.before.get(name), result.after.get(name)) for name, words in SHOWN.items())
    rows = [(words, f"{before:.3f}", f"{after:.3f}", f"{after - before:+.3f}") for words, before, after in measured
            if before is not None and after is not None]
    return table(rows, ("measure", "before", "after", "change"))
