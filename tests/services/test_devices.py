"""On how many devices a job is started."""

from __future__ import annotations

from dataclasses import replace

from workbench.alignment.options import AlignmentOptions
from workbench.domain import Backend, ModelRef, Prompt
from workbench.jobs.kinds.align import AlignSpec
from workbench.jobs.kinds.score import ScoreSpec
from workbench.models.machine import Machine
from workbench.services.devices import devices_for, on_devices

MODEL = ModelRef("base", "/models/base")
ALONE = Machine(8, 4, (), 100)
FOUR = replace(ALONE, gpus=(("GPU", 24, 20),) * 4)


def test_a_score_job_takes_every_gpu_unless_a_person_says_otherwise() -> None:
    spec = ScoreSpec(MODEL, Prompt(), (), ())
    assert [on_devices(spec, FOUR, wanted).processes for wanted in (None, 1, 2)] == [4, 1, 2]
    assert on_devices(spec, ALONE).processes == 1


def test_a_training_job_takes_as_many_as_share_out_its_step_evenly() -> None:
    spec = AlignSpec(MODEL, MODEL, (), (), "", AlignmentOptions(batch=10, accumulation=1))
    assert on_devices(spec, FOUR).processes == 2
    assert on_devices(replace(spec, options=AlignmentOptions(batch=2, accumulation=2)), FOUR).processes == 4


def test_a_model_that_has_its_device_or_an_engine_of_its_own_is_not_shared_out() -> None:
    assert devices_for(FOUR, [replace(MODEL, device="cuda:1")]) == 1
    assert devices_for(FOUR, [replace(MODEL, device="cpu"), MODEL]) == 1
    assert devices_for(FOUR, [replace(MODEL, backend=Backend.LLAMA_CPP)]) == 1
