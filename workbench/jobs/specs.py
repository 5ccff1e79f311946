"""What a job is told to do: frozen dataclasses, validated when read from JSON. A job's child sees nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, get_args

from workbench.alignment.options import AlignmentOptions
from workbench.bench.recipes import Place, Recipe
from workbench.domain import (
    Answer,
    CandidateScore,
    Contestant,
    Demonstration,
    ModelRef,
    Position,
    Prompt,
    Question,
    SearchRound,
    SetEvaluation,
)
from workbench.jobs.evaluate_spec import EvaluateSpec as EvaluateSpec
from workbench.jobs.judge_spec import JudgeSpec as JudgeSpec
from workbench.jobs.judged_search_spec import JudgedSearchSpec as JudgedSearchSpec
from workbench.jobs.shift_spec import ShiftSpec as ShiftSpec
from workbench.jobs.tuning_spec import Tuning as Tuning
from workbench.search.options import SearchOptions


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"              # cancelled by a person
    INTERRUPTED = "interrupted"      # the process died; can be resumed


@dataclass(frozen=True, slots=True)
class ScoreSpec:
    """Score each candidate added to ``base`` on ``questions`` (gain, per question), and its own answer (IFD).

    ``turns`` says which turns' references count; a later turn is asked after the earlier turns' references.
    ``done`` are results of an earlier start of this job (None = the base prompt), not computed again. ``kept_scores``
    is the folder where scores are kept by content (see scoring/kept_scores.py); "": they are not. ``processes``, here
    and below, do the job together, one for each device.
    """

    model: ModelRef
    base: Prompt
    candidates: tuple[Demonstration, ...]
    questions: tuple[Question, ...]
    position: Position = Position.BEFORE_BASE
    turns: Literal["first", "all"] = "first"
    seed: int = 0
    done: tuple[int | None, ...] = ()
    kept_scores: str = ""
    processes: int = 1
    kind: Literal["score"] = "score"


@dataclass(frozen=True, slots=True)
class SearchSpec:
    """A search for a set, by default forward greedy selection (arXiv 2405.19874, section 4), with baselines, reported
    on held-out questions.

    ``rounds`` sets k; ``token_budget`` 0 means the model's context. ``finished_rounds``, ``known`` and ``evaluated``
    carry what an earlier start of this job had found, so that a resumed search repeats at most one step. Some parts
    keep nothing there and start again: a round that is raced, beam search after its first round, the improvement of
    "swap", "best_random", the answers that "vote_k" draws, and what ``options`` asks for with ``order`` and
    ``equal_evaluations``. What they had scored they find in ``kept_scores``, where scores are kept by content (see
    scoring/kept_scores.py; "": nowhere).
    """

    model: ModelRef
    base: Prompt
    candidates: tuple[Demonstration, ...]
    questions: tuple[Question, ...]
    heldout: tuple[Question, ...]
    rounds: int = 3
    token_budget: int = 0
    strategy: str = "greedy"         # a name of workbench.search.strategies; checked when the job starts
    objective: Literal["log_likelihood"] = "log_likelihood"
    position: Position = Position.BEFORE_BASE
    turns: Literal["first", "all"] = "first"
    random_sets: int = 20
    seed: int = 0
    finished_rounds: tuple[SearchRound, ...] = ()
    known: tuple[tuple[int, CandidateScore], ...] = ()      # (round number, score): last and open round
    evaluated: tuple[SetEvaluation, ...] = ()               # held-out sets already measured
    options: SearchOptions = field(default_factory=SearchOptions)
    kept_scores: str = ""
    processes: int = 1
    kind: Literal["search"] = "search"


@dataclass(frozen=True, slots=True)
class SensitivitySpec:
    """What each demonstration of ``prompt`` adds to the others, and what their order does: the prompt without each one
    of them, and at most ``orders`` of their orders, on ``questions``. Nothing is changed by it."""

    model: ModelRef
    prompt: Prompt
    questions: tuple[Question, ...]
    turns: Literal["first", "all"] = "first"
    orders: int = 24
    seed: int = 0
    kept_scores: str = ""
    processes: int = 1
    kind: Literal["sensitivity"] = "sensitivity"


@dataclass(frozen=True, slots=True)
class InspectSpec:
    """Each token of one reference answer, with and without one demonstration: what a heat-map cell stands for.

    ``chosen`` is what a search had chosen before the round that is looked at; the candidate stands after it.
    """

    model: ModelRef
    base: Prompt
    candidate: Demonstration
    question: Question
    turn: int = 0
    position: Position = Position.BEFORE_BASE
    chosen: tuple[Demonstration, ...] = ()
    kind: Literal["inspect"] = "inspect"


@dataclass(frozen=True, slots=True)
class CountSpec:
    """Token counts of texts with a model's tokenizer (no weights are loaded): for lists of (id, text)."""

    model: ModelRef
    texts: tuple[tuple[int, str], ...]
    kind: Literal["count"] = "count"


