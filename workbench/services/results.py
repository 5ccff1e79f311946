"""What jobs found: scores, rankings, search rounds, held-out comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workbench.domain import (
    CandidateScore,
    Interval,
    ModelRef,
    Prompt,
    Question,
    RankedCandidate,
    SearchRound,
    SetEvaluation,
)
from workbench.errors import JobError
from workbench.jobs.kinds.score import ScoreSpec
from workbench.jobs.kinds.search import SearchSpec
from workbench.jobs.kinds.sensitivity import SensitivityResult, SensitivitySpec
from workbench.jobs.result import Result
from workbench.search.greedy import rank
from workbench.search.heldout import CHOSEN, difference_to_random, random_mean
from workbench.search.intervals import by_question
from workbench.search.overlap import Overlap, overlaps
from workbench.search.task import COMPARING, stream
from workbench.services.job_results import BOOTSTRAP_SEED
from workbench.statistics.intervals import mean_intervals
from workbench_db import runs as stored_runs
from workbench_db import scores as stored_scores

if TYPE_CHECKING:
    from workbench.services.project import Project

TITLE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A score or search job that has results (perhaps not all yet)."""

    job_id: int
    kind: str                        # score | search
    title: str                       # "Greedy search, 212 candidates, 40 questions"
    model: str
    state: str
    candidates: int
    rounds: int


@dataclass(frozen=True, slots=True, eq=False)
class GainTable:
    """Gains of one run (and round): ``gain[i, j]`` is candidate i's on question j, nats per answer; NaN not scored.

    Rows are sorted best first; ``previous_rank`` is the rank in the round before (None in the first).
    """

    round: int
    demonstration_ids: tuple[int, ...]
    titles: tuple[str, ...]                       # instructions, first 80 characters
    mean: tuple[Interval, ...]                    # 95 % interval over questions
    win_rate: tuple[float, ...]                   # share of questions with a gain above zero
    previous_rank: tuple[int | None, ...]
    questions: tuple[Question, ...]
    gain: npt.NDArray[np.float64]                 # (candidates, questions)
    tokens: tuple[int, ...]                       # prompt tokens each adds
    difficulty: tuple[float | None, ...]          # IFD; None where not measured
    overlaps: tuple[str, ...] = ()                # "asks question 12"; "" where none is asked; () where not looked for

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GainTable):
            return NotImplemented
        names = (field.name for field in fields(self) if field.name != "gain")
        return (np.array_equal(self.gain, other.gain, equal_nan=True)
                and all(getattr(self, name) == getattr(other, name) for name in names))


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A search's report. ``difference`` is greedy − mean of the random sets, paired bootstrap over questions."""

    base: SetEvaluation | None
    chosen: SetEvaluation | None
    baselines: tuple[SetEvaluation, ...]
    random_mean: float | None
    difference: Interval | None


@dataclass(frozen=True, slots=True)
class OrderEffect:
    """What other orders of a prompt's demonstrations do, in nats per answer against its own order: ``mean``, ``worst``
    and ``best`` of the ``tried``, its own among them. ``rank`` is its own place, 1 the best; ``best_order`` holds
    places from 0."""

    tried: int
    mean: float
    worst: float
    best: float
    deviation: float
    rank: int
    best_order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PromptEffect:
    """What a prompt's demonstrations do to the reference answers, nats per answer, with 95 % intervals.

    ``gain`` is the whole against the prompt without demonstrations, ``win_rate`` the share of questions that it is
    better on, ``adds[place]`` what the demonstration there adds to the others. ``orders`` is None where only one order
    was measured.
    """

    job_id: int
    gain: Interval
    win_rate: float
    adds: tuple[Interval, ...]
    orders: OrderEffect | None = None


def _effect(job_id: int, result: Result | None) -> PromptEffect | None:
    """From what a sensitivity job has found; None where it has measured no gain, and for other jobs."""
    if not isinstance(result, SensitivityResult) or result.gain is None:
        return None
    gain, tried, own = result.gain, result.orders, result.whole
    orders = None if tried is None else OrderEffect(
        tried.tried, tried.mean - own, tried.worst - own, tried.best - own, tried.deviation, tried.rank,
        tuple(place - 1 for place in tried.best_order))
    adds = tuple(Interval(added.mean, added.low, added.high) for added in result.demonstrations)
    return PromptEffect(job_id, Interval(gain.mean, gain.low, gain.high), gain.win_rate, adds, orders)


