"""Searches, scores and measurements of a prompt: what a person can ask for, and the job that it becomes.

Window, command line and tour ask through this module: the same choices give the same specification everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from workbench.domain import NOT_REJECTED, Backend, Demonstration, ModelRef, Position, Prompt, Question, Status
from workbench.errors import JobError
from workbench.jobs.kinds.score import ScoreSpec
from workbench.jobs.kinds.search import SearchSpec
from workbench.jobs.kinds.sensitivity import SensitivitySpec
from workbench.jobs.pool import answers_scored, check_apart, eligible, scorable
from workbench.search.options import SearchOptions
from workbench.search.overlap import overlaps
from workbench.search.strategies import strategies, strategy
from workbench.search.work import sets_reported, sets_searched
from workbench.services.demonstrations import Filter
from workbench.services.devices import devices_for, on_devices
from workbench.services.job_queue import JobInfo
from workbench.services.models import Machine, ModelInfo
from workbench.services.prompts import PromptInfo
from workbench.services.questions import QuestionSetInfo, held_out_set, searched_set
from workbench.wording import counted, duration

if TYPE_CHECKING:
    from workbench.services.project import Project

SPLIT = -1                           # as held-out set: every second question of the question set
NO_SET = 0                           # as held-out set: none, and nothing is reported
READ_TO_COUNT = 20_000               # of more candidates an estimate reads none, and counts the whole pool
ORDERS = 24                          # all of four demonstrations, of more a sample

Turns = Literal["first", "all"]


class Pool(StrEnum):
    """Where the candidates come from. What the base prompt holds, and what has no answer, is never one."""

    NOT_REJECTED = "All but the rejected"
    ACCEPTED = "The accepted"
    ALL = "All demonstrations"
    FILTER = "Those that match a filter"         # but for the rejected
    SELECTION = "The selected ones"


POOL_STATUSES = {
    Pool.NOT_REJECTED: NOT_REJECTED,
    Pool.ACCEPTED: frozenset({Status.ACCEPTED}),
    Pool.ALL: frozenset[Status](),
    Pool.FILTER: NOT_REJECTED,
}


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search, or a score job for each candidate alone.

    ``heldout_id`` is a set's id, SPLIT or NO_SET; ``token_budget`` 0 means what fits; ``devices`` None all that can
    share the work. ``filter`` counts with Pool.FILTER, ``selection`` (ids) with Pool.SELECTION.
    """

    kind: Literal["score", "search"]
    model_id: int
    prompt_id: int | None
    set_id: int
    heldout_id: int = SPLIT
    pool: Pool = Pool.NOT_REJECTED
    filter: Filter = field(default_factory=Filter)
    selection: tuple[int, ...] = ()
    strategy: str = "greedy"
    rounds: int = 3
    token_budget: int = 0
    position: Position = Position.BEFORE_BASE
    turns: Turns = "first"
    random_sets: int = 20
    seed: int = 0
    options: SearchOptions = field(default_factory=SearchOptions)
    devices: int | None = None
    overlapping: bool = False        # search also among candidates that ask one of the questions


@dataclass(frozen=True, slots=True)
class SensitivityRequest:
    """What each demonstration of a prompt adds to the others, and what at most ``orders`` of their orders do."""

    model_id: int
    prompt_id: int | None
    set_id: int
    turns: Turns = "first"
    orders: int = ORDERS
    seed: int = 0
    devices: int | None = None


@dataclass(frozen=True, slots=True)
class SearchChoices:
    """What there is to choose from, read from the project at once."""

    models: tuple[ModelInfo, ...]
    prompts: tuple[PromptInfo, ...]
    sets: tuple[QuestionSetInfo, ...]
    jobs: tuple[JobInfo, ...]
    machine: Machine

    @property
    def answered_sets(self) -> tuple[QuestionSetInfo, ...]:
        """Those with reference answers: the others can score nothing."""
        return tuple(info for info in self.sets if info.with_references)

    def devices(self, model_id: int | None) -> int:
        """How many devices can share the work of this model."""
        return devices_for(self.machine, [model.ref for model in self.models if model.ref.id == model_id])


