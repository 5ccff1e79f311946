"""Prompts and their versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workbench.domain import Changes, Position, Prompt


@dataclass(frozen=True, slots=True)
class PromptInfo:
    id: int
    name: str
    version: int
    demonstrations: int
    changed: datetime


class Prompts:
    """``project.prompts``. Every change makes a new version (undoable); old versions can be read."""

    def all(self) -> list[PromptInfo]:
        raise NotImplementedError

    def get(self, prompt_id: int, version: int | None = None) -> Prompt:
        """The prompt with its whole demonstrations; the newest version by default."""
        raise NotImplementedError

    def versions(self, prompt_id: int) -> list[PromptInfo]:
        raise NotImplementedError

    def create(self, prompt: Prompt) -> Changes:
        """Store a new prompt; demonstrations without an id are stored too. ``created`` holds its id."""
        raise NotImplementedError

    def set_rules(self, prompt_id: int, rules: str) -> Changes:
        raise NotImplementedError

    def set_template(self, prompt_id: int, template: str) -> Changes:
        raise NotImplementedError

    def rename(self, prompt_id: int, name: str) -> Changes:
        raise NotImplementedError

    def set_demonstrations(self, prompt_id: int, ids: Sequence[int]) -> Changes:
        """The whole ordered list: reordering, removing and adding are all this."""
        raise NotImplementedError

    def add_demonstrations(
        self, prompt_id: int, ids: Sequence[int], position: Position = Position.BEFORE_BASE
    ) -> Changes:
        """Add those not in it yet, before or after what is there."""
        raise NotImplementedError
