"""Jobs, their place in the queue, their logs, and the small things that they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, insert, literal, select, update

from workbench.domain import JobState
from workbench_db.people import person_id
from workbench_db.schema import ArtifactRow, JobEventRow, JobRow, MetricPointRow


@dataclass(frozen=True, slots=True)
class StoredJob:
    """``spec`` is the specification's JSON text, ``state`` a JobState's value."""

    id: int
    kind: str
    title: str
    detail: str
    spec: str
    state: str
    position: int
    done: int
    total: int
    unit: str
    rate: float | None
    seconds_left: float | None
    created: datetime
    started: datetime | None
    ended: datetime | None
    summary: dict[str, Any]
    facts: dict[str, Any]
    after: int | None = None


@dataclass(frozen=True, slots=True)
class StoredLogLine:
    when: datetime
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    path: str
    role: str
    sha256: str


_COLUMNS = (JobRow.id, JobRow.kind, JobRow.title, JobRow.detail, JobRow.spec, JobRow.state, JobRow.position,
            JobRow.done, JobRow.total, JobRow.unit, JobRow.rate, JobRow.seconds_left, JobRow.created, JobRow.started,
            JobRow.ended, JobRow.summary, JobRow.facts, JobRow.after_id)


def insert_job(connection: Connection, kind: str, title: str, spec: str, *, detail: str = "", person: str = "",
               after: int | None = None) -> int:
    """Put a job at the end of the queue, waiting (for job ``after`` to finish, too); returns its id."""
    last = connection.scalar(select(func.max(JobRow.position))) or 0
    return connection.execute(insert(JobRow).values(
        kind=kind, title=title, detail=detail, spec=spec, state="waiting", position=last + 1, done=0, total=0, unit="",
        created=datetime.now(UTC), person_id=person_id(connection, person), summary={}, facts={},
        after_id=after,
    ).returning(JobRow.id)).scalar_one()


def get_job(connection: Connection, job_id: int) -> StoredJob | None:
    row = connection.execute(select(*_COLUMNS).where(JobRow.id == job_id)).one_or_none()
    return None if row is None else _stored(row)


def all_jobs(connection: Connection) -> list[StoredJob]:
    """Running and paused first, then the waiting in their order, then the ended, newest first; ``spec`` is left out.

    A specification holds all candidates' texts: megabytes that a list of jobs does not show.
    """
    group = case((JobRow.state.in_(("running", "paused")), 0), (JobRow.state == "waiting", 1), else_=2)
    place = case((JobRow.state == "waiting", JobRow.position), else_=0)
    columns = [literal("").label("spec") if column is JobRow.spec else column for column in _COLUMNS]
    rows = connection.execute(select(*columns).order_by(group, place, JobRow.ended.desc(), JobRow.id.desc()))
    return [_stored(row) for row in rows]


def jobs_in_state(connection: Connection, *states: str) -> list[StoredJob]:
    """In the order of the queue."""
    rows = connection.execute(select(*_COLUMNS).where(JobRow.state.in_(states)).order_by(JobRow.position))
    return [_stored(row) for row in rows]


def next_waiting(connection: Connection, kinds: Sequence[str] | None = None) -> StoredJob | None:
    """The first of the waiting jobs that wait for no other job (of some kinds only, if given)."""
    free = JobRow.after_id.is_(None) | JobRow.after_id.in_(
        select(JobRow.id).where(JobRow.state == "finished").scalar_subquery())
    query = select(*_COLUMNS).where(JobRow.state == "waiting", free).order_by(JobRow.position).limit(1)
    if kinds is not None:
        query = query.where(JobRow.kind.in_(kinds))
    row = connection.execute(query).one_or_none()
    return None if row is None else _stored(row)


def set_state(connection: Connection, job_id: int, state: str, *, detail: str | None = None) -> None:
    """Also writes when it started (the first time it runs) and when it ended."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {"state": state}
    if detail is not None:
        values["detail"] = detail
    if state == "running":
        values |= {"started": func.coalesce(JobRow.started, now.isoformat(timespec="microseconds")), "ended": None}
    elif JobState(state).ended:
        values |= {"ended": now, "rate": None, "seconds_left": None}
    elif state == "waiting":
        values |= {"ended": None}
    connection.execute(update(JobRow).where(JobRow.id == job_id).values(**values))


def set_spec(connection: Connection, job_id: int, title: str, spec: str) -> None:
    connection.execute(update(JobRow).where(JobRow.id == job_id).values(title=title, spec=spec))


def followers(connection: Connection, job_id: int) -> list[int]:
    """The jobs that wait for this one to finish."""
    return list(connection.scalars(select(JobRow.id).where(JobRow.after_id == job_id, JobRow.state == "waiting")))


