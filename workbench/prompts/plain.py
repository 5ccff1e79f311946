"""A plain form without fences: the rules, then ``Query:`` and ``Answer:`` paragraphs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workbench.domain import Prompt, Rendered, Role, SpanKind, Turn
from workbench.prompts.pieces import (
    Pieces,
    awaits_answer,
    labelled_conversation,
    labelled_demonstration,
    once_per_prompt,
)
from workbench.prompts.template import ChatTokenizer, Template

STOP = ("\n\nQuery:", "\nQuery:")

_LABEL = {Role.USER: "Query: ", Role.ASSISTANT: "Answer: ", Role.SYSTEM: "Instruction: ", Role.TOOL: "Tool: "}


def build(prompt: Prompt, turns: Sequence[Turn], tokenizer: ChatTokenizer | None = None) -> Rendered:
    """Raises PromptError when the conversation's roles do not alternate."""
    pieces = _prompt(prompt).copy()
    _paragraphs(pieces, labelled_conversation(turns))
    if awaits_answer(turns):
        # No space after the colon: most tokenizers put it in front of the answer's first word.
        pieces.frame("\nAnswer:")
    return pieces.rendered(STOP)


@once_per_prompt
def _prompt(prompt: Prompt) -> Pieces:
    pieces = Pieces()
    if prompt.rules:
        pieces.part(prompt.rules, SpanKind.RULES, 0)
    for index, demonstration in enumerate(prompt.demonstrations):
        _paragraphs(pieces, labelled_demonstration(demonstration, index))
    return pieces


def _paragraphs(pieces: Pieces, items: Iterable[tuple[Turn, SpanKind, int]]) -> None:
    for turn, kind, index in items:
        gap = "\n" if turn.role is Role.ASSISTANT else "\n\n"
        pieces.frame((gap if pieces.length else "") + _LABEL[turn.role])
        pieces.part(turn.text, kind, index)


TEMPLATE = Template("plain", "Plain: Query and Answer paragraphs", build)
