"""A student whose weights FSDP2 shares out among the processes (torch.distributed.fsdp.fully_shard).

The ranking loss takes several passes, and the losses compute logits from the head's weights outside the model's own
forward pass. Where layers stay whole after a forward pass, all of a step's weights are gathered once, and processes may
differ in how many passes they take. Where layers are resharded after each pass (``reshard_after_forward``), every pass
gathers them, so that all processes take as many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed


def is_sharded(student: Any) -> bool:
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return False
    from torch.distributed.fsdp import FSDPModule

    return isinstance(student, FSDPModule)


@contextmanager
def whole_between_passes(module: Any) -> Iterator[None]:
    """A sharded module that stays whole after backward passes, since more follow, of graphs that are there already. The
    next backward pass outside shards them again."""
    module.set_reshard_after_backward(False)
    try:
        yield
    finally:
        module.set_reshard_after_backward(True)


def most(values: Sequence[int], device: torch.device) -> list[int]:
    """The largest over all processes of each value."""
    found = torch.tensor(values, device=device)
    torch.distributed.all_reduce(found, torch.distributed.ReduceOp.MAX)
    return list(found.tolist())


def whole_weights(student: Any) -> dict[str, Any] | None:
    """The weights of a sharded student, gathered; to be called in all processes. None for one that each has whole."""
    if not is_sharded(student):
        return None
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

    found = get_model_state_dict(student, options=StateDictOptions(full_state_dict=True, cpu_offload=True))
    tied = {name for name, _ in student.named_parameters(remove_duplicate=False)}
    tied -= {name for name, _ in student.named_parameters()}
    return {name: weight for name, weight in found.items() if name not in tied}
