"""What a computer has, as a job will see it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench.models.machine import read_machine

LISTED = "GPU-aa1, Card A, 24576, 20480\nGPU-bb2, Card B, 49152, 8192\nGPU-cc3, Shared, [N/A], [N/A]\n"


@pytest.mark.skipif(os.name != "posix", reason="the driver's program is stood in for by a shell script")
@pytest.mark.parametrize(("visible", "names"), [
    (None, ["Card A", "Card B", "Shared"]), ("", []), ("-1", []), ("1,0", ["Card B", "Card A"]),
    ("GPU-bb", ["Card B"]), ("0,7,1", ["Card A"]),
])  # fmt: skip
def test_gpus_are_those_that_jobs_may_use_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visible: str | None, names: list[str]
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '%s' '{LISTED}'\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    machine = read_machine(tmp_path)
    assert [name for name, _, _ in machine.gpus] == names
    told = {name: (total, free) for name, total, free in machine.gpus}
    assert told.get("Card A", (24 * 2**30, 20 * 2**30)) == (24 * 2**30, 20 * 2**30)
    if "Shared" in told:
        assert told["Shared"][0] == machine.memory_total