@dataclass(frozen=True, slots=True)
class Work:
    """How much a request asks for: ``answers`` to be scored in all, ``seconds`` if an earlier job's speed is known."""

    candidates: int
    answers: int
    seconds: float | None

    def in_words(self) -> str:
        """ "212 candidates, 8 520 answers to score, about 3 min at the last run's speed"."""
        if not self.candidates:
            return "There is no candidate in this pool. Choose another pool, or import demonstrations."
        if not self.answers:
            return "Nothing would be scored: choose held-out questions, or another strategy."
        words = f"{counted(self.candidates, 'candidate')}, {counted(self.answers, 'answer')} to score"
        if self.seconds is None:
            return words
        about = "a few seconds" if self.seconds < 10 else f"about {duration(self.seconds)}"
        return f"{words}, {about} at the last run's speed"


def read_choices(project: Project) -> SearchChoices:
    return SearchChoices(tuple(project.models.all()), tuple(project.prompts.all()), tuple(project.questions.sets()),
                         tuple(project.jobs.all()), project.models.machine())


def default_request(choices: SearchChoices, kind: Literal["score", "search"] = "search", *,
                    model_id: int | None = None, prompt_id: int | None = None, set_id: int | None = None,
                    selection: Sequence[int] = ()) -> SearchRequest:
    """What makes sense as it stands, for what was chosen already: the current model, the first prompt, the first
    question set that is not held out; reported on the held-out set, or, without one, on every second question, which
    is not searched on then.

    Raises JobError where there is no model or no question set to use.
    """
    model = _default_model(choices, model_id)
    if set_id is None:
        searched = searched_set(choices.answered_sets)
        if searched is None and choices.answered_sets:
            raise JobError("Every question set with reference answers is held out, so there is none to search on.",
                           remedy="Import another one, or let searches use one of them again (in the menu of the page "
                                  "Bench, or with workbench questions hold-out --undo).")
        set_id = _set_id(searched)
    reported = held_out_set([info for info in choices.answered_sets if info.id != set_id])
    return SearchRequest(kind, model, _default_prompt(choices, prompt_id), set_id,
                         SPLIT if reported is None else reported.id,
                         Pool.SELECTION if selection else Pool.NOT_REJECTED, selection=tuple(selection))


def default_sensitivity(choices: SearchChoices, *, model_id: int | None = None, prompt_id: int | None = None,
                        set_id: int | None = None) -> SensitivityRequest:
    """As ``default_request``; where all sets are held out, the first: nothing is chosen by what is found."""
    model, sets = _default_model(choices, model_id), choices.answered_sets
    if set_id is None:
        set_id = _set_id(searched_set(sets) or next(iter(sets), None))
    return SensitivityRequest(model, _default_prompt(choices, prompt_id), set_id)


def problem(choices: SearchChoices, request: SearchRequest) -> str:
    """Why this cannot be asked for, in a sentence; "" if nothing is known against it."""
    if request.kind != "search":
        return ""
    if request.set_id == request.heldout_id:
        return "The held-out questions are the questions that are searched on. Choose others."
    model = next((model.ref for model in choices.models if model.ref.id == request.model_id), None)
    chosen = strategies().get(request.strategy)
    if chosen and chosen.uses_embeddings and model is not None and model.backend is not Backend.TRANSFORMERS:
        return "This strategy compares texts by embeddings, and this model gives none. Choose another of the two."
    return ""


