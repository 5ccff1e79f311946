"""A generate job: one answer under a prompt, as it is tried on the Prompt page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.domain import ModelRef, Prompt, Role, Turn
from workbench.errors import JobError
from workbench.jobs.events import Text
from workbench.jobs.kind import JobKind, anew, never
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.models.base import Decoding
from workbench.prompts import render
from workbench.wording import counted


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
class GenerateResult(Result):
    """To each turn one."""

    answers: tuple[str, ...] = ()


def run_generate(spec: GenerateSpec, run: Run) -> GenerateResult:
    """Says Text as it comes, for each turn in order; a later turn sees the model's own earlier answers."""
    if not spec.turns:
        raise JobError("There is no question to answer.", remedy="Type one.")
    model = run.load(spec.model)
    conversation: list[Turn] = []
    answers: list[str] = []
    for number, question in enumerate(spec.turns):
        conversation.append(Turn(Role.USER, question))
        rendered = render(spec.prompt, conversation, tokenizer=model.tokenizer)
        decoding = Decoding(spec.max_tokens, spec.temperature, spec.top_p, spec.top_k, spec.repetition_penalty,
                            rendered.stop, spec.seed, spec.min_p)

        def on_text(_: int, text: str, turn: int = number) -> None:
            run.checkpoint()
            run.say(Text(text, turn))

        answer = model.generate([rendered.text], decoding, on_text)[0]
        conversation.append(Turn(Role.ASSISTANT, answer))
        answers.append(answer)
    return GenerateResult(tuple(answers))


def title(spec: GenerateSpec) -> str:
    return f"Answer {counted(len(spec.turns), 'turn')}"


KIND = JobKind(GenerateSpec, GenerateResult, run_generate, title, anew, runs_code=never, short=True, warm=True)
