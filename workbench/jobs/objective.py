"""The scoring engine's objective as a search sees it: with progress said, orders heeded, and numbers checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Protocol

from workbench.domain import AnswerScore
from workbench.errors import JobError
from workbench.jobs.run import Run


class Engine(Protocol):
    """What workbench.scoring's SetObjective offers; ``progress`` hears how many sets are finished."""

    def evaluate(
        self, sets: Sequence[tuple[int, ...]], progress: Callable[[int], None]
    ) -> list[tuple[AnswerScore, ...]]: ...

    def prompt_tokens(self, ids: tuple[int, ...]) -> int: ...

    def fits(self, ids: tuple[int, ...]) -> bool: ...


@dataclass
class Tally:
    """Answers scored so far and in all, over the phases of one job. ``message`` says what is being done."""

    run: Run
    total: int
    done: int = 0
    message: str = ""

    def at(self, done: int) -> None:
        self.run.progress(min(done, self.total), self.total, "answers", self.message)


@dataclass
class TrackedObjective:
    """workbench.search's Objective over the engine. ``evaluate`` is one step: orders are heeded before and within.

    ``also`` is an engine with other questions that the sets will be asked too: they have to fit there as well.
    ``part`` makes an engine for some of the questions, by id, and says how many answers those have.
    """

    engine: Engine
    answers: int                                     # a set is scored on so many
    tally: Tally
    also: Engine | None = None
    part: Callable[[Sequence[int]], tuple[Engine, int]] | None = None
    scored: int = 0                                  # answers so far

    def evaluate(self, sets: Sequence[tuple[int, ...]]) -> list[tuple[AnswerScore, ...]]:
        self.tally.run.checkpoint()
        start = self.tally.done
        found = self.engine.evaluate(sets, lambda finished: self.tally.at(start + finished * self.answers))
        for answers in found:
            check_finite(answers)
            self.scored += len(answers)
        self.tally.done = start + len(sets) * self.answers
        self.tally.at(self.tally.done)
        return found

    def on(self, questions: Sequence[int]) -> TrackedObjective:
        """The same on some of the questions only. Raises ValueError when it was made without ``part``."""
        if self.part is None:
            raise ValueError("this objective cannot be asked for some of its questions")
        engine, answers = self.part(questions)
        return TrackedObjective(engine, answers, self.tally, self.also, self.part)

    def prompt_tokens(self, ids: tuple[int, ...]) -> int:
        return self.engine.prompt_tokens(ids)

    def fits(self, ids: tuple[int, ...]) -> bool:
        return self.engine.fits(ids) and (self.also is None or self.also.fits(ids))


def check_finite(answers: Sequence[AnswerScore]) -> None:
    """Raises JobError when a log-likelihood is not a number: no ranking can be made of those."""
    if not all(isfinite(answer.logprob) for answer in answers):
        raise JobError(
            "The model gives log-likelihoods that are not finite numbers.",
            remedy="Load it with dtype float32 or bfloat16; if that does not help, its weights are damaged.",
        )
