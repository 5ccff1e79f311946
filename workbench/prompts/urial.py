"""URIAL's form (Lin et al., arXiv 2312.01552): rules, then queries and answers in fences.

The text of a prompt file is followed by the conversation as URIAL's own code does it (``SeparatorStyle.URIAL`` in
``src/fastchat_conversation.py``): an empty line, the heading, and the text in a fence; an open answer ends after its
opening fence. That code ends an answer at the next ``# Query`` or ``# User`` and takes all fences out afterwards; here
an answer ends at its closing fence, and code blocks inside it are kept (see models.stopping).
"""

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

STOP = ("\n```", "\n# Query:", "\n# User:")

_HEADING = {Role.USER: "# Query:", Role.ASSISTANT: "# Answer:", Role.SYSTEM: "# Instruction:", Role.TOOL: "# Tool:"}


def build(prompt: Prompt, turns: Sequence[Turn], tokenizer: ChatTokenizer | None = None) -> Rendered:
    """Raises PromptError when the conversation's roles do not alternate."""
    pieces = _prompt(prompt).copy()
    _blocks(pieces, labelled_conversation(turns), closed=awaits_answer(turns))
    if awaits_answer(turns):
        pieces.frame("\n# Answer:\n```\n")
    return pieces.rendered(STOP)


@once_per_prompt
def _prompt(prompt: Prompt) -> Pieces:
    """The part before the conversation: made once for all questions that a prompt is asked."""
    pieces = Pieces()
    if not _from_file(pieces, prompt):
        if prompt.rules:
            pieces.part(prompt.rules, SpanKind.RULES, 0)
            pieces.frame("\n")
        for index, demonstration in enumerate(prompt.demonstrations):
            _blocks(pieces, labelled_demonstration(demonstration, index))
    return pieces


def _blocks(pieces: Pieces, items: Iterable[tuple[Turn, SpanKind, int]], *, closed: bool = True) -> None:
    """Write blocks, an empty line before each; ``closed`` False leaves the last one's fence open, at its text's end."""
    close = ""
    for turn, kind, index in items:
        pieces.frame(close)
        pieces.frame(("\n" if pieces.length else "") + _HEADING[turn.role] + "\n```\n")
        pieces.part(turn.text, kind, index)
        close = "\n```\n"
    if closed:
        pieces.frame(close)


def _from_file(pieces: Pieces, prompt: Prompt) -> bool:
    """Take the prompt's part from the text of its file. False where that text is not this prompt's."""
    text, position = prompt.verbatim, 0
    if not text:
        return False
    found: list[tuple[int, str, SpanKind, int]] = []
    expected = [(prompt.rules, SpanKind.RULES, 0)] if prompt.rules else []
    for index, demonstration in enumerate(prompt.demonstrations):
        expected += [(t.text, kind, place) for t, kind, place in labelled_demonstration(demonstration, index)]
    for part, kind, index in expected:
        start = text.find(part, position)
        if start < 0:
            return False
        found.append((start, part, kind, index))
        position = start + len(part)
    for start, part, kind, index in found:
        pieces.frame(text[pieces.length:start])
        pieces.part(part, kind, index)
    pieces.frame(text[pieces.length:])
    return True


TEMPLATE = Template("urial", "URIAL: queries and answers in fences", build)
