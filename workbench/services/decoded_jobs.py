"""Specifications and results of jobs as the project keeps them, decoded once: lists of jobs are read several times a
second, and a specification holds all candidates' texts."""

from __future__ import annotations

import logging
from collections import OrderedDict
from pathlib import Path
from typing import Any

from workbench.domain import JobState
from workbench.errors import JobError
from workbench.jobs.kind import JobSpec
from workbench.jobs.result import Result
from workbench.jobs.wire import decode_result, decode_spec
from workbench.services.job_resume import at_home
from workbench_db.jobs import StoredJob

MOST_CHARACTERS = 32_000_000         # of the specifications that are kept; those asked for least recently go first


class DecodedJobs:
    """Keeps what it has decoded until a job's stored text is another one."""

    def __init__(self, artifacts: Path) -> None:
        self._artifacts = artifacts
        self._specs: OrderedDict[int, tuple[str, JobSpec]] = OrderedDict()
        self._results: dict[int, tuple[dict[str, Any], Result | None]] = {}

    def spec(self, job: StoredJob) -> JobSpec:
        """What the job was told to do, its folders in this project. Raises JobError for a job of another version."""
        kept = self._specs.get(job.id)
        if kept is None or kept[0] != job.spec:
            kept = job.spec, at_home(decode_spec(job.spec), self._artifacts)
            self._specs[job.id] = kept
        self._specs.move_to_end(job.id)
        while len(self._specs) > 1 and sum(len(text) for text, _ in self._specs.values()) > MOST_CHARACTERS:
            self._specs.popitem(last=False)
        return kept[1]

    def result(self, job: StoredJob) -> Result | None:
        """What the job has found; None before it has finished, and where another version's words cannot be read."""
        if job.state != JobState.FINISHED:
            return None
        kept = self._results.get(job.id)
        if kept is None or kept[0] != job.summary:
            try:
                kept = job.summary, decode_result(job.kind, job.summary)
            except JobError as error:
                logging.getLogger(__name__).warning("job %d: %s", job.id, error)
                kept = job.summary, None
            self._results[job.id] = kept
        return kept[1]
