"""An evaluation job: tasks of lm-evaluation-harness on one model."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from workbench.domain import Question
from workbench.jobs.evaluate_spec import EvaluateSpec
from workbench.jobs.events import Finished
from workbench.jobs.run import Run
from workbench.prompts import render

LOCAL = "project_questions"          # the task made from the specification's own questions


def run_evaluate(spec: EvaluateSpec, run: Run) -> None:
    """Says Finished with what workbench.alignment.harness.evaluate finds."""
    from workbench.alignment.harness import evaluate, write_local_task

    if spec.allow_download:          # before the libraries that read it are imported; else jobs have no network
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
            os.environ[name] = "0"
    if spec.options.allow_code:
        os.environ["HF_ALLOW_CODE_EVAL"] = "1"
    os.environ["DISABLE_MULTIPROC"] = "1"        # resampling takes a moment; the harness would start processes for it
    model = run.load(spec.model)
    options = spec.options
    if spec.questions:
        folder = Path(spec.folder)
        folder.mkdir(parents=True, exist_ok=True)
        examples = [_example(spec, question) for question in spec.questions if question.references]
        names = write_local_task(folder, LOCAL, examples)
        options = replace(options, folders=(*options.folders, str(folder)), tasks=(*options.tasks, *names))
    run.log("info", f"Tasks: {', '.join(options.tasks)}")
    found = evaluate(model, options, lambda done, total, what: run.progress(done, total, what, "Evaluating"))
    run.say(Finished(found))


def _example(spec: EvaluateSpec, question: Question) -> tuple[str, str]:
    from workbench.scoring.sequences import conversation

    return render(spec.base, conversation(question.turns[:1], ())).text, question.references[0]
