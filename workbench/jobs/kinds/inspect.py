"""An inspect job: what a cell of a heat map stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.domain import Demonstration, ModelRef, Position, Prompt, Question, TokenScore
from workbench.errors import JobError
from workbench.jobs.events import Tokens
from workbench.jobs.kind import JobKind, anew, never
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.models.base import LanguageModel
from workbench.prompts import add, check_context, render


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
class InspectResult(Result):
    """All that it finds is said in its Tokens."""


def run_inspect(spec: InspectSpec, run: Run) -> InspectResult:
    """Says Tokens: the reference answer of one turn, token by token, without and with the candidate."""
    question, turn = spec.question, spec.turn
    references = question.references[: turn + 1]
    if min(len(references), len(question.turns)) <= turn or not all(references):
        raise JobError(f"Turn {turn + 1} of this question has no reference answer to look at.")
    model = run.load(spec.model)
    before, before_text = _tokens(model, add(spec.base, spec.chosen, spec.position), question, turn)
    run.checkpoint()
    added = add(spec.base, (*spec.chosen, spec.candidate), spec.position)
    after, after_text = _tokens(model, added, question, turn)
    run.say(Tokens(before, after, before_text, after_text))
    return InspectResult()


def _tokens(model: LanguageModel, prompt: Prompt, question: Question, turn: int) -> tuple[tuple[TokenScore, ...], str]:
    """The scored tokens of the turn's reference under ``prompt``, and the text that the model saw."""
    from workbench.scoring.sequences import answer_sequences, conversation

    talk = conversation(question.turns[: turn + 1], question.references[: turn + 1])
    rendered = render(prompt, talk, tokenizer=model.tokenizer)
    check_context(model.tokenizer.count(rendered.text), model.context)
    return tuple(model.inspect(answer_sequences([rendered], model.tokenizer)[0])), rendered.text


def title(spec: InspectSpec) -> str:
    return f"Look at question {spec.question.key or spec.question.id} with demonstration {spec.candidate.id}"


KIND = JobKind(InspectSpec, InspectResult, run_inspect, title, anew, runs_code=never, short=True, warm=True)
