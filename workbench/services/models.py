"""The project's models: registered by folder or file, verified by hash, estimated before loading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.domain import Changes, MemoryEstimate, ModelFacts, ModelRef

if TYPE_CHECKING:
    from workbench.services.project import Project


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """``state`` is ready | incomplete | unavailable, ``reason`` says why it is not ready and what to do."""

    ref: ModelRef
    facts: ModelFacts | None
    state: str
    reason: str
    current: bool


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory in bytes, as it is now."""

    memory_total: int
    memory_free: int
    gpus: tuple[tuple[str, int, int], ...]       # (name, total, free)
    disk_free: int


class Models:
    """``project.models``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    def all(self) -> list[ModelInfo]:
        raise NotImplementedError

    def register(self, path: Path, name: str = "") -> Changes:
        """Add a model folder (transformers) or a .gguf file: read its facts, hash its files. Raises ModelError."""
        raise NotImplementedError

    def remove(self, model_id: int) -> Changes:
        """Forget a model (its files stay)."""
        raise NotImplementedError

    def set_current(self, model_id: int) -> Changes:
        """The model that token counts and new jobs use."""
        raise NotImplementedError

    def set_loading(self, model_id: int, device: str, dtype: str) -> Changes:
        raise NotImplementedError

    def current(self) -> ModelRef | None:
        raise NotImplementedError

    def estimate(self, facts: ModelFacts, dtype: str, context: int, batch: int) -> MemoryEstimate:
        """Pure arithmetic: may be called off the lane."""
        raise NotImplementedError

    def machine(self) -> Machine:
        """What this computer has and what is free; does not touch the database."""
        raise NotImplementedError

    def gguf_support(self) -> tuple[bool, str]:
        """Whether llama-cpp-python can be imported; if not, the line that installs it or that it is being built."""
        raise NotImplementedError
