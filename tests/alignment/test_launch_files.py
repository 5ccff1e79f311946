"""The files that docs/multi-gpu.md tells to launch with are what Accelerate reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.utils import DistributedType

FOLDER = Path(__file__).parents[2] / "docs" / "accelerate"


@pytest.mark.parametrize(("name", "kind", "processes"), [
    ("one_machine", DistributedType.MULTI_GPU, 4), ("two_machines", DistributedType.MULTI_GPU, 16),
    ("fsdp", DistributedType.FSDP, 4), ("deepspeed", DistributedType.DEEPSPEED, 4)])
def test_accelerate_reads_the_file(name: str, kind: DistributedType, processes: int) -> None:
    config = load_config_from_file(str(FOLDER / f"{name}.yaml"))
    assert (config.distributed_type, config.num_processes, config.use_cpu) == (kind, processes, False)


def test_every_file_is_named_in_the_guide() -> None:
    guide = (FOLDER.parent / "multi-gpu.md").read_text("utf-8")
    assert all(f"accelerate/{file.name}" in guide for file in FOLDER.iterdir())


def test_both_sharded_ways_are_such_as_training_works_with() -> None:
    assert load_config_from_file(str(FOLDER / "fsdp.yaml")).fsdp_config["fsdp_version"] == 2
    assert load_config_from_file(str(FOLDER / "deepspeed.yaml")).deepspeed_config["zero_stage"] == 2
