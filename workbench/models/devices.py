"""The device that a model computes on: which one, in what numbers, how much at a time, and what memory it has free."""

from __future__ import annotations

import psutil
import torch

from workbench.domain import ModelFacts
from workbench.errors import ModelError
from workbench.models import memory, processes, quantised

PLANNED_CONTEXT = 4096           # tokens that the memory check before loading counts with, if the context is longer
_PASS_TOKENS = {"cpu": 1024, "mps": 4096}
_MOST_ROWS = {"cpu": 48, "mps": 32}
_LOGIT_BYTES = (256 * 2**20, 4 * 2**30)      # of one pass's float32 logits: always, and the most on a device of its own


def choose(asked: str) -> torch.device:
    """ "auto" takes this process's accelerator (CUDA, ROCm, MPS, XPU …), else the CPU. Raises ModelError for a device
    that is not there."""
    found = torch.accelerator.current_accelerator(check_available=True)
    there = torch.accelerator.device_count() if found is not None else 0
    if asked == "auto":
        return torch.device("cpu") if found is None else torch.device(found.type, processes.device_index() % there)
    try:
        device = torch.device(asked)
    except RuntimeError as error:
        raise ModelError(f"“{asked}” is not a device.", remedy="Choose auto, cpu, cuda or mps.") from error
    if device.type == "cpu" or (found is not None and device.type == found.type and (device.index or 0) < there):
        return device
    raise ModelError(f"This computer has no {asked}.", remedy="Set the model's device to auto or cpu.")


def choose_dtype(asked: str, device: torch.device, facts: ModelFacts) -> str:
    """ "auto" computes in what the files hold; on a CPU, and where bfloat16 is stored and only emulated, in float32 if
    the memory allows."""
    if asked in memory.BYTES or asked in quantised.ON_LOADING:
        return asked
    if asked != "auto":
        raise ModelError(f"“{asked}” is not a dtype.", remedy=f"Choose auto, {', '.join(memory.BYTES)}.")
    on_cpu = device.type == "cpu"
    if facts.quantisation:
        return "bfloat16" if on_cpu else "float16"
    stored = facts.dtype if facts.dtype in memory.BYTES else "float32"
    if not on_cpu and (stored != "bfloat16" or _has_bfloat16(device)):
        return stored
    full = memory.estimate(facts, "float32", min(facts.context, PLANNED_CONTEXT))
    if full.total <= free_memory(device):
        return "float32"
    return "bfloat16" if on_cpu else "float16"


def exact_products() -> None:
    """Products of float32 matrices in float32: some containers ask for TF32, which has 10 bits, through the environment
    (TORCH_ALLOW_TF32_CUBLAS_OVERRIDE)."""
    torch.set_float32_matmul_precision("highest")


def free_memory(device: torch.device) -> int:
    """Bytes; on a device with memory of its own also what torch holds there and nothing uses."""
    if device.type in ("cpu", "mps"):
        return int(psutil.virtual_memory().available)
    accelerator = torch.accelerator
    idle = accelerator.memory_reserved(device) - accelerator.memory_allocated(device)
    return int(accelerator.get_memory_info(device)[0]) + idle


def give_back(device: torch.device) -> None:
    """Let other programs have what torch holds on the device and nothing uses."""
    if device.type != "cpu":
        torch.accelerator.empty_cache()


def pass_tokens(device: torch.device) -> int:
    """The most tokens of one pass."""
    return _PASS_TOKENS.get(device.type, 16384)


def most_rows(device: torch.device) -> int:
    """The most answers that are drawn in step."""
    return _MOST_ROWS.get(device.type, 256)


def logit_bytes(device: torch.device) -> int:
    """What one pass's logits may take in float32: a device that computes tens of thousands of tokens at a time would
    wait for a vocabulary of 128,000 with what is plenty for a CPU."""
    least, most = _LOGIT_BYTES
    return least if device.type in ("cpu", "mps") else max(least, min(most, free_memory(device) // 8))


def _has_bfloat16(device: torch.device) -> bool:
    """Whether it computes bfloat16 itself: not NVIDIA's before Ampere, not Apple's before macOS 14."""
    if device.type == "cuda":
        with torch.cuda.device(device):
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type != "mps" or torch.backends.mps.is_macos_or_newer(14, 0)
