"""What lm-evaluation-harness is told to do."""

from __future__ import annotations

from dataclasses import dataclass

PAPER_TASKS = ("mmlu", "bbh", "gsm8k", "logiqa", "humaneval")


@dataclass(frozen=True, slots=True)
class HarnessOptions:
    """``folders`` hold task files (YAML) of one's own. ``limit`` examples a task, 0: all; ``shots`` None: as each task
    says. ``allow_code`` lets tasks run code that the model wrote, on this machine."""

    tasks: tuple[str, ...]
    folders: tuple[str, ...] = ()
    limit: int = 0
    shots: int | None = None
    allow_code: bool = False
    seed: int = 0