def specification(project: Project, request: SearchRequest) -> ScoreSpec | SearchSpec:
    """The job. Raises JobError when there is nothing to score, or nothing to score it on."""
    pool = candidates(project, request)
    if not pool:
        raise JobError("There is no candidate in this pool.", remedy="Choose another pool, or import demonstrations.")
    questions, heldout = _questions(project, request)
    check_apart(questions, heldout)
    model, base, machine = _model(project, request.model_id), _base(project, request), project.models.machine()
    if request.kind == "score":
        score = ScoreSpec(model, base, pool, questions, request.position, request.turns, request.seed)
        return on_devices(score, machine, request.devices)
    strategy(request.strategy)
    search = SearchSpec(model, base, pool, questions, heldout, rounds=request.rounds,
                        token_budget=request.token_budget, strategy=request.strategy, position=request.position,
                        turns=request.turns, random_sets=request.random_sets, seed=request.seed,
                        options=request.options)
    return on_devices(search if request.overlapping else without_overlaps(search), machine, request.devices)


def without_overlaps(spec: SearchSpec) -> SearchSpec:
    """Without the candidates that ask what they would be judged on. Raises JobError where none is left."""
    met = overlaps(spec.candidates, (*spec.questions, *spec.heldout))
    pool = tuple(candidate for candidate in spec.candidates if candidate.id not in met)
    if not pool:
        raise JobError("Every candidate asks one of the questions that it would be judged on.",
                       remedy="Choose other questions or another pool, or let the search use such candidates.")
    return replace(spec, candidates=pool, left_out=tuple((id, overlap.words) for id, overlap in met.items()))


def sensitivity(project: Project, request: SensitivityRequest) -> SensitivitySpec:
    """The job. Raises JobError for a prompt without demonstrations, or nothing to measure it on."""
    prompt = _base(project, request)
    if not prompt.demonstrations:
        raise JobError("The prompt has no demonstration to measure.", remedy="Add one.")
    questions = _scorable(project, request.set_id, request.turns)
    spec = SensitivitySpec(_model(project, request.model_id), prompt, questions, request.turns, request.orders,
                           request.seed)
    return on_devices(spec, project.models.machine(), request.devices)


def submit(project: Project, request: SearchRequest) -> int:
    """Put the job into the queue; returns its id. Raises JobError."""
    return project.jobs.submit(specification(project, request))


def submit_sensitivity(project: Project, request: SensitivityRequest) -> int:
    """Put the job into the queue; returns its id. Raises JobError."""
    spec = sensitivity(project, request)
    return project.jobs.submit(spec, f"Measure “{spec.prompt.name}”" if spec.prompt.name else "")


def candidates(project: Project, request: SearchRequest) -> tuple[Demonstration, ...]:
    """The request's pool, without what the base prompt holds and what has no answer."""
    return eligible(project.demonstrations.get(_pool_ids(project, request)), _base(project, request))


def pool(project: Project, base: Prompt, where: Filter = Filter(statuses=NOT_REJECTED)) -> tuple[Demonstration, ...]:
    """What a filter finds (by default all but the rejected), without what ``base`` holds and what has no answer."""
    return eligible(project.demonstrations.get(project.demonstrations.ids(where)), base)


def estimate(project: Project, request: SearchRequest) -> Work:
    """Count the answers that have to be scored; time them with the last such job of the same model."""
    ids = _pool_ids(project, request)
    questions, heldout = _questions(project, request)
    count = len(ids)
    if count <= READ_TO_COUNT:
        pool = candidates(project, request)
        left_out = request.kind == "search" and not request.overlapping
        count = len(pool) - (len(overlaps(pool, (*questions, *heldout))) if left_out else 0)
    answers = answers_in_all(request, count, questions, heldout)
    return Work(count, answers, _seconds(project, _model(project, request.model_id), answers))


