"""What is measured of answers, declared once: ours, and what installed packages bring (docs/adding-a-judge.md).

A ``ReferenceMeasure`` compares an answer with its reference. A ``Grader`` is a judge that knows by itself how good an
answer to its questions is. Both are had at once, without a model. What a job measures is an ``AnswerMeasure``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from workbench import plugins
from workbench.bench.reference_measures import exact_match, token_f1
from workbench.domain import Question
from workbench.errors import JobError

REFERENCE, GRADER = "reference", "grader"            # who says it, in judgements
MEASURES, JUDGES = "workbench.measures", "workbench.judges"      # the entry points of installed packages
LANGUAGE_MODEL = "language_model"                    # the judge that is asked in words


@dataclass(frozen=True, slots=True)
class Grade:
    """``words`` say why."""

    score: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class AnswerMeasure:
    """A number that is put beside an answer. ``name`` stands in judgements, specifications and commands, ``title`` on
    charts, ``short`` in a sentence. ``bounds`` are the range that charts always show; None: there is none."""

    name: str
    title: str
    short: str
    unit: str
    bounds: tuple[float, float] | None = (0.0, 1.0)
    judge: ClassVar[str] = REFERENCE

    @property
    def note(self) -> str:
        """What stands on every chart of it."""
        return f"{self.title}, {self.unit}: not an MT-Bench score"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceMeasure(AnswerMeasure):
    """``function`` gets the answer's text and its reference."""

    function: Callable[[str, str], float]

    def fits(self, question: Question) -> bool:
        return bool(question.references and question.references[0])

    def grade(self, question: Question, turn: int, answer: str) -> Grade:
        """Raises IndexError where the turn has no reference."""
        return Grade(self.function(answer, question.references[turn]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grader(AnswerMeasure):
    """``grade`` gets the question, the turn (0 = the first) and the answer's text; ``fits`` says whether it knows a
    question. ``about`` names what it judges by, in a form.

    Where demonstrations for its questions can be made, ``make`` writes so many of them to a file that can be imported,
    always the same; ``source`` is what they are called.
    """

    grade: Callable[[Question, int, str], Grade]
    fits: Callable[[Question], bool]
    about: str
    source: str = ""
    make: Callable[[Path, int], None] | None = None
    judge: ClassVar[str] = GRADER


LOG_LIKELIHOOD = AnswerMeasure("log_likelihood", "Reference log-likelihood", "log-likelihood", "nats per answer", None)
SHIFT = AnswerMeasure("kl", "Shift away from the base model (KL)", "shift", "nats per token", None)
F1 = ReferenceMeasure("f1", "Word overlap with the reference (F1)", "token F1", "0 to 1", function=token_f1)
EXACT = ReferenceMeasure("exact", "Exact match with the reference", "exact match", "share of answers",
                         function=exact_match)


@cache
def tables() -> tuple[plugins.Table[ReferenceMeasure], plugins.Table[Grader]]:
    return plugins.table(MEASURES, ReferenceMeasure, (F1, EXACT)), plugins.table(JUDGES, Grader, ())


def measures() -> dict[str, AnswerMeasure]:
    """All, by name, in the order in which they are offered."""
    compared, judges = tables()
    return {LOG_LIKELIHOOD.name: LOG_LIKELIHOOD, **compared.entries, **judges.entries, SHIFT.name: SHIFT}


def instant() -> dict[str, ReferenceMeasure | Grader]:
    """Those that are had at once, without a model; graders first."""
    found = {name: one for name, one in measures().items() if isinstance(one, ReferenceMeasure | Grader)}
    return dict(sorted(found.items(), key=lambda item: isinstance(item[1], ReferenceMeasure)))


def graders() -> list[Grader]:
    return [one for one in instant().values() if isinstance(one, Grader)]


def judged_by() -> list[str]:
    """By what a search by a judge can go: the names of ``instant``, and a language model."""
    return [*instant(), LANGUAGE_MODEL]


def instant_measure(name: str) -> ReferenceMeasure | Grader:
    """Raises JobError for a name that nobody here has declared."""
    found = instant().get(name)
    if found is None:
        raise JobError(f"There is no measure or judge “{name}” here.", safe="Nothing was started.",
                       remedy=f"Install the package that brings it, or choose one of {', '.join(judged_by())}.")
    return found


def measure_named(name: str) -> AnswerMeasure:
    """A bare one where its package is no longer installed."""
    return measures().get(name) or AnswerMeasure(name, name.replace("_", " ").capitalize(), name, "")
