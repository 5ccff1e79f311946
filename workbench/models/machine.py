"""What this computer has: memory, graphics cards, disk. Neither torch nor llama.cpp is imported."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

Gpu = tuple[str, int, int]       # name, total, free


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory in bytes, as it is now."""

    memory_total: int
    memory_free: int
    gpus: tuple[Gpu, ...]
    disk_free: int


def read_machine(disk: Path) -> Machine:
    """``disk`` is any path on the disk asked for."""
    memory = psutil.virtual_memory()
    gpus = _nvidia(memory.total, memory.available) or _apple(memory.total, memory.available)
    return Machine(memory.total, memory.available, gpus, shutil.disk_usage(disk).free)


def _nvidia(total: int, free: int) -> tuple[Gpu, ...]:
    """CUDA devices as a job sees them, from the driver's own program; none where it is not there. Those that share the
    computer's memory tell none of their own."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    query = [program, "--query-gpu=uuid,name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    try:
        listed = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True).stdout
        rows = [[cell.strip() for cell in line.split(",")] for line in listed.splitlines() if line.strip()]
        found = [(uuid, (name, _mebibytes(of, total), _mebibytes(left, free))) for uuid, name, of, left in rows]
    except (OSError, ValueError, subprocess.SubprocessError):
        return ()
    return _visible(found, os.environ.get("CUDA_VISIBLE_DEVICES"))


def _mebibytes(told: str, otherwise: int) -> int:
    return int(told) * 2**20 if told.isdigit() else otherwise


def _visible(gpus: Sequence[tuple[str, Gpu]], asked: str | None) -> tuple[Gpu, ...]:
    """Those that CUDA_VISIBLE_DEVICES names by number or UUID, in its order; it ends at the first that is not there.
    ``gpus`` are (UUID, GPU) in the order of the bus, which jobs are told to use (see jobs/supervisor.py)."""
    if asked is None:
        return tuple(gpu for _, gpu in gpus)
    found: list[Gpu] = []
    for name in map(str.strip, asked.split(",")):
        gpu = next((gpu for place, (uuid, gpu) in enumerate(gpus)
                    if name == str(place) or (name.startswith("GPU-") and uuid.startswith(name))), None)
        if gpu is None:
            break
        found.append(gpu)
    return tuple(found)


def _apple(total: int, free: int) -> tuple[Gpu, ...]:
    """Apple's chips share the computer's memory with the graphics part (torch's "mps")."""
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return (("Apple GPU", total, free),)
    return ()
