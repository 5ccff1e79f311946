"""What this computer has, and what of it is free now. Reads the system; touches no project and loads no torch."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import psutil

from workbench.services.models import Machine

MIB = 1024 * 1024


def machine(folder: Path | None = None) -> Machine:
    """Memory in bytes; ``disk_free`` is that of the disk that holds ``folder`` (the home folder by default)."""
    memory = psutil.virtual_memory()
    return Machine(int(memory.total), int(memory.available), graphics_cards(), _disk_free(folder or Path.home()))


def graphics_cards() -> tuple[tuple[str, int, int], ...]:
    """(name, total, free) of each NVIDIA card, by its driver's own tool; empty where there is none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    try:
        said = subprocess.run(
            [tool, "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"],
            capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):    # a driver that is broken is as good as none
        return ()
    cards = []
    for line in said.splitlines():
        name, _, numbers = line.partition(", ")
        total, _, free = numbers.partition(", ")
        if total.strip().isdigit() and free.strip().isdigit():
            cards.append((name.strip(), int(total) * MIB, int(free) * MIB))
    return tuple(cards)


def _disk_free(folder: Path) -> int:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
