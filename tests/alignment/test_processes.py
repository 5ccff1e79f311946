"""Two processes train as one does with twice the accumulation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.commands.config.config_args import load_config_from_file
from safetensors.torch import load_file

import workbench_resources as resources
from workbench.alignment.options import AlignmentOptions
from workbench.domain import Demonstration, ModelRef
from workbench.errors import JobError
from workbench.jobs.kinds.align import AlignSpec, share_of
from workbench.jobs.wire import encode_spec

OPTIONS = AlignmentOptions(steps=3, batch=2, accumulation=1, fewest=3, most=4, subsets=3, episodes=12, evaluate_every=0,
                           save_every=2, learning_rate=1e-3, warmup_steps=0, ranking_weight=0.5)


def spec(folder: Path, options: AlignmentOptions) -> AlignSpec:
    rows = [json.loads(line) for line in resources.path("sample", "tasks.jsonl").read_text("utf-8").splitlines()]
    pool = [Demonstration.pair(row["instruction"], row["output"], tags=tuple(row["tags"])) for row in rows]
    teacher, student = (ModelRef(name, str(resources.path("models", name)), device="cpu")
                        for name in ("tiny-teacher", "tiny-student"))
    return AlignSpec(teacher, student, tuple(pool[:28]), tuple(pool[-14:]), str(folder), options, examples=2)


def launch(
    spec: AlignSpec, file: Path, processes: int, sharding: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    file.write_text(encode_spec(spec), "utf-8")
    launcher = [] if processes == 1 else [
        "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    program = ["-m", "workbench.jobs"] if sharding is None else [str(Path(__file__).parent / "fsdp_on_cpu.py")]
    command = [sys.executable, *launcher, *program, "--nice", "0", str(file)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "WORKBENCH_THREADS": "1"} | (sharding or {})
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def fsdp() -> dict[str, str]:
    """What `accelerate launch` makes of docs/accelerate/fsdp.yaml."""
    file = Path(__file__).parents[2] / "docs" / "accelerate" / "fsdp.yaml"
    settings = load_config_from_file(str(file)).fsdp_config
    return {"ACCELERATE_USE_FSDP": "true", "PYTHONPATH": str(Path(__file__).parents[2])} | {
        name.upper(): str(value).lower() if isinstance(value, bool) else str(value) for name, value in settings.items()}


def events(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    out, errors = process.communicate(timeout=200)
    assert process.returncode == 0, (out[-2000:], errors[-2000:])
    return [json.loads(line) for line in out.splitlines()]


def curve(said: list[dict[str, Any]], name: str) -> list[float]:
    return [event["value"] for event in said if event["kind"] == "metric" and event["name"] == name]


def same(said: list[dict[str, Any]], alone: list[dict[str, Any]], folder: Path, other: Path) -> None:
    assert [event["kind"] for event in said if event["kind"] == "finished"] == ["finished"]             # only one spoke
    for name in ("loss", "kl", "ranking_loss", "grad_norm", "held_out_kl", "log_likelihood_8"):
        assert len(curve(alone, name)) > 1
        assert curve(said, name) == pytest.approx(curve(alone, name), rel=1e-3)
    ours, theirs = (load_file(one / "student" / "model.safetensors") for one in (folder, other))
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=0, atol=2e-5)


several = pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch knows one process only")


@several
def test_two_processes_have_the_curve_and_the_weights_of_one_with_twice_the_accumulation(tmp_path: Path) -> None:
    """gloo on the CPU, started by torchrun, by torchrun with weights, gradients and moments sharded in every pass, or,
    with a step that they share out, by the specification."""
    one = spec(tmp_path / "one", replace(OPTIONS, accumulation=2))
    alone = launch(one, tmp_path / "one.json", 1)
    runs = {
        "two": launch(spec(tmp_path / "two", OPTIONS), tmp_path / "two.json", 2),
        "led": launch(replace(one, folder=str(tmp_path / "led"), processes=2), tmp_path / "led.json", 1),
        "fsdp": launch(spec(tmp_path / "fsdp", OPTIONS), tmp_path / "fsdp.json", 2,
                       fsdp() | {"FSDP_RESHARD_AFTER_FORWARD": "true"})}
    said = events(alone)
    for run, process in runs.items():
        same(events(process), said, tmp_path / run, tmp_path / "one")
    assert (tmp_path / "fsdp" / "checkpoints" / "checkpoint-2" / "pytorch_model_fsdp.bin").is_file()


@several
def test_adapters_on_weights_sharded_as_in_the_file_become_those_of_one_process(tmp_path: Path) -> None:
    options = replace(OPTIONS, lora_rank=4, learning_rate=1e-2)
    alone = launch(spec(tmp_path / "one", replace(options, accumulation=2)), tmp_path / "one.json", 1)
    sharded = launch(spec(tmp_path / "fsdp", options), tmp_path / "fsdp.json", 2, fsdp())
    same(events(sharded), events(alone), tmp_path / "fsdp", tmp_path / "one")
    ours, theirs = (load_file(tmp_path / run / "adapter" / "adapter_model.safetensors") for run in ("fsdp", "one"))
    assert ours.keys() == theirs.keys()
    assert max(tensor.abs().max() for tensor in ours.values()) > 0.01


def test_processes_share_out_a_step_whose_samples_stay_as_many() -> None:
    def shared(batch: int, accumulation: int, size: int) -> tuple[int, int]:
        found = share_of(replace(OPTIONS, batch=batch, accumulation=accumulation), size)
        return found.batch, found.accumulation

    assert (shared(1, 64, 4), shared(8, 1, 4), shared(6, 3, 2), shared(10, 1, 1)) == ((1, 16), (2, 1), (3, 3), (10, 1))
    with pytest.raises(JobError, match="10 samples of a step cannot be shared out evenly among 4 processes"):
        shared(10, 1, 4)
