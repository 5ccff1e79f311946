"""What a person asks for when they start a score or search job, and the specification that it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from workbench.domain import ModelRef, Position, Prompt, Question, QuestionSet, Status
from workbench.errors import JobError
from workbench.jobs.specs import ScoreSpec, SearchSpec
from workbench.search.options import SearchOptions
from workbench.search.strategies import strategy
from workbench.search.work import sets_reported, sets_searched
from workbench.services.demonstrations import Filter
from workbench.services.devices import devices_for, on_devices
from workbench.services.job_queue import JobInfo
from workbench.services.models import Machine, ModelInfo
from workbench.services.project import Project
from workbench.services.prompts import PromptInfo
from workbench.services.questions import QuestionSetInfo, held_out_set

SPLIT = -1                           # as held-out set: every second question of the question set
NO_SET = 0


class Pool(StrEnum):
    """Where the candidates come from."""

    NOT_REJECTED = "All but the rejected"
    ACCEPTED = "The accepted"
    ALL = "All demonstrations"
    FILTER = "Those that match a filter"
    SELECTION = "The selected ones"


POOL_STATUSES = {
    Pool.NOT_REJECTED: frozenset(Status) - {Status.REJECTED},
    Pool.ACCEPTED: frozenset({Status.ACCEPTED}),
    Pool.ALL: frozenset[Status](),
}


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The form's values. ``heldout_id`` is a set's id, SPLIT or NO_SET; ``token_budget`` 0 means what fits."""

    kind: Literal["score", "search"]
    model_id: int
    prompt_id: int | None
    set_id: int
    heldout_id: int = NO_SET
    pool: Pool = Pool.NOT_REJECTED
    filter: Filter = field(default_factory=Filter)
    selection: tuple[int, ...] = ()
    strategy: str = "greedy"
    rounds: int = 3
    token_budget: int = 0
    position: Position = Position.BEFORE_BASE
    turns: Literal["first", "all"] = "first"
    random_sets: int = 20
    seed: int = 0
    options: SearchOptions = field(default_factory=SearchOptions)
    one_device: bool = False         # where several could share the work


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers, read from the project at once."""

    models: tuple[ModelInfo, ...]
    prompts: tuple[PromptInfo, ...]
    sets: tuple[QuestionSetInfo, ...]
    jobs: tuple[JobInfo, ...]
    machine: Machine

    def devices(self, model_id: int | None) -> int:
        """How many devices can share the work of this model."""
        return devices_for(self.machine, [model.ref for model in self.models if model.ref.id == model_id])


@dataclass(frozen=True, slots=True)
class Work:
    """How much a request asks for: ``answers`` to be scored in all, ``seconds`` if an earlier job's speed is known."""

    candidates: int
    answers: int
    seconds: float | None


def read_choices(project: Project) -> Choices:
    return Choices(tuple(project.models.all()), tuple(project.prompts.all()), tuple(project.questions.sets()),
                   tuple(project.jobs.all()), project.models.machine())


def default_request(choices: Choices, prompt_id: int | None, selection: Sequence[int] = ()) -> RunRequest | None:
    """A search that makes sense as it stands; None while there is no ready model or no question set."""
    ready = [model for model in choices.models if model.state == "ready" and model.ref.id is not None]
    sets = [info for info in choices.sets if info.with_references]
    if not ready or not sets:
        return None
    model = next((model for model in ready if model.current), ready[0])
    held = held_out_set(sets)
    searched = next((info for info in sets if info is not held), sets[0])
    heldout = held or next((info for info in sets if info is not searched), None)
    prompts = [info.id for info in choices.prompts]
    base = prompt_id if prompt_id in prompts else (prompts[0] if prompts else None)
    same = heldout is None or heldout is searched
    return RunRequest("search", model.ref.id or 0, base, searched.id, SPLIT if same or not heldout else heldout.id,
                      Pool.SELECTION if selection else Pool.NOT_REJECTED, selection=tuple(selection))


def pool_ids(project: Project, request: RunRequest) -> list[int]:
    """The candidates' ids: the pool without what the base prompt holds already."""
    if request.pool is Pool.SELECTION:
        ids = list(request.selection)
    elif request.pool is Pool.FILTER:
        ids = project.demonstrations.ids(request.filter)
    else:
        ids = project.demonstrations.ids(Filter(statuses=POOL_STATUSES[request.pool]))
    base = {demonstration.id for demonstration in _base(project, request).demonstrations}
    return [id for id in ids if id not in base]


