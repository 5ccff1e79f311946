"""What a search with a judge as its objective is told to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from workbench.domain import (
    CandidateScore,
    Contestant,
    DecodingSettings,
    Demonstration,
    ModelRef,
    Position,
    Prompt,
    Question,
    SearchRound,
)
from workbench.domain.judge_prompt import JudgePrompt
from workbench.prompts import add

JudgedBy = Literal["rules", "f1", "exact", "language_model"]


@dataclass(frozen=True, slots=True)
class JudgedSearchSpec:
    """Greedy search as the ICL-alignment paper does it (arXiv 2405.19874, section 4): for each candidate added to the
    prompt, ``model`` answers the first turn of every question, and the mean score of the answers is what counts.

    ``by`` is the mini-world's grader, a measure against the references, or ``judge`` asked with ``prompts``. At the end
    every round's candidates are scored by the references' likelihood too, and the two orders are compared.
    ``finished_rounds`` and ``known`` are what an earlier start of this job had found.
    """

    model: ModelRef
    base: Prompt
    candidates: tuple[Demonstration, ...]
    questions: tuple[Question, ...]
    rounds: int = 3
    by: JudgedBy = "language_model"
    judge: ModelRef | None = None
    prompts: tuple[JudgePrompt, ...] = ()
    position: Position = Position.BEFORE_BASE
    decoding: DecodingSettings = field(default_factory=DecodingSettings)
    judge_decoding: DecodingSettings = field(default_factory=lambda: DecodingSettings(max_tokens=2048))
    seed: int = 0
    finished_rounds: tuple[SearchRound, ...] = ()
    known: tuple[tuple[int, CandidateScore], ...] = ()
    kind: Literal["judged_search"] = "judged_search"

    def contestant(self, ids: Sequence[int]) -> Contestant:
        """The model under the base prompt with these candidates, as it would stand on the bench. Raises KeyError."""
        by_id = {one.id: one for one in self.candidates}
        prompt = add(self.base, [by_id[id] for id in ids], self.position)
        name = f"{self.model.name}, {self.base.name or 'Base prompt'}{' + ' * bool(ids)}{', '.join(map(str, ids))}"
        return Contestant(name, self.model, prompt, replace(self.decoding, seed=self.seed))
