"""A training run goes on from one of its checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import resources
from db import jobs
from tests.jobs.listening import Heard
from workbench.alignment.options import PRESETS
from workbench.domain import ModelRef
from workbench.errors import JobError
from workbench.jobs.specs import CountSpec
from workbench.jobs.wire import encode_spec
from workbench.services.alignment_checkpoints import checkpoints, resume_from
from workbench.services.project import Project

OPTIONS = replace(PRESETS["quick"], method="finetune", episodes=6, steps=4, batch=2, save_every=1, evaluate_every=3,
                  warmup_steps=0)


def trained(project: Project) -> int:
    """A finished run's job."""
    for name in ("tiny-teacher", "tiny-student"):
        project.lane.run(lambda name=name: project.models.register(resources.path("models", name)))
    models = {model.ref.name: model.ref for model in project.lane.run(project.models.all)}
    spec = project.lane.run(lambda: project.alignment.spec(
        models["tiny-teacher"], models["tiny-student"], OPTIONS, examples=2, pool=resources.path("sample", "tasks.jsonl")))
    return ended(project, lambda: project.jobs.submit(spec))


def ended(project: Project, start: Callable[[], Any]) -> Any:
    heard = Heard()
    unlisten = project.lane.run(lambda: project.jobs.listen(lambda job, event, changes: heard(event)))
    job = project.lane.run(start)
    assert heard.last().kind == "finished"
    project.lane.run(unlisten)
    return job


def test_a_run_goes_on_from_an_older_checkpoint_and_ends_the_same(project: Project) -> None:
    job = trained(project)
    folder = Path(project.lane.run(lambda: project.jobs.spec(job)).folder)
    before = load_file(folder / "student" / "model.safetensors")
    curve = project.lane.run(lambda: project.alignment.curve(job, "loss"))
    kept = project.lane.run(lambda: checkpoints(project, job))
    assert [one.step for one in kept] == [4, 3]
    assert set(kept[1].measured) == {"held_out_kl", "consistency_best", "log_likelihood_8"}
    with pytest.raises(JobError, match="finished, so it cannot go on"):
        project.lane.run(lambda: resume_from(project, job, 3))
    with pytest.raises(JobError, match="no checkpoint of step 2"):
        project.lane.run(lambda: resume_from(project, job, 2))

    def stopped() -> None:
        with project.database.write() as connection:
            jobs.set_state(connection, job, "stopped")

    project.lane.run(stopped)
    (folder / "student" / "model.safetensors").unlink()
    ended(project, lambda: resume_from(project, job, 3))
    assert project.lane.run(lambda: project.alignment.curve(job, "loss")) == curve
    for name, tensor in load_file(folder / "student" / "model.safetensors").items():
        assert torch.equal(tensor, before[name])
    assert any("step 4 and the curves after step 3 are replaced" in line.message
               for line in project.lane.run(lambda: project.jobs.log(job)))


def test_only_a_training_run_has_checkpoints(project: Project) -> None:
    def other() -> int:
        with project.database.write() as connection:
            spec = CountSpec(ModelRef("student", "/models/student"), ())
            return jobs.insert_job(connection, spec.kind, "Count", encode_spec(spec))

    job = project.lane.run(other)
    with pytest.raises(JobError, match="no training run"):
        project.lane.run(lambda: resume_from(project, job, 1))