class Results:
    """``project.results``"""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._overlaps: dict[int, Mapping[int, Overlap]] = {}       # by job: what it was given never changes

    def runs(self) -> list[RunInfo]:
        """Newest first."""
        with self._project.database.read() as connection:
            return [
                RunInfo(run.job_id, run.kind, run.title, run.model, run.state, run.candidates, run.rounds)
                for run in stored_runs.runs(connection)
            ]

    def gains(self, job_id: int, round: int = 0) -> GainTable:
        """``round`` 0 is a score job's table, or a search's newest round."""
        with self._project.database.read() as connection:
            round = round or stored_runs.newest_round(connection, job_id)
            scores = {score.demonstration_id: score for _, score in stored_scores.scores(connection, job_id, round)}
            before = next((r for r in stored_scores.rounds(connection, job_id) if r.number == round - 1), None)
            base = scores.pop(None, None)
            ids = [id for id in scores if id is not None]
            titles = stored_runs.titles(connection, ids)
        question_ids = sorted({answer.question_id for answer in base.answers}) if base else []
        kept = {question.id: question for question in self._project.questions.questions(question_ids)}
        questions = [kept.get(id, Question((), id=id)) for id in question_ids]
        previous = {c.demonstration_id: rank for rank, c in enumerate(before.ranking, 1)} if before else {}
        table = gain_table(round, base, [scores[id] for id in ids], titles, questions, previous)
        met = self._met(job_id)
        return replace(table, overlaps=tuple(met[id].words if id in met else "" for id in table.demonstration_ids))

    def _met(self, job_id: int) -> Mapping[int, Overlap]:
        """The candidates that ask one of the questions that they were judged on."""
        if job_id not in self._overlaps:
            spec = self._project.jobs.spec(job_id)
            heldout = spec.heldout if isinstance(spec, SearchSpec) else ()
            self._overlaps[job_id] = (overlaps(spec.candidates, (*spec.questions, *heldout))
                                      if isinstance(spec, ScoreSpec | SearchSpec) else {})
        return self._overlaps[job_id]

    def rounds(self, job_id: int) -> list[SearchRound]:
        with self._project.database.read() as connection:
            return stored_scores.rounds(connection, job_id)

    def held_out(self, job_id: int) -> HeldOut | None:
        """What has been measured so far; None before anything was."""
        with self._project.database.read() as connection:
            evaluations = stored_scores.evaluations(connection, job_id)
        if not evaluations:
            return None
        chosen = next((one for one in evaluations if one.label == CHOSEN), None)
        random = [one.answers for one in evaluations if one.strategy == "random" and one.label != CHOSEN]
        spec = self._project.jobs.spec(job_id)
        assert isinstance(spec, SearchSpec)
        return HeldOut(
            base=next((one for one in evaluations if one.strategy == "base"), None),
            chosen=chosen,
            baselines=tuple(one for one in evaluations if one.strategy != "base" and one.label != CHOSEN),
            random_mean=random_mean(random),
            difference=difference_to_random(chosen.answers, random, stream(spec.seed, COMPARING)) if chosen else None,
        )

    def prompt_effect(self, prompt: Prompt, model: ModelRef) -> PromptEffect | None:
        """The newest measurement (a sensitivity job) of this prompt's text with this model; None without one. Orders
        are those of the newest one that tried some."""
        newest: PromptEffect | None = None
        for job in sorted(self._project.jobs.all(), key=lambda job: -job.id):
            effect = _effect(job.id, job.result)
            spec = self._project.jobs.spec(job.id) if effect is not None else None
            if effect is not None and isinstance(spec, SensitivitySpec) and spec.model.sha256 == model.sha256 \
                    and spec.prompt.content_hash == prompt.content_hash:
                newest = newest or effect
                if effect.orders is not None:
                    return replace(newest, orders=effect.orders)
        return newest

    def measured(self, job_id: int) -> tuple[SensitivitySpec, PromptEffect]:
        """What a finished sensitivity job was told and found. Raises JobError for any other job."""
        spec, effect = self._project.jobs.spec(job_id), _effect(job_id, self._project.jobs.get(job_id).result)
        if not isinstance(spec, SensitivitySpec) or effect is None:
            raise JobError(f"Job {job_id} has not measured what a prompt's demonstrations bring.")
        return spec, effect

    def ranking(self, job_id: int, round: int = 0) -> list[RankedCandidate]:
        """Best first; of a round that is not finished, what is scored so far."""
        with self._project.database.read() as connection:
            round = round or stored_runs.newest_round(connection, job_id)
            finished = next((r for r in stored_scores.rounds(connection, job_id) if r.number == round), None)
            if finished:
                return list(finished.ranking)
            scores = {score.demonstration_id: score for _, score in stored_scores.scores(connection, job_id, round)}
        base = scores.pop(None, None)
        scored = {id: score.answers for id, score in scores.items() if id is not None and score.answers}
        return list(rank(base.answers, scored, np.random.default_rng(BOOTSTRAP_SEED))) if base and scored else []


def gain_table(
    round: int, base: CandidateScore | None, scores: Sequence[CandidateScore], titles: Mapping[int, str],
    questions: Sequence[Question], previous: Mapping[int, int],
) -> GainTable:
    """Gains over ``base``, best mean first. Candidates without answers (too long for the model) are left out."""
    scored = [(score.demonstration_id, score) for score in scores if score.answers and score.demonstration_id]
    if base is None or not scored:
        return GainTable(round, (), (), (), (), (), tuple(questions), np.zeros((0, len(questions))), (), ())
    sums, counts = by_question([base.answers, *(score.answers for _, score in scored)])
    gains = sums[1:] - sums[0]
    intervals = mean_intervals(gains, counts, np.random.default_rng(BOOTSTRAP_SEED))
    per_question = gains / counts
    order = sorted(range(len(scored)), key=lambda at: (-intervals[at].mean, scored[at][0]))
    rows = [scored[at] for at in order]
    ids = tuple(id for id, _ in rows)
    return GainTable(
        round, ids, tuple(titles.get(id, "")[:TITLE_LENGTH] for id in ids), tuple(intervals[at] for at in order),
        tuple((per_question[order] > 0).mean(axis=1).tolist()), tuple(previous.get(id) for id in ids),
        tuple(questions), per_question[order],
        tuple(score.prompt_tokens for _, score in rows), tuple(difficulty(score) for _, score in rows),
    )


def difficulty(score: CandidateScore) -> float | None:
    """Instruction-following difficulty (Li et al., arXiv 2308.12032, equation 3): the mean loss of the answer's tokens
    given the instruction over that of the bare answer; near 1 the instruction does not help. None if not measured."""
    if score.own_conditional is None or not score.own_alone:
        return None
    return score.own_conditional / score.own_alone
