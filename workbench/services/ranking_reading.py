"""What the Rankings page shows of one run, read from the project in one go, on the database lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from workbench.domain import Interval, Question, SearchRound, SetEvaluation
from workbench.jobs.kinds.score import ScoreSpec
from workbench.jobs.kinds.search import SearchSpec
from workbench.search.intervals import gain_intervals, mean_gain
from workbench.search.rank_lines import rank_lines
from workbench.search.strategies import title_of
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project
from workbench.services.ranked_candidates import Candidates
from workbench.services.results import GainTable, HeldOut, RunInfo
from workbench.statistics.intervals import mean_intervals
from workbench.wording import counted, interval_words, plain

RUNNING = ("running", "paused", "waiting")


@dataclass(frozen=True, slots=True)
class RunReading:
    """One run, one of its rounds. ``titles`` name every candidate that the rank chart shows."""

    run: RunInfo
    job: JobInfo
    spec: ScoreSpec | SearchSpec
    candidates: Candidates
    rounds: tuple[SearchRound, ...] = ()
    held_out: HeldOut | None = None
    titles: dict[int, str] = field(default_factory=dict)

    @property
    def table(self) -> GainTable:
        return self.candidates.table

    @property
    def is_search(self) -> bool:
        return isinstance(self.spec, SearchSpec)

    @property
    def running(self) -> bool:
        return self.run.state in RUNNING

    @property
    def ended_early(self) -> str:
        """Why there is no more of it, in a sentence; "" for a run that goes on or is finished."""
        return {"failed": f"This run failed. {self.job.detail}", "stopped": "This run was stopped before its end.",
                "interrupted": "This run was interrupted before its end."}.get(self.run.state, "")

    @property
    def planned_rounds(self) -> int:
        return self.spec.rounds if isinstance(self.spec, SearchSpec) and self.running else len(self.rounds)

    @property
    def chosen(self) -> tuple[int, ...]:
        """What the search has chosen, in order."""
        return tuple(round.chosen_id for round in self.rounds)

    def chosen_before(self) -> tuple[int, ...]:
        """What was in the prompt already when the shown round began."""
        return self.chosen[:max(0, self.table.round - 1)] if self.is_search else ()


@dataclass(frozen=True, slots=True)
class Found:
    """What was read; ``waiting`` when the wanted run has no results yet."""

    runs: list[RunInfo]
    reading: RunReading | None
    waiting: bool = False


def find_run(project: Project, job_id: int | None, round: int) -> Found:
    """The runs, and the wanted one; the newest, when that one is gone."""
    runs = project.results.runs()
    run = next((run for run in runs if run.job_id == job_id), None)
    if run is not None:
        return Found(runs, read_run(project, run, round))
    if any(job.id == job_id and job.state in RUNNING for job in project.jobs.all()):
        return Found(runs, None, waiting=True)
    return Found(runs, read_run(project, runs[0], 0) if runs else None)


def read_run(project: Project, run: RunInfo, round: int) -> RunReading:
    """Read a run; ``round`` 0 is a score job's table, or a search's newest round."""
    job, spec = project.jobs.get(run.job_id), project.jobs.spec(run.job_id)
    assert isinstance(spec, ScoreSpec | SearchSpec)
    candidates = Candidates.of(project.results.gains(run.job_id, round))
    if run.kind != "search":
        return RunReading(run, job, spec, candidates)
    rounds = tuple(project.results.rounds(run.job_id))
    titles = {candidate.id: candidate.instruction[:80] for candidate in spec.candidates if candidate.id is not None}
    shown = {line.demonstration_id for line in rank_lines(rounds)}
    return RunReading(run, job, spec, candidates, rounds, project.results.held_out(run.job_id),
                      {id: title for id, title in titles.items() if id in shown})


def gains_over(base: SetEvaluation, sets: Sequence[SetEvaluation]) -> list[Interval]:
    """Each set's change against ``base``, nats per answer, with the interval that the engine uses."""
    return gain_intervals(base.answers, [one.answers for one in sets], np.random.default_rng(0))


def random_gain(base: SetEvaluation, sets: Sequence[SetEvaluation]) -> Interval:
    """The random sets' mean change against ``base``, nats per answer, with its interval over questions and sets."""
    return mean_gain(base.answers, [one.answers for one in sets], np.random.default_rng(0))


def mean_interval(values: Sequence[float]) -> Interval:
    """The mean with its 95 % interval; the same values give the same interval. NaN are left out."""
    known = np.asarray([value for value in values if value == value])
    if not known.size:
        nan = float("nan")
        return Interval(nan, nan, nan)
    return mean_intervals(known[None, :], np.ones(known.size), np.random.default_rng(0))[0]


def by_category(questions: Sequence[Question], gains: Sequence[float]) -> list[tuple[str, Interval, int]]:
    """(category, mean gain with its interval, questions) of ``gains``, one a question, in the questions' order."""
    values: dict[str, list[float]] = {}
    for question, gain in zip(questions, gains, strict=True):
        values.setdefault(question.category or "No category", []).append(gain)
    return [(name, mean_interval(gains), len(gains)) for name, gains in values.items()]


def held_out_words(held_out: HeldOut) -> str:
    """The comparison with random sets in a sentence, with its interval and what that means."""
    difference = held_out.difference
    if difference is None:
        return ""
    name = title_of(held_out.chosen.strategy) if held_out.chosen else "The search"
    more = "more" if difference.mean >= 0 else "less"
    size = plain(abs(difference.mean))
    if difference.low > 0:
        verdict = "The interval excludes zero: it does better than such sets on questions that it has not seen."
    elif difference.high < 0:
        verdict = "The interval excludes zero: it does worse than such sets on questions that it has not seen."
    else:
        verdict = "The interval includes zero: on these questions it cannot be told from chance."
    random = sum(one.strategy == "random" for one in held_out.baselines)
    questions = len({answer.question_id for answer in held_out.chosen.answers}) if held_out.chosen else 0
    verdict += " There is one such set, and this is said of it only." if random == 1 else ""
    return (f"{name} gives {size} nats per answer {more} than a set drawn at random ({interval_words(difference)} over "
            f"{counted(questions, 'question')} and {counted(random, 'set')}). {verdict}")
