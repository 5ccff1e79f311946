"""What this computer has: memory, graphics cards, disk. Neither torch nor llama.cpp is imported."""

from __future__ import annotations

import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory in bytes, as it is now."""

    memory_total: int
    memory_free: int
    gpus: tuple[tuple[str, int, int], ...]       # (name, total, free)
    disk_free: int


def read_machine(disk: Path) -> Machine:
    """``disk`` is any path on the disk asked for."""
    memory = psutil.virtual_memory()
    gpus = _nvidia() or _apple(memory.total, memory.available)
    return Machine(memory.total, memory.available, gpus, shutil.disk_usage(disk).free)


def _nvidia() -> tuple[tuple[str, int, int], ...]:
    """CUDA devices, as the driver's own program lists them; none where it is not there."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    query = [program, "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    try:
        listed = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True).stdout
        rows = [[cell.strip() for cell in line.split(",")] for line in listed.splitlines() if line.strip()]
        return tuple((name, int(total) * 2**20, int(free) * 2**20) for name, total, free in rows)
    except (OSError, ValueError, subprocess.SubprocessError):
        return ()


def _apple(total: int, free: int) -> tuple[tuple[str, int, int], ...]:
    """Apple's chips share the computer's memory with the graphics part (torch's "mps")."""
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return (("Apple GPU", total, free),)
    return ()
