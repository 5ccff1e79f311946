"""A search job: a set of demonstrations, found round by round and reported on held-out questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from math import prod
from typing import Literal

from workbench.domain import (
    CandidateScore,
    Demonstration,
    Interval,
    ModelRef,
    Position,
    Prompt,
    Question,
    SearchRound,
    SetEvaluation,
)
from workbench.jobs.exact import ExactShare
from workbench.jobs.kind import EndedJob, Fact, JobKind, Kept, any_number, never
from workbench.jobs.kinds.score import ScoreSpec, asked
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.search.heldout import CHOSEN
from workbench.search.options import SearchOptions
from workbench.search.strategies import strategies, title_of
from workbench.wording import counted

SCORING_ROUND, FIRST_ROUND = 0, 1    # a score job's scores, and a search's first ones


@dataclass(frozen=True, slots=True)
class SearchSpec:
    """A search for a set, by default forward greedy selection (arXiv 2405.19874, section 4), with baselines, reported
    on held-out questions.

    ``rounds`` sets k; ``token_budget`` 0 means the model's context. ``finished_rounds``, ``known`` and ``evaluated``
    carry what an earlier start of this job had found, so that a resumed search repeats at most one step. Some parts
    keep nothing there and start again: a round that is raced, beam search after its first round, the improvement of
    "swap", "best_random", the answers that "vote_k" draws, and what ``options`` asks for with ``order`` and
    ``equal_evaluations``. What they had scored they find in ``kept_scores``, where scores are kept by content (see
    scoring/kept_scores.py; "": nowhere).
    """

    model: ModelRef
    base: Prompt
    candidates: tuple[Demonstration, ...]
    questions: tuple[Question, ...]
    heldout: tuple[Question, ...]
    rounds: int = 3
    token_budget: int = 0
    strategy: str = "greedy"         # a name of workbench.search.strategies; checked when the job starts
    objective: Literal["log_likelihood"] = "log_likelihood"
    position: Position = Position.BEFORE_BASE
    turns: Literal["first", "all"] = "first"
    random_sets: int = 20
    seed: int = 0
    finished_rounds: tuple[SearchRound, ...] = ()
    known: tuple[tuple[int, CandidateScore], ...] = ()      # (round number, score): last and open round
    evaluated: tuple[SetEvaluation, ...] = ()               # held-out sets already measured
    options: SearchOptions = field(default_factory=SearchOptions)
    kept_scores: str = ""
    processes: int = 1
    left_out: tuple[tuple[int, str], ...] = ()              # candidates' ids, and why they are not among them
    kind: Literal["search"] = "search"


@dataclass(frozen=True, slots=True)
class HeldOutMeans:
    """The chosen set and its baselines on the held-out questions, nats per answer; ``sets`` by their labels, the chosen
    one and the base prompt among them. ``difference`` is that of the chosen set to the mean of the random ones."""

    base: float = 0.0
    random_mean: float | None = None
    difference: Interval | None = None
    sets: Mapping[str, float] = field(default_factory=dict)

    @property
    def chosen(self) -> float:
        return self.sets[CHOSEN]


@dataclass(frozen=True, slots=True)
class RacedRound:
    """``evaluations`` instead of ``exact`` ones; the chance that a candidate that fell behind would have won."""

    round: int
    candidates: int
    finalists: int
    evaluations: int
    exact: int
    chance_of_another_winner: float


@dataclass(frozen=True, slots=True)
class RacingShare:
    """The share of evaluations that racing saved. Rounds of an earlier start are not in it."""

    kind: str
    saved: float
    rounds: tuple[RacedRound, ...] = ()

    @property
    def words(self) -> str:
        chance = 1 - prod(1 - round.chance_of_another_winner for round in self.rounds)
        return (f"{self.kind.replace('_', '-')}, {self.saved:.0%} of the evaluations saved; "
                f"estimated chance that a round has another winner: {chance:.0%}")


@dataclass(frozen=True, slots=True)
class SearchResult(Result):
    """``evaluations`` are answers that were scored for the set, those in float32 and ``drawn``, answers to candidates'
    instructions, among them; what a resumed search does again counts again. ``heldout`` is None without held-out
    questions."""

    strategy: str = ""
    chosen: tuple[int, ...] = ()
    heldout: HeldOutMeans | None = None
    evaluations: int = 0
    drawn: int = 0
    racing: RacingShare | None = None
    exact: ExactShare | None = None


def start(spec: SearchSpec, run: Run) -> SearchResult:
    from workbench.jobs.kinds.search.run import run_search

    return run_search(spec, run)


def title(spec: SearchSpec) -> str:
    """ "Greedy search, 212 candidates, 40 questions" """
    name = title_of(spec.strategy)
    return f"{name}, {counted(len(spec.candidates), 'candidate')}, {counted(len(spec.questions), 'question')}"


def detail(spec: SearchSpec) -> str:
    return f"{spec.model.name}, {spec.rounds} rounds, seed {spec.seed}"


def outcome(result: SearchResult) -> str:
    words = "Chosen: " + ", ".join(map(str, result.chosen)) if result.chosen else "Nothing chosen"
    if result.racing:
        words += f". Racing saved {result.racing.saved:.0%} of the evaluations"
    difference = result.heldout.difference if result.heldout else None
    if difference is None:
        return words
    return (f"{words}. Held out: {difference.mean:+.2f} nats per answer against random sets "
            f"({difference.low:+.2f} to {difference.high:+.2f})")


def continued(spec: SearchSpec, kept: Kept) -> SearchSpec:
    """Goes on in the round that was open. A first round asks what a score job asks, each candidate alone, added to the
    base prompt: what such a job has measured is taken over instead of being measured again."""
    if takes_over(spec) and not kept.scored(FIRST_ROUND):
        earlier = next((job for job in kept.finished("score") if measured_the_same(job, spec)), None)
        if earlier is not None and (unchanged := unchanged_scores(earlier, spec)):
            kept.take_over(earlier, FIRST_ROUND, unchanged)
    finished = tuple(kept.rounds())
    last = len(finished)
    winner = finished[-1].chosen_id if finished else None
    return replace(
        spec, finished_rounds=finished, evaluated=tuple(kept.evaluations()),
        known=tuple((number, score) for number, score in (*kept.scores(last), *kept.scores(last + 1))
                    if number > last or score.demonstration_id == winner),
        kept_scores=kept.scores_folder)


def takes_over(spec: SearchSpec) -> bool:
    """Whether its first round scores every candidate on every question."""
    strategy = strategies().get(spec.strategy)
    return strategy is not None and strategy.scores_singly and spec.options.racing == "off"


def measured_the_same(earlier: EndedJob, spec: SearchSpec) -> bool:
    scored = earlier.spec
    return (
        isinstance(scored, ScoreSpec)
        and _made_by(scored.model) == _made_by(spec.model) and bool(spec.model.sha256)
        and scored.base.content_hash == spec.base.content_hash
        and (scored.position, scored.turns) == (spec.position, spec.turns)
        and set(map(_asked, scored.questions)) == set(map(_asked, spec.questions))
    )


def unchanged_scores(earlier: EndedJob, spec: SearchSpec) -> list[CandidateScore]:
    """The base prompt's score, and those of candidates with the same id and text that have answers."""
    assert isinstance(earlier.spec, ScoreSpec)
    texts = {(candidate.id, candidate.content_hash) for candidate in spec.candidates}
    same = {candidate.id for candidate in earlier.spec.candidates if (candidate.id, candidate.content_hash) in texts}
    return [score for score in earlier.scores(SCORING_ROUND)
            if score.demonstration_id in (same | {None}) and score.answers]


