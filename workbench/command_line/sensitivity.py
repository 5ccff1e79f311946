"""What a prompt owes to each of its demonstrations, from the command line."""

from __future__ import annotations

from argparse import Namespace

from workbench.command_line.models import find_model
from workbench.command_line.opening import opened
from workbench.command_line.output import Output, table
from workbench.command_line.running import base_prompt, follow, search_questions
from workbench.jobs.specs import SensitivitySpec
from workbench.services.devices import on_devices
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project


def sensitivity(options: Namespace) -> Output:
    with opened(options.project) as project:
        spec = project.lane.run(lambda: _spec(project, options))
        job_id = project.lane.run(lambda: project.jobs.submit(spec))
        info = follow(project, job_id, quiet=options.json)
    return Output({"job_id": info.id, "summary": info.summary}, _text(spec, info))


def _spec(project: Project, options: Namespace) -> SensitivitySpec:
    spec = SensitivitySpec(
        find_model(project, options.model).ref, base_prompt(project, options.prompt),
        search_questions(project, options.questions), options.turns, options.orders, options.seed)
    return on_devices(spec, project.models.machine(), options.devices)


def _text(spec: SensitivitySpec, info: JobInfo) -> str:
    rows = [(one["place"], one["id"], one["mean"], one["low"], one["high"], demonstration.instruction)
            for one, demonstration in zip(info.summary["demonstrations"], spec.prompt.demonstrations, strict=True)]
    text = f"{info.title}\n{info.detail}\n\n" + table(rows, ("place", "id", "adds", "low", "high", "instruction"))
    found = info.summary["orders"]
    if not found:
        return text
    best = ", ".join(map(str, found["best_order"]))
    return (f"{text}\n\n{found['tried']} orders: {found['worst']:.3f} to {found['best']:.3f} nats per answer, standard "
            f"deviation {found['deviation']:.3f}.\nThe prompt's own order is number {found['rank']}; "
            f"the best is {best}.")
