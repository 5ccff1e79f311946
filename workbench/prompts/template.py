"""What a template declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from workbench.domain import Prompt, Rendered, Turn


class ChatTokenizer(Protocol):
    def apply_chat_template(self, messages: Sequence[Mapping[str, str]], *, open_answer: bool) -> str: ...


@dataclass(frozen=True, slots=True)
class Template:
    """A way to lay a prompt and the asked conversation out as text.

    ``name`` is what a prompt keeps, ``title`` what a person reads. ``build`` gives the text with exact spans and the
    stop strings that end an answer, and raises PromptError; ``needs_tokenizer`` where it lays out by the model's own.
    """

    name: str
    title: str
    build: Callable[[Prompt, Sequence[Turn], ChatTokenizer | None], Rendered]
    needs_tokenizer: bool = False
