"""A training run goes on from one of its checkpoints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import workbench_resources as resources
from tests.jobs.listening import Heard
from workbench.alignment.options import PRESETS
from workbench.domain import ModelRef
from workbench.errors import JobError
from workbench.jobs.control import Control
from workbench.jobs.events import Event, Finished
from workbench.jobs.kinds import run_job
from workbench.jobs.kinds.count import CountSpec
from workbench.jobs.run import LoadedModel, Run
from workbench.jobs.wire import encode_spec
from workbench.services.alignment_checkpoints import checkpoints, resume_from
from workbench.services.job_results import store
from workbench.services.project import Project
from workbench_db import jobs

OPTIONS = replace(PRESETS["quick"], method="finetune", episodes=6, steps=3, batch=2, save_every=1, evaluate_every=2,
                  warmup_steps=0)


def stopped(project: Project) -> int:
    """The job of a run that has been trained to its end in this process and then counts as stopped."""
    for name in ("tiny-teacher", "tiny-student"):
        project.lane.run(lambda name=name: project.models.register(resources.path("models", name)))
    models = {model.ref.name: model.ref for model in project.lane.run(project.models.all)}
    pool = resources.path("sample", "tasks.jsonl")
    spec = project.lane.run(lambda: project.alignment.spec(models["tiny-teacher"], models["tiny-student"], OPTIONS,
                                                           examples=1, pool=pool))
    said: list[Event] = []
    run_job(spec, Run(said.append, Control(), LoadedModel()))

    def write() -> int:
        with project.database.write() as connection:
            job = jobs.insert_job(connection, spec.kind, "Train", encode_spec(spec))
            for event in said:
                store(connection, job, spec.kind, event)
        return job

    return project.lane.run(write)


def end_as(project: Project, job: int, state: str) -> None:
    def write() -> None:
        with project.database.write() as connection:
            jobs.set_state(connection, job, state)

    project.lane.run(write)


def test_a_run_goes_on_from_an_older_checkpoint_and_ends_the_same(project: Project) -> None:
    job = stopped(project)
    folder = Path(project.lane.run(lambda: project.jobs.spec(job)).folder)
    before = load_file(folder / "student" / "model.safetensors")
    curve = project.lane.run(lambda: project.alignment.curve(job, "loss"))
    kept = project.lane.run(lambda: checkpoints(project, job))
    assert [one.step for one in kept] == [3, 2]
    assert set(kept[1].measured) == {"held_out_kl", "consistency_best", "log_likelihood_8"}
    with pytest.raises(JobError, match="finished, so it cannot go on"):
        project.lane.run(lambda: resume_from(project, job, 2))
    with pytest.raises(JobError, match="no checkpoint of step 1"):
        project.lane.run(lambda: resume_from(project, job, 1))

    end_as(project, job, "stopped")
    (folder / "student" / "model.safetensors").unlink()
    heard = Heard()
    project.lane.run(lambda: project.jobs.listen(lambda job, event, changes: heard(event)))
    assert project.lane.run(lambda: resume_from(project, job, 2)) == [3]
    assert isinstance(heard.last(), Finished)
    again = project.lane.run(lambda: project.alignment.curve(job, "loss"))
    assert [value for _, value in again] == pytest.approx([value for _, value in curve], rel=1e-4)
    for name, tensor in load_file(folder / "student" / "model.safetensors").items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=2e-5)
    assert any("step 3 and the curves after step 2 are replaced" in line.message
               for line in project.lane.run(lambda: project.jobs.log(job)))


def test_only_a_training_run_has_checkpoints(project: Project) -> None:
    def other() -> int:
        with project.database.write() as connection:
            spec = CountSpec(ModelRef("student", "/models/student"), ())
            return jobs.insert_job(connection, spec.kind, "Count", encode_spec(spec))

    job = project.lane.run(other)
    with pytest.raises(JobError, match="no training run"):
        project.lane.run(lambda: resume_from(project, job, 1))
