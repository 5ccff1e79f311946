"""The checkpoints that a training run has kept, and going on from one of them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import JobError
from workbench.jobs.kinds.align import AlignSpec
from workbench_db import jobs as stored

if TYPE_CHECKING:
    from workbench.services.project import Project

MEASURED = ("held_out_kl", "consistency_best", "log_likelihood_8")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``measured`` holds what was measured on held-out examples at this step, by metric; it may be empty."""

    step: int
    saved: datetime
    measured: Mapping[str, float]


def checkpoints(project: Project, job_id: int) -> list[Checkpoint]:
    """Newest first; a run that is resumed goes on from the first of them."""
    points = project.alignment.curves(job_id, MEASURED)
    return [Checkpoint(step, datetime.fromtimestamp(folder.stat().st_mtime).astimezone(),
                       {name: dict(curve)[step] for name, curve in points.items() if step in dict(curve)})
            for step, folder in sorted(_folders(project, job_id).items(), reverse=True)]


def resume_from(project: Project, job_id: int, step: int) -> list[int]:
    """Go on from the checkpoint of this step. Newer checkpoints and the curves after the step are deleted; returns the
    steps of the former. Raises JobError where there is no such checkpoint or the run has not ended early."""
    folders = _folders(project, job_id)
    if step not in folders:
        kept = ", ".join(map(str, sorted(folders))) or "none"
        raise JobError(f"Job {job_id} has no checkpoint of step {step}.", safe="Nothing was changed.",
                       remedy=f"Choose among the steps that are kept: {kept}.")
    state = project.jobs.get(job_id).state
    if not state.ended_early:
        raise JobError(f"Job {job_id} is {state}, so it cannot go on from a checkpoint.", safe="Nothing was changed.")
    newer = sorted(other for other in folders if other > step)
    for other in newer:                              # renamed first: a folder that is there by its name is whole
        dropped = folders[other].rename(folders[other].with_name(f"dropped-{other}"))
        shutil.rmtree(dropped)
    with project.database.write() as connection:
        stored.forget_metrics(connection, job_id, step)
        if newer:
            stored.append_log(connection, job_id, "info", replaced_words(step, newer))
    project.jobs.resume(job_id)
    return newer


def replaced_words(step: int, newer: list[int]) -> str:
    """What going on from this step does to what is newer; "" where nothing is."""
    if not newer:
        return ""
    steps = " and ".join(map(str, newer))
    which = f"The checkpoint{'s' if len(newer) > 1 else ''} of step{'s' if len(newer) > 1 else ''} {steps}"
    return f"{which} and the curves after step {step} are replaced."


def _folders(project: Project, job_id: int) -> dict[int, Path]:
    spec = project.jobs.spec(job_id)
    if not isinstance(spec, AlignSpec):
        raise JobError(f"Job {job_id} is no training run, so it has no checkpoints.", safe="Nothing was changed.")
    found = (Path(spec.folder) / "checkpoints").glob("checkpoint-*")
    return {int(step): path for path in found if (step := path.name.removeprefix("checkpoint-")).isdigit()}
