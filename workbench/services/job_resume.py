"""Starting a job, perhaps again: its specification, with what the project already holds of its results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from workbench.domain import Answer, CandidateScore, JobState, Judgement, SearchRound, SetEvaluation
from workbench.errors import JobError
from workbench.jobs.kind import EndedJob, JobSpec
from workbench.jobs.kinds import kind_of
from workbench.jobs.wire import decode_spec
from workbench_db import answers, jobs, judgements, scores
from workbench_db.session import Connection


def at_home(spec: JobSpec, artifacts: Path) -> JobSpec:
    """The same job with its folders among this project's artifacts: the project may have been moved, or come from
    somebody else, and no job writes outside of it. Raises JobError for a folder without a name."""
    def here(folder: str) -> str:
        name = PureWindowsPath(folder).name          # which knows both kinds of separators
        if name in ("", "..", "."):
            raise JobError(f"“{folder}” is not a folder for a job's files.", safe="Nothing was started.")
        return str(artifacts / name)

    housed: JobSpec = kind_of(spec).housed(spec, here)
    return housed


def continued(connection: Connection, job_id: int, spec: JobSpec, kept_scores: str = "") -> JobSpec:
    """The same job without what is done, by an earlier start of it or by another job that asked the same.

    ``kept_scores`` is the folder in which it finds and keeps scores by content.
    """
    told: JobSpec = kind_of(spec).continued(spec, KeptInDatabase(connection, job_id, kept_scores))
    return told


@dataclass(frozen=True, slots=True)
class FinishedJob:
    """Another job of the project: see jobs.kind.EndedJob."""

    connection: Connection
    id: int
    spec: JobSpec

    def scores(self, round: int) -> list[CandidateScore]:
        return [score for _, score in scores.scores(self.connection, self.id, round)]


@dataclass(frozen=True, slots=True)
class KeptInDatabase:
    """What the database holds of a job: see jobs.kind.Kept."""

    connection: Connection
    job_id: int
    scores_folder: str = ""

    def scored(self, round: int = 0) -> list[int | None]:
        return scores.scored_demonstrations(self.connection, self.job_id, round)

    def scores(self, round: int | None = None) -> list[tuple[int, CandidateScore]]:
        return scores.scores(self.connection, self.job_id, round)

    def rounds(self) -> list[SearchRound]:
        return scores.rounds(self.connection, self.job_id)

    def evaluations(self) -> list[SetEvaluation]:
        return scores.evaluations(self.connection, self.job_id)

    def judgements(self) -> list[Judgement]:
        return judgements.of_job(self.connection, self.job_id)

    def answers(self, contestants: Iterable[int | None], questions: Iterable[int | None]) -> list[Answer]:
        return answers.of_contestants(self.connection, [id for id in contestants if id is not None],
                                      [id for id in questions if id is not None])

    def finished(self, kind: str) -> Iterator[FinishedJob]:
        for job in reversed(jobs.jobs_in_state(self.connection, JobState.FINISHED)):
            if job.kind == kind:
                try:
                    yield FinishedJob(self.connection, job.id, decode_spec(job.spec))
                except JobError:                     # written by another version
                    continue

    def take_over(self, source: EndedJob, round: int, scored: Iterable[CandidateScore]) -> None:
        scores.insert_scores(self.connection, self.job_id, [(round, score) for score in scored])
        jobs.append_log(self.connection, self.job_id, "info",
                        f"Job {source.id} scored the same candidates: taken over.")
