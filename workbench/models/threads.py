"""How many threads a model computes with."""

from __future__ import annotations

import os

import psutil

VARIABLE = "WORKBENCH_THREADS"


def thread_count() -> int:
    """``WORKBENCH_THREADS``, else ``OMP_NUM_THREADS``, else the physical cores: hyper-threads slow products down."""
    for name in (VARIABLE, "OMP_NUM_THREADS"):
        asked = os.environ.get(name, "")
        if asked.isdigit() and int(asked) > 0:
            return int(asked)
    return psutil.cpu_count(logical=False) or 1
