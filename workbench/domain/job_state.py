"""Where a job stands."""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"              # cancelled by a person
    INTERRUPTED = "interrupted"      # the process died; can be resumed

    @property
    def live(self) -> bool:
        """It has a process."""
        return self in (JobState.RUNNING, JobState.PAUSED)

    @property
    def ended(self) -> bool:
        """It has none, and will have none unless somebody resumes it."""
        return not self.live and self is not JobState.WAITING

    @property
    def ended_early(self) -> bool:
        """Before it was done."""
        return self.ended and self is not JobState.FINISHED

    @property
    def resumable(self) -> bool:
        """A person can have it go on from where it stands."""
        return self is JobState.PAUSED or self.ended_early
