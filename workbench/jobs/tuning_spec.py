"""How a recipe's fine-tuned models are made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.alignment.options import AlignmentOptions
from workbench.domain import Demonstration, ModelRef, Prompt


@dataclass(frozen=True, slots=True)
class Training:
    """``chosen`` are places in the pool. ``folder`` takes checkpoints and, when all is done, the model."""

    folder: str
    chosen: tuple[int, ...]
    options: AlignmentOptions

    @property
    def path(self) -> str:
        """The model's folder, or its adapter's."""
        return str(Path(self.folder) / "model")


@dataclass(frozen=True, slots=True)
class Tuning:
    """``model`` is trained anew for each of ``trainings``, under the rules and the template of ``prompt``."""

    model: ModelRef
    prompt: Prompt
    pool: tuple[Demonstration, ...]
    trainings: tuple[Training, ...]
