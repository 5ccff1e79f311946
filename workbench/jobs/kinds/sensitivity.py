"""A sensitivity job: what a prompt owes to each of its demonstrations and to their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import factorial
from typing import Literal

from workbench.domain import AnswerScore, Kind, ModelRef, Prompt, Question
from workbench.errors import JobError
from workbench.jobs.kind import JobKind, Kept, any_number, never
from workbench.jobs.known_scores import kept_scores, say_known
from workbench.jobs.objective import Tally, TrackedObjective
from workbench.jobs.pool import answers_scored, fitting_questions, usable_questions
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.scoring.candidates import SetObjective, too_long
from workbench.search.intervals import by_question, gain_intervals, mean_logprob
from workbench.search.options import EXHAUSTIVE
from workbench.search.sensitivity import OrderSensitivity, leave_one_out, order_sensitivity
from workbench.search.task import in_steps, stream
from workbench.wording import counted

REMOVING, ORDERING, WHOLE = 0, 1, 2  # streams of random numbers


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
class WholeGain:
    """A whole prompt against itself without demonstrations, with a 95 % interval; the share of questions whose answers
    are likelier with them."""

    mean: float
    low: float
    high: float
    win_rate: float


@dataclass(frozen=True, slots=True)
class Addition:
    """What the demonstration in ``place``, from 1, adds to the others, with a 95 % interval."""

    place: int
    id: int | None
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SensitivityResult(Result):
    """In nats per answer: ``whole`` is the prompt's log-likelihood; ``gain`` is None in results of the first versions.
    The places in ``orders`` count from 1; it is None for fewer than two demonstrations."""

    whole: float = 0.0
    gain: WholeGain | None = None
    demonstrations: tuple[Addition, ...] = ()
    orders: OrderSensitivity | None = None


def run_sensitivity(spec: SensitivitySpec, run: Run) -> SensitivityResult:
    """Raises JobError for a prompt without demonstrations."""
    count = len(spec.prompt.demonstrations)
    if not count:
        raise JobError("The prompt has no demonstrations, so there is none to leave out.", remedy="Add some first.")
    questions = usable_questions(spec.questions, spec.turns, "questions", lambda text: run.log("info", text))
    model = run.load(spec.model)
    questions = fitting_questions(questions, too_long(model, spec.prompt, questions, spec.turns), model.context,
                                  "questions", lambda text: run.log("warning", text))
    places = tuple(range(1, count + 1))
    numbered = [replace(one, id=place) for place, one in zip(places, spec.prompt.demonstrations, strict=True)]
    kept = kept_scores(spec.kept_scores, model, run)
    engine = SetObjective(model, replace(spec.prompt, demonstrations=(), verbatim=""), numbered, questions,
                          turns=spec.turns, kept=kept)
    answers = answers_scored(questions, spec.turns)
    orders = min(spec.orders, factorial(min(count, EXHAUSTIVE))) if count > 1 else 0
    tally = Tally(run, (2 + count + max(orders - 1, 0)) * answers, message="Leaving one out")
    objective = TrackedObjective(engine, answers, tally)
    bare, whole = in_steps(objective, [(), places], answers)
    adds = leave_one_out(objective, places, whole, stream(spec.seed, REMOVING))
    gain = gain_intervals(bare, [whole], stream(spec.seed, WHOLE))[0]
    additions = tuple(Addition(place, demonstration.id, added.mean, added.low, added.high)
                      for place, demonstration, added in zip(places, spec.prompt.demonstrations, adds, strict=True))
    tried: OrderSensitivity | None = None
    if orders > 1:
        tally.message = "Trying orders"
        tried = order_sensitivity(objective, places, whole, orders, stream(spec.seed, ORDERING))
    say_known(kept, run)
    return SensitivityResult(mean_logprob(whole), WholeGain(gain.mean, gain.low, gain.high, _wins(bare, whole)),
                             additions, tried)


def _wins(bare: Sequence[AnswerScore], whole: Sequence[AnswerScore]) -> float:
    """The share of questions whose answers are likelier with the demonstrations than without."""
    (without, with_them), _ = by_question([bare, whole])
    return float((with_them > without).mean())


def title(spec: SensitivitySpec) -> str:
    return f"Leave one out of {counted(len(spec.prompt.demonstrations), 'demonstration')}"


def outcome(result: SensitivityResult) -> str:
    if not result.demonstrations:
        return ""
    least = min(result.demonstrations, key=lambda addition: addition.mean)
    return f"The demonstration in place {least.place} adds least: {least.mean:+.3f} nats per answer"


def continued(spec: SensitivitySpec, kept: Kept) -> SensitivitySpec:
    """Starts again, and finds what it has scored in the kept scores."""
    return replace(spec, kept_scores=kept.scores_folder)


KIND = JobKind(SensitivitySpec, SensitivityResult, run_sensitivity, title, continued, runs_code=never, outcome=outcome,
               sharing=any_number, warm=True, page="prompt",
               changes=frozenset({Kind.SCORE}))
