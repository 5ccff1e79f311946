"""A sensitivity job: what a prompt owes to each of its demonstrations and to their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from math import factorial
from typing import Any

from workbench.domain import AnswerScore
from workbench.errors import JobError
from workbench.jobs.events import Finished
from workbench.jobs.known_scores import kept_scores, say_known
from workbench.jobs.objective import Tally, TrackedObjective
from workbench.jobs.pool import answers_scored, usable_questions
from workbench.jobs.run import Run
from workbench.jobs.specs import SensitivitySpec
from workbench.scoring.candidates import SetObjective
from workbench.search.intervals import by_question, gain_intervals, mean_logprob
from workbench.search.options import EXHAUSTIVE
from workbench.search.sensitivity import leave_one_out, order_sensitivity
from workbench.search.task import in_steps, stream

REMOVING, ORDERING, WHOLE = 0, 1, 2  # streams of random numbers


def run_sensitivity(spec: SensitivitySpec, run: Run) -> None:
    """Says Finished with ``{"whole", "gain", "demonstrations": [{"place", "id", "mean", "low", "high"}], "orders"}``:
    nats per answer. ``gain`` (mean, low, high, win_rate) is the whole prompt against itself without demonstrations; a
    demonstration's numbers say what it adds to the others. ``orders`` is an OrderSensitivity, its places counted from
    1, or None for fewer than two demonstrations."""
    count = len(spec.prompt.demonstrations)
    if not count:
        raise JobError("The prompt has no demonstrations, so there is none to leave out.", remedy="Add some first.")
    questions = usable_questions(spec.questions, spec.turns, "questions", lambda text: run.log("info", text))
    model = run.load(spec.model)
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
    summary: dict[str, Any] = {"whole": mean_logprob(whole), "gain": {**asdict(gain), "win_rate": _wins(bare, whole)},
                               "demonstrations": [
        {"place": place, "id": one.id, **asdict(interval)}
        for place, one, interval in zip(places, spec.prompt.demonstrations, adds, strict=True)], "orders": None}
    if orders > 1:
        tally.message = "Trying orders"
        found = order_sensitivity(objective, places, whole, orders, stream(spec.seed, ORDERING))
        summary["orders"] = asdict(found)
    say_known(kept, run)
    run.say(Finished(summary))


def _wins(bare: Sequence[AnswerScore], whole: Sequence[AnswerScore]) -> float:
    """The share of questions whose answers are likelier with the demonstrations than without."""
    (without, with_them), _ = by_question([bare, whole])
    return float((with_them > without).mean())
