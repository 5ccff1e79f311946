"""Which function runs which kind of job."""

from __future__ import annotations

from typing import assert_never

from workbench.jobs.kinds.align import run_align
from workbench.jobs.kinds.answer import run_answer
from workbench.jobs.kinds.count import run_count, run_generate, run_inspect
from workbench.jobs.kinds.evaluate import run_evaluate
from workbench.jobs.kinds.judge import run_judge
from workbench.jobs.kinds.judged_search import run_judged_search
from workbench.jobs.kinds.recipe.run import run_recipe
from workbench.jobs.kinds.score import run_score
from workbench.jobs.kinds.search.run import run_search
from workbench.jobs.kinds.sensitivity import run_sensitivity
from workbench.jobs.kinds.shift import run_shift
from workbench.jobs.run import Run
from workbench.jobs.specs import (
    AlignSpec,
    AnswerSpec,
    CountSpec,
    EvaluateSpec,
    GenerateSpec,
    InspectSpec,
    JobSpec,
    JudgedSearchSpec,
    JudgeSpec,
    RecipeSpec,
    ScoreSpec,
    SearchSpec,
    SensitivitySpec,
    ShiftSpec,
)


def run_job(spec: JobSpec, run: Run) -> None:
    """Do the job and say its events, the last of them Finished. Raises what goes wrong, and Cancelled."""
    match spec:
        case ScoreSpec():
            run_score(spec, run)
        case SearchSpec():
            run_search(spec, run)
        case SensitivitySpec():
            run_sensitivity(spec, run)
        case AlignSpec():
            run_align(spec, run)
        case EvaluateSpec():
            run_evaluate(spec, run)
        case AnswerSpec():
            run_answer(spec, run)
        case JudgeSpec():
            run_judge(spec, run)
        case RecipeSpec():
            run_recipe(spec, run)
        case JudgedSearchSpec():
            run_judged_search(spec, run)
        case ShiftSpec():
            run_shift(spec, run)
        case InspectSpec():
            run_inspect(spec, run)
        case CountSpec():
            run_count(spec, run)
        case GenerateSpec():
            run_generate(spec, run)
        case _:
            assert_never(spec)
