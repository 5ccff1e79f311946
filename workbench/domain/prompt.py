"""A prompt: rules, an ordered list of demonstrations, and a template that makes text of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

from workbench.domain.demonstration import Demonstration


class Position(StrEnum):
    """Where new demonstrations stand. The ICL-alignment paper (arXiv 2405.19874) puts them before URIAL's three."""

    BEFORE_BASE = "before_base"
    AFTER_BASE = "after_base"


@dataclass(frozen=True, slots=True)
class Prompt:
    """``template`` is a template's name (see workbench.prompts) or, when it holds Jinja markers, its own source.

    ``verbatim`` is the exact text of the file that the prompt was read from, kept so that it can be written out
    byte for byte while nothing has been changed; empty when the prompt was made here.
    """

    rules: str = ""
    demonstrations: tuple[Demonstration, ...] = ()
    template: str = "urial"
    name: str = ""
    verbatim: str = ""
    id: int | None = None
    version: int = 0

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) over what the model will see: rules, template, and the demonstrations in order."""
        payload = json.dumps([self.rules, self.template, [d.content_hash for d in self.demonstrations]])
        return hashlib.sha256(payload.encode("ascii")).hexdigest()


class SpanKind(StrEnum):
    RULES = "rules"
    INSTRUCTION = "instruction"      # a demonstration's user turn
    ANSWER = "answer"                # a demonstration's assistant turn
    QUESTION = "question"            # a user turn of the question asked
    REPLY = "reply"                  # an assistant turn after the question: what is scored, or given as context


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start:end`` of a rendered prompt. ``index`` is the demonstration's place (0…), or the turn's."""

    start: int
    end: int
    kind: SpanKind
    index: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """The exact text a model sees, with what each stretch of it is, and the strings that end an answer."""

    text: str
    spans: tuple[Span, ...]
    stop: tuple[str, ...] = ()
