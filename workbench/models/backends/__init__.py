"""The model backends: ours, a file each, and those of installed packages (docs/adding-a-model-backend.md)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from workbench import plugins
from workbench.domain import Backend, ModelFacts, ModelRef
from workbench.errors import ModelError
from workbench.models.backend import ModelBackend, Progress
from workbench.models.backends.llama_cpp import LLAMA_CPP
from workbench.models.backends.openai import OPENAI
from workbench.models.backends.transformers import TRANSFORMERS

GROUP = "workbench.backends"         # the entry points by which installed packages bring theirs
BUILT_IN = (LLAMA_CPP, OPENAI, TRANSFORMERS)


@cache
def table() -> plugins.Table[ModelBackend]:
    return plugins.table(GROUP, ModelBackend, BUILT_IN)


def backends() -> dict[str, ModelBackend]:
    """By name; ours first."""
    return table().entries


def backend_of(ref: ModelRef) -> ModelBackend:
    """Raises ModelError where nobody here has declared it."""
    found = backends().get(ref.backend)
    if found is None:
        raise ModelError(f"“{ref.name}” is a {ref.backend} model, which nothing here can run.",
                         safe="Nothing was loaded.", remedy="Install the package that brings this backend.")
    return found


def backend_for(path: Path) -> Backend:
    """What runs the model at ``path``: what takes it, else transformers, whose facts say what is wrong with it."""
    return Backend(next((found.name for found in backends().values() if found.takes(path)), TRANSFORMERS.name))


def read_facts(path: Path, progress: Progress = lambda read: None, base: Path | None = None) -> ModelFacts:
    """Facts and hash of a model, whatever runs it. ``base`` is an adapter's base model.

    Raises ModelError where there is no model at all, or a file is damaged.
    """
    return backends()[backend_for(path)].read_facts(path, progress, base)