def set_progress(connection: Connection, job_id: int, done: int, total: int, unit: str, *, detail: str = "",
                 rate: float | None = None, seconds_left: float | None = None) -> None:
    """An empty ``detail`` leaves the old one."""
    values: dict[str, Any] = {"done": done, "total": total, "unit": unit, "rate": rate, "seconds_left": seconds_left}
    if detail:
        values["detail"] = detail
    connection.execute(update(JobRow).where(JobRow.id == job_id).values(**values))


def set_summary(connection: Connection, job_id: int, summary: Mapping[str, Any]) -> None:
    connection.execute(update(JobRow).where(JobRow.id == job_id).values(summary=dict(summary)))


def set_facts(connection: Connection, job_id: int, facts: Mapping[str, Any]) -> None:
    connection.execute(update(JobRow).where(JobRow.id == job_id).values(facts=dict(facts)))


def mark_interrupted(connection: Connection) -> list[int]:
    """Jobs that were running or paused when their process died; returns their ids."""
    ids = list(connection.scalars(select(JobRow.id).where(JobRow.state.in_(("running", "paused")))
                                  .order_by(JobRow.id)))
    for job_id in ids:
        set_state(connection, job_id, "interrupted")
    return ids


def move_to_end(connection: Connection, job_id: int) -> None:
    """Behind all that wait (a job that is resumed)."""
    last = connection.scalar(select(func.max(JobRow.position))) or 0
    connection.execute(update(JobRow).where(JobRow.id == job_id).values(position=last + 1))


def reorder(connection: Connection, job_ids: Sequence[int]) -> None:
    """Give waiting jobs a new order; those that wait and are not named come after them, in their old order."""
    waiting = [job.id for job in jobs_in_state(connection, "waiting")]
    named = [job_id for job_id in job_ids if job_id in set(waiting)]
    order = named + [job_id for job_id in waiting if job_id not in set(named)]
    first = connection.scalar(select(func.min(JobRow.position)).where(JobRow.state == "waiting")) or 0
    for place, job_id in enumerate(order):
        connection.execute(update(JobRow).where(JobRow.id == job_id).values(position=first + place))


def delete_job(connection: Connection, job_id: int) -> None:
    """With its log, scores and rounds. The demonstrations keep the gain that they show; no job waits for it now."""
    connection.execute(update(JobRow).where(JobRow.after_id == job_id).values(after_id=None))
    connection.execute(delete(JobRow).where(JobRow.id == job_id))


def append_log(connection: Connection, job_id: int, level: str, message: str) -> None:
    connection.execute(insert(JobEventRow).values(job_id=job_id, created=datetime.now(UTC), level=level,
                                                  message=message))


def log_lines(connection: Connection, job_id: int) -> list[StoredLogLine]:
    """Oldest first."""
    query = select(JobEventRow.created, JobEventRow.level, JobEventRow.message)
    return [StoredLogLine(*row) for row in connection.execute(
        query.where(JobEventRow.job_id == job_id).order_by(JobEventRow.id))]


def add_artifact(connection: Connection, job_id: int, path: str, role: str, sha256: str) -> None:
    connection.execute(insert(ArtifactRow).values(job_id=job_id, path=path, role=role, sha256=sha256,
                                                  created=datetime.now(UTC)))


def artifacts(connection: Connection, job_id: int) -> list[StoredArtifact]:
    query = select(ArtifactRow.path, ArtifactRow.role, ArtifactRow.sha256)
    return [StoredArtifact(*row) for row in connection.execute(
        query.where(ArtifactRow.job_id == job_id).order_by(ArtifactRow.id))]


def add_metric(connection: Connection, job_id: int, name: str, step: int, value: float) -> None:
    """A step that was repeated after a resume replaces its point."""
    connection.execute(insert(MetricPointRow).prefix_with("OR REPLACE").values(job_id=job_id, name=name, step=step,
                                                                               value=value))


def forget_metrics(connection: Connection, job_id: int, after: int) -> None:
    """The points of all metrics at later steps than ``after``."""
    connection.execute(delete(MetricPointRow).where(MetricPointRow.job_id == job_id, MetricPointRow.step > after))


def metric(connection: Connection, job_id: int, name: str) -> list[tuple[int, float]]:
    """(step, value) by step."""
    query = select(MetricPointRow.step, MetricPointRow.value).where(MetricPointRow.job_id == job_id)
    return [(step, value) for step, value in connection.execute(
        query.where(MetricPointRow.name == name).order_by(MetricPointRow.step))]


def _stored(row: Row[*tuple[Any, ...]]) -> StoredJob:
    return StoredJob(*row)
