"""Several processes that run one job, one for each device: jobs/team.py, ``accelerate launch`` or torchrun starts them.

Each process loads the model and does the whole job; only scoring is shared out. Every process scores a part of the
sequences and gets all results, so that all take the same decisions. The first one speaks and keeps scores.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

from workbench.errors import ModelError
from workbench.models.base import Drawn, LanguageModel, ScoredSequence

PATIENCE = timedelta(days=7)         # a paused job keeps the others waiting; one that is lost is noticed otherwise
_store: Any = None                   # where processes that this one leads meet


def count() -> int:
    """How many processes do this job together. torchrun and Accelerate say so in the environment."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """This process's number, 0 for the one that speaks."""
    return int(os.environ.get("RANK", "0"))


def device_index() -> int:
    """Which of this machine's devices is this process's."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def meet(size: int) -> dict[str, str]:
    """Open the store in which ``size`` processes of this computer find each other, this one as the first, for as long
    as this process lives; returns what their environment is to say of it, as torchrun does. The port is taken here and
    now: chosen first and opened later, it could be another program's by then."""
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    global _store
    _store = TCPStore("127.0.0.1", 0, size, is_master=True, wait_for_workers=False)
    return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_store.port), "TORCHELASTIC_USE_AGENT_STORE": "True",
            "WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size), "RANK": "0", "LOCAL_RANK": "0"}


def join(device: str = "auto") -> None:
    """Meet the others; to be called once before the job, with the device that its model is asked for. Does nothing for
    a process alone. Raises ModelError where each cannot have a CUDA device of its own."""
    if count() > 1:
        import torch
        from accelerate import PartialState

        on_cpu = device == "cpu" or not torch.cuda.is_available()
        here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        if not on_cpu and here > torch.cuda.device_count():
            raise ModelError(f"{here} processes need as many GPUs, and this computer has {torch.cuda.device_count()}.",
                             safe="Nothing was computed.", remedy="Start the job again with fewer processes.")
        PartialState(cpu=on_cpu, timeout=PATIENCE)


def wait_for_all() -> None:
    """Until all processes have come here."""
    if count() > 1:
        _gathered(None)


def leave() -> None:
    """Once all have done the job: one that left early would look lost to the others."""
    if count() > 1:
        import torch.distributed

        wait_for_all()
        torch.distributed.destroy_process_group()


class SharedOut:
    """A LanguageModel whose scoring is shared out among the processes; the rest it does as the model alone would, and
    what the first process found counts."""

    def __init__(self, model: LanguageModel) -> None:
        self.model, self.ref, self.context, self.tokenizer = model, model.ref, model.context, model.tokenizer
        self.facts: Mapping[str, str] = {**model.facts, "processes": str(count())}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def logprobs(
        self, sequences: Sequence[ScoredSequence], progress: Callable[[int], None] = lambda done: None
    ) -> list[tuple[float, ...]]:
        """See LanguageModel. What one process raises is raised in all of them."""
        size, whole = count(), len(sequences)
        start, end = rank() * whole // size, (rank() + 1) * whole // size
        parts = _agreed(
            lambda: self.model.logprobs(sequences[start:end], lambda done: progress(min(done * size, whole))))
        progress(whole)
        return [found for part in parts for found in part]

    def draw(self, *arguments: Any, **named: Any) -> list[Drawn]:
        return list(_gathered(self.model.draw(*arguments, **named))[0])

    def generate(self, *arguments: Any, **named: Any) -> list[str]:
        return list(_gathered(self.model.generate(*arguments, **named))[0])

    def embed(self, texts: Sequence[str]) -> Any:
        """See Embedder. Raises AttributeError for a model that cannot."""
        return _gathered(self.model.embed(texts))[0]  # type: ignore[attr-defined]

    def close(self) -> None:
        self.model.close()


def loaded(load: Callable[[], LanguageModel]) -> LanguageModel:
    """The model that ``load`` gives, shared out where several processes do the job. Where one of them cannot load it
    none goes on with it; and with types of their own ("auto" looks at the free memory) they would not agree on what is
    best. Raises ModelError."""
    if count() == 1:
        return load()
    mine: list[LanguageModel] = []

    def dtype() -> str:
        mine.append(load())
        return mine[0].facts.get("dtype", "")

    dtypes = _agreed(dtype)
    if len(set(dtypes)) > 1:
        mine[0].close()
        raise ModelError(f"The processes would compute in different types: {', '.join(dtypes)}.",
                         safe="Nothing was computed.", remedy="Choose the model's type instead of auto.")
    return cast(LanguageModel, SharedOut(mine[0]))


def _agreed(work: Callable[[], Any]) -> list[Any]:
    """What every process's ``work`` gave. What one of them raises is raised in all."""
    try:
        mine = work()
    except Exception as error:
        mine = error
    parts = _gathered(mine)
    failed = next((part for part in parts if isinstance(part, Exception)), None)
    if failed is not None:
        raise failed
    return parts


def _gathered(value: Any) -> list[Any]:
    """Every process's value, in the order of their numbers."""
    import torch.distributed

    found: list[Any] = [None] * count()
    torch.distributed.all_gather_object(found, value)
    return found
