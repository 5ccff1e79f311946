"""Training on the device where the student is, and on no other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from transformers import TrainingArguments

from workbench.models import processes


def placed(device: str, make: Callable[[], TrainingArguments]) -> TrainingArguments:
    """The arguments that ``make`` gives, for a student on ``device``. By itself a process alone would take the first
    GPU, and of several all, each with a batch of its own; of several processes each has its GPU."""
    if processes.count() > 1 or device in ("auto", "cpu"):
        arguments = make()
    else:
        with _accelerate_on(device):
            arguments = make()
        arguments._setup_devices = torch.device(device)
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments


@contextmanager
def _accelerate_on(device: str) -> Iterator[None]:
    """What is made of Accelerate's state meanwhile stands for this device."""
    os.environ["ACCELERATE_TORCH_DEVICE"] = device
    try:
        yield
    finally:
        del os.environ["ACCELERATE_TORCH_DEVICE"]
