"""What a judge is told to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from workbench.bench.matches import GivenAnswers, Match
from workbench.domain import DecodingSettings, ModelRef, Prompt, Question
from workbench.domain.judge_prompt import JudgePrompt

JUDGE_TOKENS = 2048                  # FastChat's limit for a judge's words


@dataclass(frozen=True, slots=True)
class Price:
    """What a served judge costs, per million tokens, in whatever currency. ``limit`` is what a job may cost
    in all its starts; 0 is none."""

    prompt: float = 0.0
    completion: float = 0.0
    limit: float = 0.0

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6


def amount(cost: float) -> str:
    """ "12.34", and "0.0012" where two digits would say nothing."""
    return f"{cost:.2f}" if cost >= 0.1 or not cost else f"{cost:.2g}"


Mode = Literal["single", "pair_baseline", "pair_all"]


@dataclass(frozen=True, slots=True)
class JudgePlan:
    """Judging that waits for answers: what there is to judge is looked for when the job begins."""

    question_set_id: int
    contestant_ids: tuple[int, ...]
    mode: Mode = "single"
    baseline_id: int | None = None
    unreadable_again: bool = False


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """Judge ``matches`` of the answers ``given``.

    - "language_model": ``model`` is the judge, a project's own or a served one, asked with ``prompts``.
    - "reference": ``model`` is the one that answered under ``answered_under`` (None: the bare question); how likely
      does it find the references?

    ``done`` are (answer id, other answer's id or 0, judge prompt's name) that an earlier start of this job has judged,
    for ``spent`` tokens (asked, answered). With a ``plan`` questions, answers and matches are not known yet.
    """

    model: ModelRef
    questions: tuple[Question, ...]
    given: tuple[GivenAnswers, ...]
    matches: tuple[Match, ...]
    judge: Literal["language_model", "reference"] = "language_model"
    prompts: tuple[JudgePrompt, ...] = ()
    decoding: DecodingSettings = field(default_factory=lambda: DecodingSettings(max_tokens=JUDGE_TOKENS))
    answered_under: Prompt | None = None
    price: Price = field(default_factory=Price)
    done: tuple[tuple[int, int, str], ...] = ()
    spent: tuple[int, int] = (0, 0)
    plan: JudgePlan | None = None
    kind: Literal["judge"] = "judge"
