"""A shift job: how far each contestant's prompt or training has moved the base model, on its own answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from workbench.bench.matches import GivenAnswers
from workbench.domain import Contestant, Judgement, ModelRef, Prompt, Question
from workbench.errors import JobError
from workbench.jobs.events import Judged
from workbench.jobs.kind import JobKind, Kept, never
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.models.base import LanguageModel
from workbench.prompts import render
from workbench.scoring.sequences import answer_sequences, conversation
from workbench.scoring.token_shift import TokenShift, token_shifts
from workbench.wording import counted

JUDGE, NAME = "token_shift", "kl"    # of the measures that it leaves


@dataclass(frozen=True, slots=True)
class ShiftSpec:
    """Compare, on the answers ``given`` of ``contestants``, each contestant with the base model ``model`` under
    ``prompt`` (None: the bare question), token by token (see scoring.token_shift).

    ``done`` are answers that an earlier start of this job has compared.
    """

    model: ModelRef
    contestants: tuple[Contestant, ...]
    questions: tuple[Question, ...]
    given: tuple[GivenAnswers, ...]
    prompt: Prompt | None = None
    done: tuple[int, ...] = ()
    kind: Literal["shift"] = "shift"


@dataclass(frozen=True, slots=True)
class ShiftResult(Result):
    """``answers`` were compared; their tokens are the base model's first choice (``unshifted``), among its first three
    (``marginal``), or farther down. Answers of an earlier start of the job are not in the tokens."""

    answers: int = 0
    unshifted: int = 0
    marginal: int = 0
    shifted: int = 0


def run_shift(spec: ShiftSpec, run: Run) -> ShiftResult:
    """Says Judged, a measure with its tokens, for each answer that is not ``done``.

    The base model stays loaded while contestants of another model are compared with it, so that memory has to hold two.
    """
    if not spec.given:
        raise JobError("There are no answers to compare.", remedy="Let the contestants answer first.")
    questions = {question.id: question for question in spec.questions}
    total = sum(len(one.answer_ids) for one in spec.given)
    counts, done = Counter[str](), len(spec.done)
    for contestant in spec.contestants:
        own = [one for one in spec.given if one.contestant_id == contestant.id
               and not set(one.answer_ids) <= set(spec.done)]
        if not own:
            continue
        with _Pair(spec, contestant, run) as pair:
            for given in own:
                for turn, answer_id in enumerate(given.answer_ids):
                    if answer_id in spec.done:
                        continue
                    tokens = pair.shifts(questions[given.question_id], given.texts[: turn + 1])
                    counts.update(token.shift for token in tokens)
                    if tokens:
                        run.say(Judged(_measure(spec, answer_id, tokens)))
                    done += 1
                    run.progress(done, total, "answers")
    return ShiftResult(total, counts["unshifted"], counts["marginal"], counts["shifted"])


class _Pair:
    """The base and a contestant's model, which may be the same."""

    def __init__(self, spec: ShiftSpec, contestant: Contestant, run: Run) -> None:
        from workbench.models.registry import load

        self._base_prompt, self._prompt = spec.prompt or Prompt(), contestant.prompt or Prompt()
        self._aligned = run.load(contestant.model)
        self._own = contestant.model != spec.model
        self._base: LanguageModel = load(spec.model) if self._own else self._aligned

    def __enter__(self) -> _Pair:
        return self

    def __exit__(self, *_: object) -> None:
        if self._own:
            self._base.close()

    def shifts(self, question: Question, texts: Sequence[str]) -> list[TokenShift]:
        """Of the last of ``texts``; the turns before it are the contestant's own for both models."""
        if not texts[-1]:
            return []
        talk = conversation(question.turns[: len(texts)], tuple(texts))
        tokenizer = self._aligned.tokenizer
        (given,) = answer_sequences([render(self._prompt, talk, tokenizer=tokenizer)], tokenizer)
        tokenizer = self._base.tokenizer
        (alone,) = answer_sequences([render(self._base_prompt, talk, tokenizer=tokenizer)], tokenizer)
        return token_shifts(self._aligned, given, self._base, alone.ids[: alone.start])


def _measure(spec: ShiftSpec, answer_id: int, tokens: Sequence[TokenShift]) -> Judgement:
    """``score`` is the mean KL, nats a token; the details hold every token."""
    base = spec.model.name + (f", {spec.prompt.name}" if spec.prompt is not None and spec.prompt.name else "")
    rows = [[one.text, round(one.kl, 4), one.rank, round(one.logprob, 4), round(one.base_logprob, 4)] for one in tokens]
    return Judgement(JUDGE, "measure", answer_id, name=NAME, score=sum(one.kl for one in tokens) / len(tokens),
                     prompt_name=base, details={"tokens": rows})


def title(spec: ShiftSpec) -> str:
    return f"Compare {counted(len(spec.contestants), 'contestant')} with {spec.model.name}, token by token"


def outcome(result: ShiftResult) -> str:
    total = result.unshifted + result.marginal + result.shifted or 1
    return (f"{result.unshifted / total:.0%} unshifted, {result.marginal / total:.0%} marginal, "
            f"{result.shifted / total:.0%} shifted")


def continued(spec: ShiftSpec, kept: Kept) -> ShiftSpec:
    """What is compared is not compared again."""
    return replace(spec, done=tuple(judgement.answer_id for judgement in kept.judgements()))


def models(spec: ShiftSpec) -> tuple[ModelRef, ...]:
    return tuple(dict.fromkeys((spec.model, *(contestant.model for contestant in spec.contestants))))


KIND = JobKind(ShiftSpec, ShiftResult, run_shift, title, continued, runs_code=never, outcome=outcome, models=models,
               page="bench")
