"""A student whose weights FSDP2 shares out among the processes (torch.distributed.fsdp.fully_shard)."""

from __future__ import annotations

import os
from typing import Any

import torch.distributed
from transformers import TrainerCallback

from workbench.alignment.episodes import AlignmentError
from workbench.alignment.options import AlignmentOptions


def is_sharded(student: Any) -> bool:
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return False
    from torch.distributed.fsdp import FSDPModule

    return isinstance(student, FSDPModule)


def check_sharding(options: AlignmentOptions) -> None:
    """Raises AlignmentError for adapters under FSDP: they are merged into weights, which no process has whole."""
    if options.lora_rank and os.environ.get("ACCELERATE_USE_FSDP") == "true":
        raise AlignmentError("Adapters are not trained under FSDP.", safe="Nothing was trained.",
                             remedy="Launch with docs/accelerate/one_machine.yaml, or train all weights (lora_rank 0).")


class WholeBetweenPasses(TrainerCallback):          # type: ignore[misc]
    """Keeps the weights whole while gradients stay in each process: more passes follow then, of graphs that are there
    already and in numbers that differ between processes, so that none may have to gather weights."""

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        if not is_sharded(model):
            return
        set_sync = model.set_requires_gradient_sync

        def set_both(on: bool) -> None:
            set_sync(on)
            model.set_reshard_after_backward(on)

        model.set_requires_gradient_sync = set_both          # what Accelerate's no_sync calls


def whole_weights(student: Any) -> dict[str, Any] | None:
    """The weights of a sharded student, gathered; to be called in all processes. None for one that each has whole."""
    if not is_sharded(student):
        return None
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

    found = get_model_state_dict(student, options=StateDictOptions(full_state_dict=True, cpu_offload=True))
    tied = {name for name, _ in student.named_parameters(remove_duplicate=False)}
    tied -= {name for name, _ in student.named_parameters()}
    return {name: weight for name, weight in found.items() if name not in tied}
