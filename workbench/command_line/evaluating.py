"""The command that runs tasks of lm-evaluation-harness on a model."""

from __future__ import annotations

from argparse import Namespace

from workbench.alignment.harness_options import PAPER_TASKS, HarnessOptions
from workbench.command_line.models import find_model
from workbench.command_line.opening import opened
from workbench.command_line.output import Output, table
from workbench.command_line.running import base_prompt, follow, search_questions
from workbench.errors import WorkbenchError
from workbench.jobs.evaluate_spec import EvaluateSpec
from workbench.services.evaluations import evaluate_spec
from workbench.services.project import Project


def evaluate(options: Namespace) -> Output:
    with opened(options.project) as project:
        job_id = project.lane.run(lambda: project.jobs.submit(_spec(project, options)))
        info = follow(project, job_id, quiet=options.json)
    errors = info.summary["errors"]
    rows = [(task, info.summary["examples"].get(task, ""), measure, f"{value:.4f}",
             f"{errors[task][measure]:.4f}" if measure in errors[task] else "")
            for task, values in info.summary["tasks"].items() for measure, value in values.items()]
    return Output({"job_id": job_id, **info.summary},
                  table(rows, ("task", "examples", "measure", "value", "standard error")))


def _spec(project: Project, options: Namespace) -> EvaluateSpec:
    tasks = tuple(name.strip() for name in options.tasks.split(",") if name.strip())
    if not tasks and options.questions is None:
        raise WorkbenchError("There is no task to run.",
                             remedy=f"Give --tasks ({', '.join(PAPER_TASKS)}, …) or --questions.")
    questions = () if options.questions is None else search_questions(project, options.questions or None)
    chosen = HarnessOptions(tasks, tuple(str(folder.resolve()) for folder in options.include), options.limit,
                            options.shots, options.allow_code, options.seed)
    return evaluate_spec(project, find_model(project, options.model).ref, chosen, questions,
                         base_prompt(project, options.prompt), allow_download=options.allow_download)
