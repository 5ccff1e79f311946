"""An answer job: contestants answer a question set."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from workbench.bench.answers import Answering, Key
from workbench.domain import Answer, Contestant, ModelRef, Question
from workbench.errors import JobError
from workbench.jobs.events import Answered, Text
from workbench.jobs.kind import JobKind, Kept, names_of, never
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.wording import counted

TEXT_SECONDS = 0.2                   # text that comes is said at most five times a second


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
class AnswerResult(Result):
    """``answers`` of ``tokens`` were drawn; ``too_long`` questions did not fit into the context and were answered by
    nothing; ``cut`` answers ended at the limit of their length."""

    answers: int = 0
    tokens: int = 0
    too_long: int = 0
    cut: int = 0
    contestants: int = 0
    questions: int = 0


def run_answer(spec: AnswerSpec, run: Run) -> AnswerResult:
    """Says Text as it comes and Answered for each answer that is not known, model by model."""
    if not spec.contestants or not spec.questions:
        raise JobError("There is nobody to answer, or nothing to ask.", remedy="Choose contestants and questions.")
    by_model: dict[ModelRef, list[Contestant]] = defaultdict(list)
    for contestant in spec.contestants:
        by_model[contestant.model].append(contestant)
    rounds = [Answering(contestants, spec.questions, spec.repeats, spec.known) for contestants in by_model.values()]
    total = sum(len(one.wanted()) for one in rounds)
    counts = {"answers": 0, "tokens": 0, "too_long": 0, "cut": 0}
    streaming = Streaming(run)

    def keep(answer: Answer) -> None:
        streaming.flush()
        run.say(Answered(answer))
        counts["answers"] += 1
        counts["tokens"] += answer.tokens
        counts["too_long"] += answer.finish == "context" and not answer.tokens
        counts["cut"] += answer.finish == "length"
        run.progress(counts["answers"], total, "answers")

    for model, answering in zip(by_model, rounds, strict=True):
        if answering.wanted():
            answering.on_text, answering.on_answer = streaming.add, keep
            answering.run(run.load(model))
    if counts["too_long"]:
        run.log("warning", f"{counts['too_long']} questions do not fit into the model's context: answered by nothing.")
    return AnswerResult(**counts, contestants=len(spec.contestants), questions=len(spec.questions))


class Streaming:
    """Passes on text in pieces that a listener can keep up with, however many answers are drawn at a time."""

    def __init__(self, run: Run, clock: Callable[[], float] = time.monotonic) -> None:
        self._run, self._clock = run, clock
        self._pending: dict[Key, str] = {}
        self._said = 0.0

    def add(self, key: Key, text: str) -> None:
        self._run.checkpoint()
        self._pending[key] = self._pending.get(key, "") + text
        if self._clock() - self._said >= TEXT_SECONDS:
            self.flush()

    def flush(self) -> None:
        for (contestant, question, turn, repeat), text in self._pending.items():
            self._run.say(Text(text, turn, contestant, question, repeat))
        self._pending.clear()
        self._said = self._clock()


def title(spec: AnswerSpec) -> str:
    return f"Answer {counted(len(spec.questions), 'question')}, {counted(len(spec.contestants), 'contestant')}"


def detail(spec: AnswerSpec) -> str:
    return names_of(models(spec))


def outcome(result: AnswerResult) -> str:
    return f"{counted(result.answers, 'answer')}, {counted(result.tokens, 'token')}"


def continued(spec: AnswerSpec, kept: Kept) -> AnswerSpec:
    """What is answered, by whichever job, is not answered again."""
    return replace(spec, known=tuple(kept.answers([contestant.id for contestant in spec.contestants],
                                                  [question.id for question in spec.questions])))


def models(spec: AnswerSpec) -> tuple[ModelRef, ...]:
    return tuple(dict.fromkeys(contestant.model for contestant in spec.contestants))


KIND = JobKind(AnswerSpec, AnswerResult, run_answer, title, continued, runs_code=never, detail=detail, outcome=outcome,
               models=models, warm=True, page="bench", bench_answers=True)
