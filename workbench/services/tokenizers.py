"""The tokenizers of a project's models, loaded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.domain import Demonstration, ModelRef
from workbench.errors import ModelError
from workbench.models import Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from workbench.services.project import Project


class Tokenizers:
    """Tokenizers by model, loaded once. Belongs to the database lane, as everything that uses it runs there."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, str], Tokenizer] = {}

    def current(self, project: Project) -> tuple[ModelRef, Tokenizer] | None:
        """The current model and its tokenizer; None if there is no model or its tokenizer cannot be read."""
        ref = project.models.current()
        if ref is None:
            return None
        key = (ref.path, ref.sha256)
        if key not in self._loaded:
            try:
                self._loaded[key] = load_tokenizer(ref)
            except ModelError:
                return None                      # the Models page says what is the matter with it
        return ref, self._loaded[key]


def turn_tokens(tokenizer: Tokenizer, demonstration: Demonstration) -> list[int]:
    """Tokens of each turn's text, without a template's frame."""
    return [len(tokenizer.encode(turn.text, special=False).ids) for turn in demonstration.turns]
