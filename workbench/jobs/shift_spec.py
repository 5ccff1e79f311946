"""What a job that measures shifts is told to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.bench.matches import GivenAnswers
from workbench.domain import Contestant, ModelRef, Prompt, Question

JUDGE, NAME = "token_shift", "kl"    # of the measures that it leaves


@dataclass(frozen=True, slots=True)
class ShiftSpec:
    """Compare, on the answers ``given`` of ``contestants``, each contestant with the base model ``model`` under
    ``prompt`` (None: the bare question), token by token (see scoring.token_shift).

    ``done`` are answers that an earlier start of this job has compared.
    """

    model: ModelRef
    contestants: tuple[Contestant, ...]
    questions: tuple[Question, ...]
    given: tuple[GivenAnswers, ...]
    prompt: Prompt | None = None
    done: tuple[int, ...] = ()
    kind: Literal["shift"] = "shift"