def build(project: Project, request: RunRequest) -> ScoreSpec | SearchSpec:
    """The specification. Raises JobError when there is nothing to score, or nothing to score it on."""
    candidates = tuple(d for d in project.demonstrations.get(pool_ids(project, request)) if d.answer)
    if not candidates:
        raise JobError("There is no candidate in this pool.", remedy="Choose another pool, or import demonstrations.")
    questions, heldout = _questions(project, request)
    if not questions:
        raise JobError("The question set has no reference answers, so nothing can be scored on it.",
                       remedy="Choose another question set.")
    model, base = _model(project, request), _base(project, request)
    machine, devices = project.models.machine(), 1 if request.one_device else None
    if request.kind == "score":
        score = ScoreSpec(model, base, candidates, questions, request.position, request.turns, request.seed)
        return on_devices(score, machine, devices)
    search = SearchSpec(model, base, candidates, questions, heldout, rounds=request.rounds,
                        token_budget=request.token_budget, strategy=request.strategy, position=request.position,
                        turns=request.turns, random_sets=request.random_sets, seed=request.seed,
                        options=request.options)
    return on_devices(search, machine, devices)


def estimate(project: Project, request: RunRequest) -> Work:
    """Count the answers that have to be scored; time them with the last such job of the same model."""
    n = len(pool_ids(project, request))
    questions, heldout = _questions(project, request)
    answers = answers_in_all(request, n, _references(questions, request.turns), _references(heldout, request.turns))
    return Work(n, answers, _seconds(project, _model(project, request), answers))


def _seconds(project: Project, model: ModelRef, answers: int) -> float | None:
    """At the speed of the last finished job of this kind and model; None when there was none."""
    for job in project.jobs.all():
        if job.kind not in ("score", "search") or job.state != "finished" or not (job.started and job.ended):
            continue
        spec = project.jobs.spec(job.id)
        if isinstance(spec, ScoreSpec | SearchSpec) and spec.model.id == model.id:
            heldout = spec.heldout if isinstance(spec, SearchSpec) else ()
            past = answers_in_all(spec, len(spec.candidates), _references(spec.questions, spec.turns),
                                  _references(heldout, spec.turns))
            return (job.ended - job.started).total_seconds() * answers / past if past else None
    return None


def answers_in_all(asked: RunRequest | ScoreSpec | SearchSpec, candidates: int, answers: int, heldout: int) -> int:
    """Answers a job scores, at most: each round tries every candidate that is left; sets are measured on held-out ones.

    ``answers`` and ``heldout`` count the reference answers of the two sets of questions.
    """
    if isinstance(asked, ScoreSpec) or asked.kind == "score":
        return (candidates + 1) * answers
    chosen = strategy(asked.strategy)
    searched = sets_searched(chosen, candidates, asked.rounds, asked.options)
    drawn = chosen.answers_drawn(candidates, asked.rounds, asked.options)
    return drawn + searched * answers + sets_reported(chosen, asked.random_sets, asked.options) * heldout


def _questions(project: Project, request: RunRequest) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """Questions to search on and, apart from them, those to report on; only questions with a reference answer."""
    questions = _usable(project.questions.get(request.set_id))
    if request.kind == "score" or request.heldout_id == NO_SET:
        return questions, ()
    if request.heldout_id == SPLIT:
        return questions[::2], questions[1::2]
    return questions, _usable(project.questions.get(request.heldout_id))


def _usable(found: QuestionSet) -> tuple[Question, ...]:
    return tuple(question for question in found.questions if any(question.references))


def _references(questions: Sequence[Question], turns: Literal["first", "all"]) -> int:
    last = 1 if turns == "first" else None
    return sum(sum(1 for reference in question.references[:last] if reference) for question in questions)


def _base(project: Project, request: RunRequest) -> Prompt:
    return Prompt() if request.prompt_id is None else project.prompts.get(request.prompt_id)


def _model(project: Project, request: RunRequest) -> ModelRef:
    found = next((model.ref for model in project.models.all() if model.ref.id == request.model_id), None)
    if found is None:
        raise JobError("The chosen model is no longer registered.", remedy="Choose another model.")
    return found
