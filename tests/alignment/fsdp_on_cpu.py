"""``workbench.jobs`` with FSDP2 on CPUs. Accelerate shards on GPUs only: it is told that these are some, with gloo."""

from __future__ import annotations

import sys
from typing import Any

import torch.distributed
from accelerate.state import PartialState
from accelerate.utils import DistributedType

from workbench.jobs.__main__ import main


def backend(self: PartialState, *arguments: Any) -> tuple[str, DistributedType]:
    return "gloo", DistributedType.MULTI_GPU


def device(self: PartialState) -> None:
    self.device = torch.device("cpu")


if __name__ == "__main__":
    PartialState._prepare_backend, PartialState.set_device = backend, device
    torch.distributed.init_process_group("gloo")
    sys.exit(main())
