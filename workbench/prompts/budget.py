"""Token counts of a prompt and its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from workbench.domain import Prompt, SpanKind
from workbench.errors import PromptError
from workbench.prompts.render import render
from workbench.prompts.template import ChatTokenizer


class Encoded(Protocol):
    @property
    def ids(self) -> tuple[int, ...]: ...
    @property
    def offsets(self) -> tuple[tuple[int, int], ...]: ...


class CountingTokenizer(ChatTokenizer, Protocol):
    def encode(self, text: str, *, special: bool = True) -> Encoded: ...


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """``rules`` + ``demonstrations`` = ``total``: a demonstration's count begins where the one before it ended, so
    that the frames between them are counted too; special tokens at the start belong to the rules."""

    rules: int
    demonstrations: tuple[int, ...]
    total: int


def count_tokens(prompt: Prompt, tokenizer: CountingTokenizer) -> TokenCounts:
    """Tokens of the whole prompt, tokenised in one go, and of each part."""
    rendered = render(prompt, tokenizer=tokenizer)
    ends = [0] * (len(prompt.demonstrations) + 1)
    for span in rendered.spans:
        if span.kind is SpanKind.RULES:
            ends[0] = span.end
        elif span.kind in (SpanKind.INSTRUCTION, SpanKind.ANSWER):
            ends[span.index + 1] = max(ends[span.index + 1], span.end)
    counts = [0] * len(ends)
    part = 0
    for start, end in tokenizer.encode(rendered.text).offsets:
        while part + 1 < len(ends) and start >= ends[part] and end > start:
            part += 1
        counts[part] += 1
    return TokenCounts(counts[0], tuple(counts[1:]), sum(counts))


def check_context(tokens: int, context: int, *, answer: int = 0) -> None:
    """Raises PromptError when ``tokens`` and an answer of ``answer`` more do not fit in ``context``."""
    if tokens + answer > context:
        room = f" and {answer:,} for the answer" if answer else ""
        raise PromptError(
            f"The prompt needs {tokens:,} tokens{room}, but the model's context holds {context:,}.",
            remedy="Take out a demonstration, shorten one, or choose a model with a longer context.",
        )
