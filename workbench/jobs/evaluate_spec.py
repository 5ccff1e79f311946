"""What an evaluation job is told to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from workbench.alignment.harness_options import HarnessOptions
from workbench.domain import ModelRef, Prompt, Question


@dataclass(frozen=True, slots=True)
class EvaluateSpec:
    """Tasks of lm-evaluation-harness on ``model``; with ``questions`` also a task made from their first turns and
    references under ``base``, whose files are written to ``folder``. ``allow_download`` lets the harness fetch data.
    """

    model: ModelRef
    options: HarnessOptions
    folder: str = ""
    questions: tuple[Question, ...] = ()
    base: Prompt = field(default_factory=Prompt)
    allow_download: bool = False
    kind: Literal["evaluate"] = "evaluate"

    @property
    def runs_code(self) -> bool:
        """Whether it may run code that a model writes, or that task files and their templates bring along."""
        return self.options.allow_code or bool(self.options.folders)
