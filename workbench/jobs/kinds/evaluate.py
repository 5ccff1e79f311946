"""An evaluation job: tasks of lm-evaluation-harness on one model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from workbench.alignment.harness_options import HarnessOptions
from workbench.domain import ModelRef, Prompt, Question
from workbench.jobs.kind import JobKind, anew
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.prompts import render
from workbench.wording import counted

LOCAL = "project_questions"          # the task made from the specification's own questions


@dataclass(frozen=True, slots=True)
class EvaluateSpec:
    """Tasks of lm-evaluation-harness on ``model``; with ``questions`` also a task made from their first turns and
    references under ``base``. ``allow_download`` lets the harness fetch data. ``folder`` is not used any more: task
    files that lay there could run code.
    """

    model: ModelRef
    options: HarnessOptions
    folder: str = ""
    questions: tuple[Question, ...] = ()
    base: Prompt = field(default_factory=Prompt)
    allow_download: bool = False
    kind: Literal["evaluate"] = "evaluate"


@dataclass(frozen=True, slots=True)
class EvaluateResult(Result):
    """``tasks[task][measure]``, their standard ``errors`` (older jobs have none), how many ``examples`` each task has,
    and the version of the harness. A group of tasks is one too."""

    tasks: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    errors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    examples: Mapping[str, int] = field(default_factory=dict)
    lm_eval: str = ""


def run_evaluate(spec: EvaluateSpec, run: Run) -> EvaluateResult:
    from workbench.alignment.harness import evaluate, write_local_task

    if spec.allow_download:          # before the libraries that read it are imported; else jobs have no network
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
            os.environ[name] = "0"
    if spec.options.allow_code:
        os.environ["HF_ALLOW_CODE_EVAL"] = "1"
    os.environ["DISABLE_MULTIPROC"] = "1"        # resampling takes a moment; the harness would start processes for it
    model = run.load(spec.model)
    options = spec.options
    with TemporaryDirectory(prefix="workbench-task-") as folder:      # new, so that nobody else's task files lie in it
        if spec.questions:
            examples = [_example(spec, question) for question in spec.questions if question.references]
            names = write_local_task(Path(folder), LOCAL, examples)
            options = replace(options, folders=(*options.folders, folder), tasks=(*options.tasks, *names))
        run.log("info", f"Tasks: {', '.join(options.tasks)}")
        return EvaluateResult(**evaluate(
            model, options, lambda done, total, what: run.progress(done, total, what, "Evaluating")))


def _example(spec: EvaluateSpec, question: Question) -> tuple[str, str]:
    from workbench.scoring.sequences import conversation

    return render(spec.base, conversation(question.turns[:1], ())).text, question.references[0]


def title(spec: EvaluateSpec) -> str:
    return f"Evaluate {spec.model.name}, {counted(len(spec.options.tasks) + bool(spec.questions), 'task')}"


def outcome(result: EvaluateResult) -> str:
    scores = ((task, *next(iter(values.items()))) for task, values in result.tasks.items() if values)
    return ", ".join(f"{task} {measure} {value:.3f}" for task, measure, value in scores)


def runs_code(spec: EvaluateSpec) -> bool:
    """What a model writes, where that is allowed; task files and their templates bring code along."""
    return spec.options.allow_code or bool(spec.options.folders)


KIND = JobKind(EvaluateSpec, EvaluateResult, run_evaluate, title, anew, runs_code, outcome=outcome,
               downloads=lambda spec: spec.allow_download, page="alignment")
