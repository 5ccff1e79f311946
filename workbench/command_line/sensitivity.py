"""What a prompt owes to each of its demonstrations, from the command line."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from workbench.command_line.opening import opened
from workbench.command_line.output import Output, table
from workbench.command_line.running import chosen_ids, follow, result_values
from workbench.jobs.kinds.sensitivity import SensitivityResult, SensitivitySpec
from workbench.services import searches
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project
from workbench.services.searches import SensitivityRequest


def sensitivity(options: Namespace) -> Output:
    with opened(options.project) as project:
        job_id = project.lane.run(lambda: searches.submit_sensitivity(project, sensitivity_request(project, options)))
        info = follow(project, job_id, quiet=options.json)
        spec = project.lane.run(lambda: project.results.measured(job_id))[0]
    return Output({"job_id": info.id, "summary": result_values(info)}, _text(spec, info))


def sensitivity_request(project: Project, options: Namespace) -> SensitivityRequest:
    """What the options say; what they leave open is as in the window."""
    choices = searches.read_choices(project)
    return replace(searches.default_sensitivity(choices, **chosen_ids(project, options)),
                   turns=options.turns, orders=options.orders, seed=options.seed, devices=options.devices)


def _text(spec: SensitivitySpec, info: JobInfo) -> str:
    assert isinstance(info.result, SensitivityResult)
    rows = [(added.place, added.id, added.mean, added.low, added.high, demonstration.instruction)
            for added, demonstration in zip(info.result.demonstrations, spec.prompt.demonstrations, strict=True)]
    text = f"{info.title}\n{info.detail}\n\n" + table(rows, ("place", "id", "adds", "low", "high", "instruction"))
    orders = info.result.orders
    if orders is None:
        return text
    return (f"{text}\n\n{orders.tried} orders: {orders.worst:.3f} to {orders.best:.3f} nats per answer, standard "
            f"deviation {orders.deviation:.3f}.\nThe prompt's own order is number {orders.rank}; "
            f"the best is {', '.join(map(str, orders.best_order))}.")
