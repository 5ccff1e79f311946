"""Training by several processes, started by ``accelerate launch`` or torchrun; each runs the same job."""

from __future__ import annotations

import os

import torch
from accelerate import PartialState


def join_others() -> bool:
    """Meet the other processes of this launch and take this one's own device; True in the first, which has the say.

    To be called before models are loaded. Without such a launch nothing happens.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return True
    first: bool = PartialState(cpu=not torch.cuda.is_available()).is_main_process
    return first
