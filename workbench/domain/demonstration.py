"""A demonstration: an instruction and its answer, or several turns of a conversation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"                    # what a tool gave back: kept and shown, never part of a prompt


class Status(StrEnum):
    """What a person decided about a demonstration."""

    CANDIDATE = "candidate"
    ACCEPTED = "accepted"
    FLAGGED = "flagged"
    REJECTED = "rejected"


NOT_REJECTED = frozenset(Status) - {Status.REJECTED}


@dataclass(frozen=True, slots=True)
class Turn:
    """``attached`` is what else a turn came with, as JSON holds it: tool calls, images (in ``content``, a list of
    parts), thinking, a weight. It is kept and written out again."""

    role: Role
    text: str
    attached: Mapping[str, Any] | None = field(default=None, hash=False)


_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
_CALLS = ("tool_calls", "function_call")
_TEXT_PARTS = ("text", "input_text", "output_text")
_THINKING = ("thinking", "reasoning", "reasoning_content")


def content_hash(turns: Sequence[Turn]) -> str:
    """SHA-256 (hex) over the turns alone: two demonstrations with the same turns are the same demonstration."""
    payload = _ENCODER.encode([[t.role, t.text, t.attached] if t.attached else [t.role, t.text] for t in turns])
    return hashlib.sha256(payload.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A candidate for a prompt. ``id`` is None until it is stored; ``rating`` is 1..5, or 0 when not rated."""

    turns: tuple[Turn, ...]
    category: str = ""
    source: str = ""
    licence: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    status: Status = Status.CANDIDATE
    rating: int = 0
    note: str = ""
    id: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What else a row of a file said, by column: kept, filtered by, written out again."""

    @classmethod
    def pair(cls, instruction: str, answer: str, *, category: str = "", source: str = "",
             tags: tuple[str, ...] = (), id: int | None = None) -> Demonstration:
        """A single-turn demonstration. An empty answer leaves the assistant's turn out (an "unsupervised" one)."""
        turns = (Turn(Role.USER, instruction), *([Turn(Role.ASSISTANT, answer)] if answer else []))
        return cls(turns, category=category, source=source, tags=tags, id=id)

    @property
    def instruction(self) -> str:
        """The first user turn."""
        return next((t.text for t in self.turns if t.role is Role.USER), "")

    @property
    def answer(self) -> str:
        """The first assistant turn."""
        return next((t.text for t in self.turns if t.role is Role.ASSISTANT), "")

    @property
    def content_hash(self) -> str:
        return content_hash(self.turns)

    @property
    def rejected_answer(self) -> str:
        """The worse answer of a preference pair; "" where there is none."""
        return str(self.metadata.get(REJECTED_ANSWER, ""))

    @property
    def unusable(self) -> str:
        """What it holds that a prompt of text cannot: "a tool call", "an image"; "" for nothing."""
        return next((found for turn in self.turns for found in holdings(turn) if found in _NOT_IN_PROMPTS), "")


REJECTED_ANSWER = "rejected_answer"
_NOT_IN_PROMPTS = ("a tool call", "a tool's result", "an image", "a part that is no text")


def holdings(turn: Turn) -> list[str]:
    """What a turn holds beside its text, in words: "a tool call", "an image", "thinking", "weight 0"."""
    attached = turn.attached or {}
    parts = attached.get("content")
    parts = parts if isinstance(parts, list) else []
    kinds = [str(part.get("type", "")) for part in parts if isinstance(part, Mapping)]
    other = [kind for kind in kinds if kind not in _TEXT_PARTS and kind not in _THINKING]
    found = {
        "a tool's result": turn.role is Role.TOOL,
        "a tool call": any(attached.get(name) for name in _CALLS),
        "an image": any("image" in kind for kind in other) or bool(attached.get("images")),
        "a part that is no text": any("image" not in kind for kind in other),
        "thinking": any(attached.get(name) for name in _THINKING) or any(kind in _THINKING for kind in kinds),
        f"weight {attached.get('weight')}": "weight" in attached,
    }
    return [words for words, held in found.items() if held]