def answers_in_all(asked: SearchRequest | ScoreSpec | SearchSpec, candidates: int, questions: Sequence[Question],
                   heldout: Sequence[Question]) -> int:
    """Answers a job scores, at most: each round tries every candidate that is left; sets are measured on held-out
    questions. Counted as the job counts them."""
    answers, held_out = answers_scored(questions, asked.turns), answers_scored(heldout, asked.turns)
    if isinstance(asked, ScoreSpec) or asked.kind == "score":
        return (candidates + 1) * answers
    chosen = strategy(asked.strategy)
    searched = sets_searched(chosen, candidates, asked.rounds, asked.options)
    drawn = chosen.answers_drawn(candidates, asked.rounds, asked.options)
    return drawn + searched * answers + sets_reported(chosen, asked.random_sets, asked.options) * held_out


def _pool_ids(project: Project, request: SearchRequest) -> Sequence[int]:
    if request.pool is Pool.SELECTION:
        return request.selection
    where = request.filter if request.pool is Pool.FILTER else Filter()
    return project.demonstrations.ids(replace(where, statuses=POOL_STATUSES[request.pool]))


def _seconds(project: Project, model: ModelRef, answers: int) -> float | None:
    """At the speed of the last finished job of this kind and model; None when there was none."""
    for job in project.jobs.all():
        if job.kind not in ("score", "search") or job.state != "finished" or not (job.started and job.ended):
            continue
        spec = project.jobs.spec(job.id)
        known = isinstance(spec, ScoreSpec) or (isinstance(spec, SearchSpec) and spec.strategy in strategies())
        if isinstance(spec, ScoreSpec | SearchSpec) and known and spec.model.id == model.id:
            heldout = spec.heldout if isinstance(spec, SearchSpec) else ()
            past = answers_in_all(spec, len(spec.candidates), spec.questions, heldout)
            return (job.ended - job.started).total_seconds() * answers / past if past else None
    return None


def _questions(project: Project, request: SearchRequest) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """Questions to search on and, apart from them, those to report on; only questions with a reference answer."""
    questions = _scorable(project, request.set_id, request.turns)
    if request.kind == "score" or request.heldout_id == NO_SET:
        return questions, ()
    if request.heldout_id == SPLIT:
        return split(questions)
    return questions, _scorable(project, request.heldout_id, request.turns)


def split(questions: Sequence[Question]) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """Every second one apart: what SPLIT searches on, and what it reports on."""
    return tuple(questions[::2]), tuple(questions[1::2])


def _scorable(project: Project, set_id: int, turns: Turns) -> tuple[Question, ...]:
    found = project.questions.get(set_id)
    questions = scorable(found.questions, turns)
    if not questions:
        raise JobError(f"The question set “{found.name}” has no reference answers, so nothing can be scored on it.",
                       remedy="Choose another question set.")
    return questions


def _base(project: Project, request: SearchRequest | SensitivityRequest) -> Prompt:
    return Prompt() if request.prompt_id is None else project.prompts.get(request.prompt_id)


def _model(project: Project, model_id: int) -> ModelRef:
    found = next((model.ref for model in project.models.all() if model.ref.id == model_id), None)
    if found is None:
        raise JobError("The chosen model is no longer registered.", remedy="Choose another model.")
    return found


def _default_model(choices: SearchChoices, model_id: int | None) -> int:
    """The chosen one, or else the current one, or else the first that is ready."""
    if model_id is not None:
        return model_id
    if not choices.models:
        raise JobError("The project has no model.",
                       remedy="Add one on the Models page, or with: workbench models add PROJECT FOLDER")
    ready = [model for model in choices.models if model.state == "ready"]
    model = next((model for model in ready if model.current), ready[0] if ready else None)
    if model is None or model.ref.id is None:
        raise JobError("There is no model that is ready.", remedy="The Models page says what each one lacks.")
    return model.ref.id


def _default_prompt(choices: SearchChoices, prompt_id: int | None) -> int | None:
    prompts = [info.id for info in choices.prompts]
    return prompt_id if prompt_id in prompts else next(iter(prompts), None)


def _set_id(found: QuestionSetInfo | None) -> int:
    if found is None:
        raise JobError("There is no question set with reference answers.",
                       remedy="Import one on the page Demonstrations, or with workbench questions add.")
    return found.id
