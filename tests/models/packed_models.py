"""A tiny model whose linear layers are packed as GPTQ and AWQ checkpoints pack them, and the same weights unpacked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from tests.models import tiny_models

BITS, GROUP = 4, 32
Method = Literal["gptq", "awq"]
_IN_ORDER = tuple(range(8))
_AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)
_SETTINGS = {
    "gptq": {"quant_method": "gptq", "bits": BITS, "group_size": GROUP, "desc_act": False, "sym": False},
    "awq": {"quant_method": "awq", "bits": BITS, "group_size": GROUP, "zero_point": True, "version": "gemm"},
}


def save_packed(folder: Path, method: Method) -> tuple[Path, Path]:
    """The packed model's folder, and that of the same weights as plain numbers."""
    tiny_models.save(folder / "plain", hidden_size=128, intermediate_size=256)
    weights = load_file(folder / "plain" / "model.safetensors")
    packed, unpacked = dict(weights), dict(weights)
    for name in [name for name in weights if name.endswith("_proj.weight")]:
        levels, zeros, scales = _rounded(weights[name])
        steps = levels - zeros.repeat_interleave(GROUP, 1)
        unpacked[name] = (steps * scales.float().repeat_interleave(GROUP, 1)).to(weights[name].dtype)
        del packed[name]
        packed |= _layer(name.removesuffix("weight"), method, levels, zeros, scales)
    return (_save(folder / method, folder / "plain", packed, method),
            _save(folder / "unpacked", folder / "plain", unpacked))


def _rounded(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Levels 0 … 15 ``(out, in)``, and for each group of inputs its zero level and scale ``(out, groups)``."""
    groups = weight.float().reshape(len(weight), -1, GROUP)
    low, high = groups.amin(-1), groups.amax(-1)
    scales = ((high - low) / 15).clamp_min(1e-6).half()
    zeros = (-low / scales.float()).round().clamp(1, 15)
    levels = (groups / scales.float()[..., None] + zeros[..., None]).round().clamp(0, 15)
    return levels.reshape(weight.shape), zeros, scales


def _layer(
    name: str, method: Method, levels: torch.Tensor, zeros: torch.Tensor, scales: torch.Tensor
) -> dict[str, torch.Tensor]:
    if method == "awq":              # eight outputs to a number
        return {f"{name}qweight": _packed(levels.T, _AWQ_ORDER), f"{name}qzeros": _packed(zeros.T, _AWQ_ORDER),
                f"{name}scales": scales.T.contiguous()}
    groups = torch.arange(levels.shape[1], dtype=torch.int32) // GROUP
    return {f"{name}qweight": _packed(levels, _IN_ORDER).T.contiguous(),          # eight inputs to a number
            f"{name}qzeros": _packed(zeros.T - 1, _IN_ORDER),                     # the first format's zeros, less 1
            f"{name}scales": scales.T.contiguous(), f"{name}g_idx": groups}


def _packed(levels: torch.Tensor, order: Sequence[int]) -> torch.Tensor:
    """Eight neighbours of a row in one 32 bit number."""
    values = levels.numpy().astype(np.uint32).reshape(levels.shape[0], -1, 8)
    found: NDArray[np.uint32] = np.zeros(values.shape[:2], np.uint32)
    for place, at in enumerate(order):
        found |= values[:, :, at] << np.uint32(BITS * place)
    return torch.from_numpy(found.view(np.int32).copy())


def _save(folder: Path, plain: Path, weights: dict[str, torch.Tensor], method: Method | None = None) -> Path:
    shutil.copytree(plain, folder)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    if method is not None:
        file = folder / "config.json"
        config = json.loads(file.read_text("utf-8")) | {"quantization_config": _SETTINGS[method]}
        file.write_text(json.dumps(config), "utf-8")
    return folder
