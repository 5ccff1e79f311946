"""A search with a judge as its objective, which shows how well the references' likelihood would have predicted it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from workbench.bench.measures import LANGUAGE_MODEL
from workbench.bench.recipe_table import SEARCH
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
from workbench.jobs.kind import JobKind, Kept, never
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.prompts import add
from workbench.wording import counted


@dataclass(frozen=True, slots=True)
class JudgedSearchSpec:
    """Greedy search as the ICL-alignment paper does it (arXiv 2405.19874, section 4): for each candidate added to the
    prompt, ``model`` answers the first turn of every question, and the mean score of the answers is what counts.

    ``by`` names a measure or a grader (see bench.measures), or says that ``judge`` is asked with ``prompts``. At the
    end every round's candidates are scored by the references' likelihood too, and the two orders are compared.
    ``finished_rounds`` and ``known`` are what an earlier start of this job had found.
    """

    model: ModelRef
    base: Prompt
    candidates: tuple[Demonstration, ...]
    questions: tuple[Question, ...]
    rounds: int = 3
    by: str = LANGUAGE_MODEL
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


@dataclass(frozen=True, slots=True)
class ComparedRound:
    """``candidates`` are (demonstration, mean of the judge, nats per answer); ``tau`` is Kendall's between the two
    orders, with its 95 % interval over candidates, None where there is no order."""

    number: int
    tau: float | None = None
    low: float | None = None
    high: float | None = None
    candidates: tuple[tuple[int, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedSearchResult(Result):
    """``unreadable`` of what the judge said gave no rating, and counts as the lowest."""

    by: str = ""
    chosen: tuple[int, ...] = ()
    unreadable: int = 0
    rounds: tuple[ComparedRound, ...] = ()


def start(spec: JudgedSearchSpec, run: Run) -> JudgedSearchResult:
    from workbench.jobs.kinds.judged_search.run import run_judged_search

    return run_judged_search(spec, run)


def title(spec: JudgedSearchSpec) -> str:
    return f"{SEARCH.title}, {counted(len(spec.candidates), 'candidate')}"


def outcome(result: JudgedSearchResult) -> str:
    taus = [f"{round.tau:.2f}" for round in result.rounds if round.tau is not None]
    agrees = f". Agrees with the likelihood’s order: τ {', '.join(taus)}" if taus else ""
    return f"Chosen: {', '.join(map(str, result.chosen)) or 'nothing'}{agrees}"


def continued(spec: JudgedSearchSpec, kept: Kept) -> JudgedSearchSpec:
    """Goes on in the round that was open."""
    return replace(spec, finished_rounds=tuple(kept.rounds()), known=tuple(kept.scores()))


def models(spec: JudgedSearchSpec) -> tuple[ModelRef, ...]:
    return (spec.model,) if spec.judge is None else (spec.model, spec.judge)


KIND = JobKind(JudgedSearchSpec, JudgedSearchResult, start, title, continued, runs_code=never, outcome=outcome,
               models=models, page="bench")
