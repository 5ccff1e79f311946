"""Training runs: starting them, their curves, and what became of the student."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.alignment.episodes import group_by_task
from workbench.alignment.options import AlignmentOptions
from workbench.domain import NOT_REJECTED, Changes, Demonstration, JobState, ModelRef
from workbench.errors import FormatError, JobError
from workbench.jobs.kinds.align import AlignResult, AlignSpec
from workbench.jobs.wire import encode_spec
from workbench.services.demonstrations import Filter
from workbench_db import jobs as stored

if TYPE_CHECKING:
    from workbench.services.job_queue import JobInfo
    from workbench.services.project import Project

STUDENT = "student"
MOST_ROWS = 100_000                  # of a pool that is not imported
HELD_OUT_EVERY = 3                   # by default every third task is kept for measuring


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """``result`` is None until the run has finished."""

    job_id: int
    title: str
    state: JobState
    spec: AlignSpec
    result: AlignResult | None
    job: JobInfo


class Alignment:
    """``project.alignment``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    def tasks(self) -> dict[str, tuple[Demonstration, ...]]:
        """The project's answered demonstrations by task, rejected ones left out."""
        ids = self._project.demonstrations.ids(Filter(statuses=NOT_REJECTED))
        return group_by_task(self._project.demonstrations.get(ids))

    def file_tasks(self, path: Path) -> dict[str, tuple[Demonstration, ...]]:
        """Tasks of a file that the workbench can import. Raises FormatError, also for a single row."""
        preview = self._project.imports.preview(path, rows=MOST_ROWS)
        if preview.refused:
            line, reason = preview.refused[0]
            raise FormatError(f"Line {line} of {path.name} cannot be read: {reason}", safe="Nothing was trained.")
        return group_by_task(preview.demonstrations)

    def default_targets(self, tasks: Collection[str]) -> tuple[str, ...]:
        """Every third task, in order of their names."""
        return tuple(sorted(tasks)[HELD_OUT_EVERY - 1 :: HELD_OUT_EVERY])

    def spec(self, teacher: ModelRef, student: ModelRef, options: AlignmentOptions,
             targets: Collection[str] | None = None, examples: int = 100, pool: Path | None = None) -> AlignSpec:
        """A run over all the project's tasks, or over those of the file ``pool``, which is not imported.

        Tasks in ``targets`` are measured on, the others trained on.

        The folder is named by what the run is told to do. Raises JobError without a task on either side.
        """
        tasks = self.tasks() if pool is None else self.file_tasks(pool)
        chosen = self.default_targets(tasks) if targets is None else tuple(targets)
        unknown = sorted(set(chosen) - tasks.keys())
        if unknown:
            raise JobError(f"There is no task “{unknown[0]}”.", remedy=f"Choose among: {', '.join(tasks)}.")
        source = [d for task, members in tasks.items() if task not in chosen for d in members]
        target = [d for task in chosen for d in tasks[task]]
        if not source or not target:
            raise JobError("Training needs tasks to train on and others to measure on.",
                           remedy="Give demonstrations a category, or a tag task:name.")
        draft = AlignSpec(teacher, student, tuple(source), tuple(target), "", options, examples)
        name = hashlib.sha256(encode_spec(draft).encode()).hexdigest()[:12]
        folder = self._project.folder / "artifacts" / f"align-{name}"
        return AlignSpec(teacher, student, tuple(source), tuple(target), str(folder), options, examples)

    def runs(self) -> list[TrainingRun]:
        """Newest first."""
        found = []
        for info in self._project.jobs.all():
            if info.kind == "align":
                spec = self._project.jobs.spec(info.id)
                assert isinstance(spec, AlignSpec)
                result = info.result if isinstance(info.result, AlignResult) else None
                found.append(TrainingRun(info.id, info.title, info.state, spec, result, info))
        return sorted(found, key=lambda run: -run.job_id)

    def curve(self, job_id: int, metric: str) -> Sequence[tuple[int, float]]:
        """(step, value) points of one metric: loss, kl, ranking_loss, consistency_best, log_likelihood_8, …"""
        with self._project.database.read() as connection:
            return stored.metric(connection, job_id, metric)

    def curves(self, job_id: int, metrics: Collection[str]) -> dict[str, Sequence[tuple[int, float]]]:
        """The points of several metrics; those without points are left out."""
        with self._project.database.read() as connection:
            found = {metric: stored.metric(connection, job_id, metric) for metric in metrics}
        return {metric: points for metric, points in found.items() if points}

    def register(self, job_id: int, name: str) -> Changes:
        """Make a run's trained student a model of the project. Raises JobError where there is none yet."""
        return self._project.models.register(self.student(job_id), name)

    def student(self, job_id: int) -> Path:
        """The folder of a run's trained student. Raises JobError where there is none yet.

        services.student_exports writes it elsewhere, in other forms too.
        """
        with self._project.database.read() as connection:
            students = [a for a in stored.artifacts(connection, job_id) if a.role == STUDENT]
        for path in (Path(one.path) for one in students[-1:]):
            moved = self._project.folder / "artifacts" / path.parent.name / path.name     # with its project
            for place in (path, moved):
                if place.is_dir():
                    return place
        raise JobError("This run has no trained student yet.", remedy="Wait until it has finished, or resume it.")
