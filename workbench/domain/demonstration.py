"""A demonstration: an instruction and its answer, or several turns of a conversation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Status(StrEnum):
    """What a person decided about a demonstration."""

    CANDIDATE = "candidate"
    ACCEPTED = "accepted"
    FLAGGED = "flagged"
    REJECTED = "rejected"


NOT_REJECTED = frozenset(Status) - {Status.REJECTED}


@dataclass(frozen=True, slots=True)
class Turn:
    role: Role
    text: str


_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


def content_hash(turns: Sequence[Turn]) -> str:
    """SHA-256 (hex) over the turns alone: two demonstrations with the same turns are the same demonstration."""
    payload = _ENCODER.encode([[t.role, t.text] for t in turns])
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
