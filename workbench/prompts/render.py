"""From a prompt and a question to the exact text that a model sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from workbench.domain import Demonstration, Position, Prompt, Rendered, Turn
from workbench.errors import PromptError
from workbench.prompts import chat, custom, plain, urial
from workbench.prompts.template import ChatTokenizer, Template

TEMPLATES: dict[str, Template] = {module.TEMPLATE.name: module.TEMPLATE for module in (urial, plain, chat)}
"""By name, in the order in which they are offered. A person's own stand as source in ``Prompt.template``."""


def render(prompt: Prompt, turns: Sequence[Turn] = (), *, tokenizer: ChatTokenizer | None = None) -> Rendered:
    """Lay out ``prompt`` and the asked conversation (user, assistant, user, …).

    Without ``turns`` it is the prompt alone, as it is written to a file. If the user has the last turn, the text ends
    where the answer begins; an assistant's last turn is an answer to be scored, and the text ends with it. Spans are
    exact. ``tokenizer`` is needed where ``needs_tokenizer`` says so. Raises PromptError: unknown or faulty template,
    roles that do not take turns.
    """
    if custom.is_source(prompt.template):
        return custom.build(prompt, turns)
    template = TEMPLATES.get(prompt.template)
    if template is None:
        raise PromptError(f"There is no template “{prompt.template}”.",
                          remedy=f"Choose one of {', '.join(TEMPLATES)}, or write your own.")
    return template.build(prompt, turns, tokenizer)


def needs_tokenizer(prompt: Prompt) -> bool:
    """Whether it cannot be laid out without a model's tokenizer."""
    template = TEMPLATES.get(prompt.template)
    return template is not None and template.needs_tokenizer


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
