"""The command that runs tasks of lm-evaluation-harness on a model."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from workbench.alignment.harness_options import PAPER_TASKS, HarnessOptions
from workbench.command_line.data import find_prompt, find_set
from workbench.command_line.models import find_model
from workbench.command_line.opening import opened
from workbench.command_line.output import Output, table
from workbench.command_line.running import follow, result_values
from workbench.errors import WorkbenchError
from workbench.jobs.kinds.evaluate import EvaluateResult
from workbench.services.evaluations import BenchmarkRequest, default_request, submit_benchmarks
from workbench.services.project import Project


def evaluate(options: Namespace) -> Output:
    with opened(options.project) as project:
        job_id = project.lane.run(lambda: submit_benchmarks(project, evaluation_request(project, options)))
        info = follow(project, job_id, quiet=options.json)
    result = info.result
    assert isinstance(result, EvaluateResult)
    rows = [(task, result.examples.get(task, ""), measure, f"{value:.4f}",
             f"{result.errors[task][measure]:.4f}" if measure in result.errors[task] else "")
            for task, values in result.tasks.items() for measure, value in values.items()]
    return Output({"job_id": job_id, **result_values(info)},
                  table(rows, ("task", "examples", "measure", "value", "standard error")))


def evaluation_request(project: Project, options: Namespace) -> BenchmarkRequest:
    """Raises WorkbenchError."""
    tasks = tuple(name.strip() for name in options.tasks.split(",") if name.strip())
    if not tasks and options.questions is None:
        raise WorkbenchError("There is no task to run.",
                             remedy=f"Give --tasks ({', '.join(PAPER_TASKS)}, …) or --questions.")
    set_id = None if options.questions is None else find_set(project, options.questions or None)
    chosen = HarnessOptions(tasks, tuple(str(folder.resolve()) for folder in options.include), options.limit,
                            options.shots, options.allow_code, options.seed)
    request = replace(default_request(project, chosen), set_id=set_id, allow_download=options.allow_download)
    if options.model is not None:
        request = replace(request, model_id=find_model(project, options.model).ref.id or 0)
    return request if options.prompt is None else replace(request, prompt_id=find_prompt(project, options.prompt).id)
