"""Jobs: the queue, what runs, and the writing of results as they arrive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.domain import Changes
from workbench.jobs.events import Event
from workbench.jobs.specs import JobSpec, JobState


@dataclass(frozen=True, slots=True)
class JobInfo:
    id: int
    kind: str
    title: str                       # "Rank 212 candidates"
    detail: str                      # "Greedy search, round 4 of 8, base-7b", or the reason of a failure
    state: JobState
    done: int
    total: int
    unit: str
    rate: float | None
    seconds_left: float | None
    started: datetime | None
    ended: datetime | None
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogLine:
    when: datetime
    level: str                       # info | good | warning | error
    message: str


class JobQueue:
    """``project.jobs``: one job runs at a time; the others wait in order.

    The runner's threads hand every event to the lane, where it is written, and then call the listeners (on the
    lane's thread) with the job's id, the event, and what changed.
    """

    def all(self) -> list[JobInfo]:
        """Running first, then waiting in their order, then the ended ones, newest first."""
        raise NotImplementedError

    def log(self, job_id: int) -> list[LogLine]:
        raise NotImplementedError

    def submit(self, spec: JobSpec, title: str = "") -> int:
        """Put a job at the end of the queue; it starts when it is its turn. Returns its id."""
        raise NotImplementedError

    def pause(self, job_id: int) -> None:
        raise NotImplementedError

    def resume(self, job_id: int) -> None:
        """Go on with a paused, failed, stopped or interrupted job; what was finished is not done again."""
        raise NotImplementedError

    def cancel(self, job_id: int) -> None:
        """End it within a second; what was finished is kept."""
        raise NotImplementedError

    def reorder(self, job_ids: Sequence[int]) -> Changes:
        """The waiting jobs in a new order."""
        raise NotImplementedError

    def remove(self, job_id: int) -> Changes:
        """Forget an ended job and its results."""
        raise NotImplementedError

    def listen(self, listener: Callable[[int, Event, Changes], None]) -> Callable[[], None]:
        """Register a listener; returns the function that takes it away again."""
        raise NotImplementedError
