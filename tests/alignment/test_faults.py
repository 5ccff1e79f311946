"""What goes wrong while a student trains: the run says why and what to change, and its last checkpoint is good."""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.alignment.small import CharacterTokenizer, model, pool
from workbench.alignment.episodes import AlignmentError, group_by_task, sample_episodes
from workbench.alignment.options import AlignmentOptions
from workbench.alignment.samples import make_samples
from workbench.alignment.teacher import Teacher
from workbench.alignment.trainer import AlignmentTrainer
from workbench.domain import ModelRef
from workbench.errors import JobError, ModelError
from workbench.jobs.control import Control
from workbench.jobs.kinds import run_job
from workbench.jobs.kinds.align import AlignSpec
from workbench.jobs.run import LoadedModel, Run
from workbench.models.quantised import missing

OPTIONS = AlignmentOptions(template="plain", steps=4, batch=4, learning_rate=5e-3, warmup_steps=0, fewest=3, most=5,
                           save_every=2, subsets=3)
Start = Callable[..., AlignmentTrainer]


@pytest.fixture
def trainer(tmp_path: Path) -> Start:
    def make(options: AlignmentOptions = OPTIONS) -> AlignmentTrainer:
        generator = np.random.default_rng(0)
        episodes = sample_episodes(group_by_task(pool("a", 10)), 16, generator, options.fewest, options.most)
        samples = make_samples(episodes, options, CharacterTokenizer(), generator)
        teacher = Teacher(model(24, 1), samples, tmp_path / "teacher", 0)
        teacher.prepare()
        return AlignmentTrainer(model(16, 2), samples, options, tmp_path / "run", padding_id=0, teacher=teacher,
                                device="cpu")
    return make


def at_step(trainer: AlignmentTrainer, step: int, what: Callable[[], None]) -> None:
    """Something happens when ``step`` begins."""
    inner = trainer.training_step

    def outer(*arguments: Any, **named: Any) -> Any:
        if trainer.state.global_step == step - 1:
            what()
        return inner(*arguments, **named)

    trainer.training_step = outer                                      # type: ignore[method-assign]


def checkpoints(folder: Path) -> dict[str, int]:
    """Each with the number of tensors that can be read from it."""
    return {path.name: len(load_file(path / "model.safetensors")) for path in folder.glob("checkpoint-*")}


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes: what a full disk does, at an exact place."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("size", [4_000, 24_000], ids=["weights", "optimiser"])
def test_a_disk_that_fills_up_stops_the_run_and_keeps_the_last_checkpoint(
    trainer: Start, tmp_path: Path, size: int
) -> None:
    training = trainer()
    at_step(training, 4, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, -1)))
    with files_up_to(10**9), pytest.raises(AlignmentError, match="checkpoint could not be written") as caught:
        training.start()
    assert "Free disk space, then resume." in str(caught.value)
    assert checkpoints(tmp_path / "run") == {"checkpoint-2": len(list(training.model.parameters()))}
    resumed = trainer()
    resumed.start()
    assert resumed.state.global_step == 4


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_fills_up_while_the_teacher_is_kept_says_so(trainer: Start, tmp_path: Path) -> None:
    with pytest.raises(AlignmentError, match="kept of the teacher could not be written"), files_up_to(4_000):
        trainer()
    assert list((tmp_path / "teacher").rglob("*.safetensors")) == []
    assert trainer().teacher is not None


@pytest.mark.parametrize("error", [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"),
], ids=["device", "python", "cpu"])
def test_memory_that_runs_out_says_what_to_lower(trainer: Start, tmp_path: Path, error: Exception) -> None:
    def out() -> None:
        raise error

    training = trainer()
    at_step(training, 3, out)
    with pytest.raises(AlignmentError, match="not enough memory") as caught:
        training.start()
    for word in ("batch", "LoRA", "checkpointing", "chunk"):
        assert word in caught.value.remedy
    assert list(checkpoints(tmp_path / "run")) == ["checkpoint-2"]


def test_a_loss_that_is_not_a_number_leaves_a_checkpoint_without_one(trainer: Start, tmp_path: Path) -> None:
    training = trainer()

    def spoil() -> None:
        with torch.no_grad():
            next(iter(training.model.parameters())).fill_(float("nan"))

    at_step(training, 3, spoil)
    with pytest.raises(AlignmentError, match="not a number at step 3"):
        training.start()
    weights = load_file(tmp_path / "run" / "checkpoint-2" / "model.safetensors")
    assert all(tensor.isfinite().all() for tensor in weights.values())
    assert json.loads((tmp_path / "run" / "checkpoint-2" / "trainer_state.json").read_text())["global_step"] == 2


def test_other_errors_of_torch_stay_as_they_are(trainer: Start) -> None:
    def wrong() -> None:
        raise RuntimeError("shapes do not fit")

    training = trainer()
    at_step(training, 1, wrong)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        training.start()


def spec(folder: Path, teacher: str, student: str, lora_rank: int) -> AlignSpec:
    models = (ModelRef(name, str(folder / name), dtype=dtype) for name, dtype in (("t", teacher), ("s", student)))
    for name in ("t", "s"):
        model(16, 2).save_pretrained(folder / name)
    demonstrations = pool("a", 10)
    return AlignSpec(*models, tuple(demonstrations), tuple(demonstrations), str(folder / "run"),
                     replace(OPTIONS, lora_rank=lora_rank))


def start(spec: AlignSpec) -> None:
    run_job(spec, Run(lambda event: None, Control(), LoadedModel()))


def test_weights_in_four_bits_are_trained_through_adapters_only(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="cannot be trained themselves") as caught:
        start(spec(tmp_path, "auto", "nf4", 0))
    assert "QLoRA" in caught.value.remedy


@pytest.mark.skipif(missing("bitsandbytes") == "", reason="bitsandbytes is installed")
@pytest.mark.parametrize(("teacher", "student"), [("nf4", "auto"), ("int8", "auto")])
def test_without_bitsandbytes_the_line_that_installs_it_is_given(tmp_path: Path, teacher: str, student: str) -> None:
    both = spec(tmp_path, teacher, student, 4)
    for name in ("t", "s"):
        (tmp_path / name / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="pip install bitsandbytes"):
        start(both)
