"""Who answers, what was answered, and what judges and people said of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.domain.model import ModelRef
from workbench.domain.prompt import Prompt

Finish = Literal["stop", "end", "length", "context", ""]
"""Why an answer ended: a stop string, the model's end token, max_tokens, a full context ("": not known)."""

JudgementKind = Literal["rating", "pair", "measure"]
Verdict = Literal["answer", "other", "tie", "both_bad", "skip", "error", ""]
"""Of a pair: which of Judgement.answer_id and other_answer_id won. "error": the judge's words could not be read."""

UNREADABLE = -1.0
"""The score of a rating whose words could not be read (FastChat's -1)."""


@dataclass(frozen=True, slots=True)
class DecodingSettings:
    """How an answer is drawn. ``temperature`` 0 is greedy; ``stop`` is added to the template's stop strings.

    ``top_k`` 0, ``top_p`` 1, ``min_p`` 0 and ``repetition_penalty`` 1 change nothing.
    """

    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()
    seed: int = 0
    min_p: float = 0.0

    @property
    def label(self) -> str:
        """ "greedy", or "T 0.7, top-p 0.9": what differs from drawing plainly."""
        parts = ["greedy"] if self.temperature <= 0 else [f"T {self.temperature:g}"]
        if self.temperature > 0:
            parts += [f"{name} {value:g}" for name, value, off in (
                ("top-p", self.top_p, 1), ("top-k", self.top_k, 0), ("min-p", self.min_p, 0)) if value != off]
        if self.repetition_penalty != 1:
            parts.append(f"repetition {self.repetition_penalty:g}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Contestant:
    """What answers: a model under a prompt, with decoding settings.

    ``prompt`` None is no prompt: the question alone, in the URIAL template. Where the answers came from a file,
    ``model`` has a name and no path, and the prompt is not known.
    """

    name: str
    model: ModelRef
    prompt: Prompt | None = None
    decoding: DecodingSettings = field(default_factory=DecodingSettings)
    id: int | None = None

    @property
    def from_file(self) -> bool:
        return not self.model.path

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) over all that makes its answers; its own name counts only where that is all that is known."""
        model = [self.model.backend.value, self.model.sha256 or self.model.path, self.model.device, self.model.dtype]
        model += [self.model.base] if self.model.base else []
        decoding = self.decoding
        drawn = [decoding.max_tokens, float(decoding.temperature), float(decoding.top_p), decoding.top_k,
                 float(decoding.repetition_penalty), list(decoding.stop), decoding.seed, float(decoding.min_p)]
        prompt = None if self.prompt is None else self.prompt.content_hash
        payload = json.dumps([[self.name, self.model.name] if self.from_file else model, prompt, drawn])
        return hashlib.sha256(payload.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a contestant answered to a turn (0 = the first) of a question; ``repeat`` counts draws from 0.

    ``seconds`` is the time it took, divided among the answers drawn beside it. ``logprob`` is the log-likelihood of
    its tokens under the model (nats, sum; temperature 1, nothing cut off), None where it is not known. ``facts`` say
    what made it (library versions, device, dtype, the model's sha256) and are filled in when it is stored.
    """

    contestant_id: int
    question_id: int
    turn: int
    repeat: int
    text: str
    tokens: int = 0
    seconds: float = 0.0
    finish: Finish = ""
    seed: int = 0
    logprob: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    id: int | None = None

    @property
    def key(self) -> tuple[int, int, int, int]:
        """(contestant, question, turn, repeat): one answer each."""
        return self.contestant_id, self.question_id, self.turn, self.repeat


@dataclass(frozen=True, slots=True)
class Judgement:
    """What ``judge`` (a model's name, a measure's family such as "reference" or "grader", or a person) said of an
    answer, or of two answers to the same turn.

    - "rating": ``score`` 1..10, or UNREADABLE.
    - "measure": ``score`` of the measure called ``name`` ("log_likelihood", "exact", "f1", "rules", …).
    - "pair": ``verdict`` over all orders; ``first`` is the verdict with ``answer_id`` shown first, ``second`` with the
      other shown first, "" where that order was not shown (people see one order).

    ``words`` are the judge's, ``words_swapped`` those for the second order. ``prompt_name`` is the judge prompt's name
    ("single-v1", "pair-math-v1"). ``details`` keeps what else belongs to it, as JSON (the exact text asked, cost,
    ``reasons`` of a person).
    """

    judge: str
    kind: JudgementKind
    answer_id: int
    other_answer_id: int | None = None
    name: str = ""
    score: float | None = None
    verdict: Verdict = ""
    first: Verdict = ""
    second: Verdict = ""
    words: str = ""
    words_swapped: str = ""
    prompt_name: str = ""
    by_person: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None

    @property
    def key(self) -> tuple[str, str, str, str, int, int]:
        """What is judged once by a judge (other answer 0: none); people may judge again."""
        return self.judge, self.kind, self.name, self.prompt_name, self.answer_id, self.other_answer_id or 0

    @property
    def readable(self) -> bool:
        return self.verdict != "error" and self.score != UNREADABLE

    @property
    def share(self) -> float | None:
        """What the first answer gets of a pair: 1 where it won, 0 where the other did, ½ where neither; None where
        nothing was decided (skipped, unreadable, no pair)."""
        return {"answer": 1.0, "other": 0.0, "tie": 0.5, "both_bad": 0.5}.get(self.verdict)
