"""From a prompt and a question to the exact text that a model sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from workbench.domain import Demonstration, Position, Prompt, Rendered, Turn
from workbench.errors import PromptError
from workbench.prompts import chat, custom, plain, urial
from workbench.prompts.chat import ChatTokenizer

TEMPLATES = {
    "urial": "URIAL: queries and answers in fences",
    "plain": "Plain: Query and Answer paragraphs",
    "chat": "The model's own chat template",
}


def render(prompt: Prompt, turns: Sequence[Turn] = (), *, tokenizer: ChatTokenizer | None = None) -> Rendered:
    """Lay out ``prompt`` and the asked conversation (user, assistant, user, …).

    Without ``turns`` it is the prompt alone, as it is written to a file. If the user has the last turn, the text ends
    where the answer begins; an assistant's last turn is an answer to be scored, and the text ends with it. Spans are
    exact. ``tokenizer`` is needed by the chat template only. Raises PromptError: unknown or faulty template, roles that
    do not take turns.
    """
    if custom.is_source(prompt.template):
        return custom.build(prompt, turns)
    if prompt.template == "urial":
        return urial.build(prompt, turns)
    if prompt.template == "plain":
        return plain.build(prompt, turns)
    if prompt.template == "chat":
        return chat.build(prompt, turns, tokenizer)
    raise PromptError(
        f"There is no template “{prompt.template}”.", remedy=f"Choose one of {', '.join(TEMPLATES)}, or write your own."
    )


def add(
    prompt: Prompt, demonstrations: Iterable[Demonstration], position: Position = Position.BEFORE_BASE
) -> Prompt:
    """The prompt with ``demonstrations``, in their order, before or after its own.

    The text of the file it was read from no longer holds, so that prompts compared with each other are all laid out by
    the template: ``add(base, ())`` is the base to compare with.
    """
    new = tuple(demonstrations)
    before = position is Position.BEFORE_BASE
    joined = new + prompt.demonstrations if before else prompt.demonstrations + new
    return replace(prompt, demonstrations=joined, verbatim="")