def _made_by(model: ModelRef) -> tuple[str, ...]:
    return model.backend, model.sha256, model.device, model.dtype


def _asked(question: Question) -> tuple[object, ...]:
    return question.id, question.turns, question.references


def facts(spec: SearchSpec) -> Iterator[Fact]:
    yield "Questions", asked(spec.questions, spec.turns)
    yield "Held-out questions", f"{len(spec.heldout):,}"
    if spec.left_out:
        yield "Left out", "; ".join(f"demonstration {id} {reason}" for id, reason in spec.left_out)
    yield "Strategy", f"{title_of(spec.strategy)}, {counted(spec.rounds, 'round')}"
    told = [f"{option.name.replace('_', ' ')}: {value}" for option in fields(spec.options)
            if (value := getattr(spec.options, option.name)) != option.default]
    if told:
        yield "Options", ", ".join(told).replace("_", " ")


def findings(result: SearchResult) -> Iterator[Fact]:
    """What the search cost and, where it was raced, what that saved and risked. Empty for older results."""
    if result.evaluations:
        yield "Evaluations", evaluations(result)
    if result.exact is not None:
        yield "Finalists", result.exact.words
    if result.racing is not None:
        yield "Racing", result.racing.words


def evaluations(result: SearchResult) -> str:
    """ "15,440 answers to the search questions, 640 of them again in float32; 191 answers drawn to …" """
    again = result.exact.evaluations if result.exact is not None else 0
    words = f"{counted(result.evaluations - result.drawn, 'answer')} to the search questions"
    words += f", {again:,} of them again in float32" if again else ""
    return words + (f"; {counted(result.drawn, 'answer')} drawn to candidates’ instructions" if result.drawn else "")


KIND = JobKind(SearchSpec, SearchResult, start, title, continued, runs_code=never, detail=detail, outcome=outcome,
               sharing=any_number, warm=True, page="rankings", gains=True, facts=facts,
               findings=findings)
