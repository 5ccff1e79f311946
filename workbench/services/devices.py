"""On how many devices a job runs: on all GPUs that its models may use, unless a person says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from workbench.domain import Backend, ModelRef
from workbench.jobs.kind import SharedSpec
from workbench.jobs.kinds import kind_of
from workbench.models.machine import Machine

Shared = TypeVar("Shared", bound=SharedSpec)


def devices_for(machine: Machine, models: Iterable[ModelRef], step: int = 0) -> int:
    """How many processes can share out a job of these models, each with a GPU of its own. The ``step`` samples of a
    training step are shared out evenly."""
    if any(model.backend is not Backend.TRANSFORMERS or model.device != "auto" for model in models):
        return 1
    return max(size for size in range(1, max(1, len(machine.gpus)) + 1) if step % size == 0)


def on_devices(spec: Shared, machine: Machine, wanted: int | None = None) -> Shared:
    """The job on so many devices; None takes all that it can share out."""
    kind = kind_of(spec)
    if kind.sharing is not None and not wanted:
        wanted = devices_for(machine, kind.models(spec), kind.sharing(spec))
    return replace(spec, processes=wanted or 1)
