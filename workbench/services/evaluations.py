"""Tasks of lm-evaluation-harness on the project's models: starting them, and what they found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

from workbench.alignment.harness_options import HarnessOptions
from workbench.domain import Prompt
from workbench.errors import JobError
from workbench.jobs.kinds.evaluate import EvaluateResult, EvaluateSpec
from workbench.services.benching import default_model, default_prompts

if TYPE_CHECKING:
    from workbench.services.models import ModelInfo
    from workbench.services.project import Project
    from workbench.services.questions import QuestionSetInfo

RUNS_CODE = ("humaneval", "mbpp")    # what these are called in, a model's own code is run for
# of what a task measures, what papers report
MEASURES = ("exact_match", "acc_norm", "acc", "pass@1", "pass_at_1", "f1", "bleu", "perplexity")


@dataclass(frozen=True, slots=True)
class TaskScore:
    """One task on one model. ``error`` is the standard error, None where the harness has none; ``shots`` None is what
    the task says. ``others`` are the task's further measures."""

    job_id: int
    model: str
    task: str
    measure: str
    value: float
    error: float | None
    examples: int
    shots: int | None
    others: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BenchmarkChoices:
    models: tuple[ModelInfo, ...]
    sets: tuple[QuestionSetInfo, ...]
    installed: bool


@dataclass(frozen=True, slots=True)
class BenchmarkRequest:
    """``set_id`` is a question set that becomes a task, too; None for none."""

    model_id: int
    options: HarnessOptions
    set_id: int | None = None
    prompt_id: int | None = None
    allow_download: bool = False


def read_benchmark_choices(project: Project) -> BenchmarkChoices:
    return BenchmarkChoices(tuple(one for one in project.models.all() if one.state == "ready"),
                            tuple(one for one in project.questions.sets() if one.with_references),
                            harness_installed())


def default_request(project: Project, options: HarnessOptions) -> BenchmarkRequest:
    """The current model, and for questions of the project's own the first prompt. Raises JobError without a model."""
    model = default_model(read_benchmark_choices(project).models)
    if model is None or model.ref.id is None:
        raise JobError("There is no model that is ready.", remedy="The Models page says what each one lacks.")
    prompt = default_prompts(project.prompts.all())[-1]
    return BenchmarkRequest(model.ref.id, options, prompt_id=None if prompt is None else prompt.id)


def problem(request: BenchmarkRequest) -> str:
    """Why this cannot be started; "" when it can."""
    tasks = request.options.tasks
    runs_code = [task for task in tasks if task.startswith(RUNS_CODE)]
    if not tasks and request.set_id is None:
        return "Choose a task, or a question set."
    if runs_code and not request.options.allow_code:
        return f"{runs_code[0]} runs code that the model writes. Allow it if you trust the model."
    return ""


def submit_benchmarks(project: Project, request: BenchmarkRequest) -> int:
    """Put the evaluation into the queue; returns its job's id. Raises JobError."""
    return project.jobs.submit(specification(project, request))


def specification(project: Project, request: BenchmarkRequest) -> EvaluateSpec:
    """Raises JobError: the request has a ``problem``, or its model is gone."""
    if words := problem(request):
        raise JobError(words, safe="Nothing was started.")
    model = next((one.ref for one in project.models.all() if one.ref.id == request.model_id), None)
    if model is None:
        raise JobError("The chosen model is no longer registered.", remedy="Choose another model.")
    questions = () if request.set_id is None else project.questions.get(request.set_id).questions
    base = Prompt() if request.prompt_id is None else project.prompts.get(request.prompt_id)
    return EvaluateSpec(model, request.options, "", questions, base or Prompt(), request.allow_download)


def harness_installed() -> bool:
    return find_spec("lm_eval") is not None


def task_scores(project: Project) -> list[TaskScore]:
    """What the finished jobs found, the newest job first; of a group of tasks the group's own score."""
    scores = []
    for job in sorted(project.jobs.all(), key=lambda job: -job.id):
        if isinstance(job.result, EvaluateResult):
            spec = project.jobs.spec(job.id)
            assert isinstance(spec, EvaluateSpec)
            scores += [_score(job.id, spec, job.result, task) for task in _asked(spec, job.result)]
    return scores


def _asked(spec: EvaluateSpec, result: EvaluateResult) -> list[str]:
    """The tasks that were asked for; those of a group that has no score of its own each."""
    tasks = list(result.tasks)
    own = [task for task in tasks if task in spec.options.tasks or task.startswith("project_questions")]
    return [task for task in own or tasks if result.tasks[task]]


def _score(job_id: int, spec: EvaluateSpec, result: EvaluateResult, task: str) -> TaskScore:
    values = result.tasks[task]
    measure = next((name for wanted in MEASURES for name in values if name.partition(",")[0] == wanted),
                   next(iter(values)))
    return TaskScore(job_id, spec.model.name, task, measure, values[measure], result.errors.get(task, {}).get(measure),
                     result.examples.get(task, 0), spec.options.shots,
                     {name: value for name, value in values.items() if name != measure})