@dataclass(frozen=True, slots=True)
class GenerateSpec:
    """Answer one question under a prompt ("try a prompt"); text is streamed."""

    model: ModelRef
    prompt: Prompt
    turns: tuple[str, ...]                       # user turns; answers to all but the last are generated first
    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int = 0
    min_p: float = 0.0
    kind: Literal["generate"] = "generate"


@dataclass(frozen=True, slots=True)
class AlignSpec:
    """Train ``student`` towards ``teacher`` (arXiv 2312.17055): see workbench.alignment.

    ``source`` are the demonstrations trained on, ``target`` those of the tasks measured on; tasks are read from tags
    (``task:name``) or categories and must not overlap. ``folder`` takes the checkpoints, the teacher's kept part and
    the trained student; a resumed job goes on from what is there. ``examples`` held-out examples are measured.
    ``processes`` share out the ``batch × accumulation`` samples of a step.
    """

    teacher: ModelRef
    student: ModelRef
    source: tuple[Demonstration, ...]
    target: tuple[Demonstration, ...]
    folder: str
    options: AlignmentOptions = field(default_factory=AlignmentOptions)
    examples: int = 100
    processes: int = 1
    kind: Literal["align"] = "align"

    @property
    def model(self) -> ModelRef:
        """The model that the job is about."""
        return self.student


@dataclass(frozen=True, slots=True)
class AnswerSpec:
    """Answer every turn of ``questions``, ``repeats`` times, with each contestant; a later turn is asked after the
    contestant's own earlier answers, as the ICL-alignment paper (arXiv 2405.19874) runs URIAL.

    The answer to a question's repeat is drawn with a seed of its own, made from the contestant's seed, the question
    and the repeat: it does not depend on what is answered beside it. ``known`` are answers that are there already.
    """

    contestants: tuple[Contestant, ...]
    questions: tuple[Question, ...]
    repeats: int = 1
    known: tuple[Answer, ...] = ()
    kind: Literal["answer"] = "answer"

    @property
    def model(self) -> ModelRef:
        """The model that answers first."""
        return self.contestants[0].model


@dataclass(frozen=True, slots=True)
class RecipeSpec:
    """An experiment of the ICL-alignment paper: contestants that differ in one or two things answer questions, and the
    references' log-likelihood under each prompt is measured where ``likelihood`` is set.

    ``places`` says where each contestant (by id) stands in the chart; one may stand in several. ``warning`` is what a
    reader of the chart has to know. ``known`` and ``evaluated`` are what is there already. ``tuning`` says how those
    contestants' models are made that have to be trained first.
    """

    recipe: Recipe
    contestants: tuple[Contestant, ...]
    places: tuple[tuple[int, Place], ...]
    questions: tuple[Question, ...]
    repeats: int = 1
    answers: bool = True
    likelihood: bool = True
    turns: Literal["first", "all"] = "all"
    warning: str = ""
    known: tuple[Answer, ...] = ()
    evaluated: tuple[SetEvaluation, ...] = ()
    tuning: Tuning | None = None
    kind: Literal["recipe"] = "recipe"

    @property
    def model(self) -> ModelRef:
        """The model that answers first."""
        return self.contestants[0].model


JobSpec = (RecipeSpec | AlignSpec | AnswerSpec | JudgeSpec | ShiftSpec | ScoreSpec | SearchSpec | SensitivitySpec
           | InspectSpec | CountSpec | GenerateSpec | EvaluateSpec | JudgedSearchSpec)
KINDS: tuple[str, ...] = tuple(spec.__dataclass_fields__["kind"].default for spec in get_args(JobSpec))


def processes_of(spec: JobSpec) -> int:
    """How many processes do this job together: several only where its work can be shared out."""
    return spec.processes if isinstance(spec, ScoreSpec | SearchSpec | SensitivitySpec | AlignSpec) else 1
