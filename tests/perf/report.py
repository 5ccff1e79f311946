"""What every benchmark leaves: a table on the screen and build/bench/NAME.json."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import psutil


@dataclass(frozen=True, slots=True)
class Row:
    """``goal`` None: only reported."""

    what: str
    value: float
    unit: str
    goal: float | None
    better: Literal["higher", "lower"]

    @property
    def met(self) -> bool:
        return self.goal is None or (self.value >= self.goal if self.better == "higher" else self.value <= self.goal)


def machine() -> dict[str, str | int]:
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    return {"system": platform.platform(), "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count() or 0, "memory": psutil.virtual_memory().total, "gpu": gpu,
            "python": platform.python_version(), "torch": torch.__version__}


def one_thread() -> None:
    """For what is measured in CPU seconds: threads that wait for each other count as work. A model that is loaded and
    a process that is started would take as many as there are cores."""
    import torch

    os.environ["WORKBENCH_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)


def write(name: str, rows: Sequence[Row], folder: Path = Path("build/bench")) -> None:
    """Print the table and write it; a goal that is missed is said, and fails nothing."""
    Report(name, folder, width=max(len(row.what) for row in rows)).add(*rows)


class Report:
    """A table that is printed and written row by row, so that what was measured is there when the rest is cut off."""

    def __init__(self, name: str, folder: Path = Path("build/bench"), width: int = 48) -> None:
        self._file, self._width, self._rows = folder / f"{name}.json", width, list[Row]()

    def add(self, *rows: Row) -> None:
        self._rows += rows
        for row in rows:
            goal = row.goal
            told = "" if goal is None else f"   goal {goal:g} {'or more' if row.better == 'higher' else 'or less'}"
            print(f"{row.what:{self._width}}  {row.value:8.2f} {row.unit}{told}{'' if row.met else '   MISSED'}",
                  flush=True)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        content = {"machine": machine(), "rows": [asdict(row) for row in self._rows]}
        self._file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
