"""The command that trains a student."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from workbench.alignment.options import PRESETS, AlignmentOptions, for_width
from workbench.command_line.models import find_model
from workbench.command_line.opening import opened
from workbench.command_line.output import Output, table
from workbench.command_line.running import follow
from workbench.errors import WorkbenchError
from workbench.jobs.specs import AlignSpec
from workbench.services.devices import on_devices
from workbench.services.models import ModelInfo
from workbench.services.project import Project

SHOWN = {
    "consistency_best": "best subset agrees", "consistency_worst": "worst subset agrees", "kendall_tau": "Kendall tau",
    "kl": "KL, nats per token", "log_likelihood_0": "log-likelihood, 0 demonstrations",
    "log_likelihood_8": "log-likelihood, 8 demonstrations", "exact_match_8": "exact match, 8 demonstrations",
}


def align(options: Namespace) -> Output:
    settings = chosen_options(options.preset, options.method, options.seed, options.set)
    with opened(options.project) as project:
        job_id = project.lane.run(lambda: project.jobs.submit(_spec(project, options, settings)))
        info = follow(project, job_id, quiet=options.json)
        if options.register:
            project.lane.run(lambda: project.alignment.register(job_id, options.register))
    return Output({"job_id": job_id, **info.summary}, measures_table(info.summary))


def chosen_options(preset: str, method: str, seed: int, changes: Sequence[str]) -> AlignmentOptions:
    """A preset with single options changed. Raises WorkbenchError for an unknown one or a wrong value."""
    names = {field.name for field in fields(AlignmentOptions)}
    values: dict[str, Any] = {}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in names:
            raise WorkbenchError(f"There is no option “{name}”.", remedy=f"Choose among: {', '.join(sorted(names))}.")
        values[name] = value
    whole = {field.name: getattr(replace(PRESETS[preset], method=method, seed=seed), field.name)  # type: ignore[arg-type]
             for field in fields(AlignmentOptions)}
    try:
        return TypeAdapter(AlignmentOptions).validate_python(whole | values)
    except ValidationError as error:
        first = error.errors()[0]
        raise WorkbenchError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from error


def measures_table(summary: Mapping[str, Any]) -> str:
    before, after = summary["before"], summary["after"]
    rows = [(words, f"{before[name]:.3f}", f"{after[name]:.3f}", f"{after[name] - before[name]:+.3f}")
            for name, words in SHOWN.items() if before.get(name) is not None]
    return table(rows, ("measure", "before", "after", "change"))


def _spec(project: Project, options: Namespace, settings: AlignmentOptions) -> AlignSpec:
    teacher = find_model(project, options.teacher)
    student = find_model(project, options.student) if options.student else _smallest_other(project, teacher)
    if student.facts and not any(change.startswith("learning_rate=") for change in options.set):
        settings = for_width(settings, student.facts.hidden_size)
    targets = None if options.targets is None else [name.strip() for name in options.targets.split(",")]
    spec = project.alignment.spec(teacher.ref, student.ref, settings, targets, options.examples, options.pool)
    return on_devices(spec, project.models.machine(), options.devices)


def _smallest_other(project: Project, teacher: ModelInfo) -> ModelInfo:
    ready = [one for one in project.models.all() if one.facts and one.state == "ready"]
    others = [one for one in ready if one.ref.id != teacher.ref.id]
    if not others:
        raise WorkbenchError("There is no model to train beside the teacher.",
                             remedy="Add one: workbench models add PROJECT FOLDER")
    return min(others, key=lambda one: one.facts.parameters if one.facts else 0)
