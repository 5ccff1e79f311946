"""Going on with a job: its specification, with what the database already holds of its results."""

from __future__ import annotations

from dataclasses import replace

from db import scores
from db.session import Connection
from workbench.jobs.specs import JobSpec, ScoreSpec, SearchSpec


def continued(connection: Connection, job_id: int, spec: JobSpec) -> JobSpec:
    """The same job without what is done. A job that never started comes out as it went in."""
    if isinstance(spec, ScoreSpec):
        return replace(spec, done=tuple(scores.scored_demonstrations(connection, job_id)))
    if isinstance(spec, SearchSpec):
        finished = tuple(scores.rounds(connection, job_id))
        last = len(finished)
        known = scores.scores(connection, job_id, last) + scores.scores(connection, job_id, last + 1)
        winner = finished[-1].chosen_id if finished else None
        return replace(
            spec, finished_rounds=finished, evaluated=tuple(scores.evaluations(connection, job_id)),
            known=tuple((number, score) for number, score in known
                        if number > last or score.demonstration_id == winner),
        )
    return spec
