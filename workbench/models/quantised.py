"""Quantised weights: which kinds can be loaded, and what they need. Neither torch nor the packages are imported."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

ON_LOADING = {"int8": "8 bit", "nf4": "4 bit (NF4)"}     # dtypes to which bitsandbytes quantises while loading
_NEEDED = {
    "bitsandbytes": ("bitsandbytes",),
    "gptq": ("optimum", "gptqmodel"),
    "awq": ("gptqmodel",),
}


def method_of(config: Mapping[str, Any]) -> str:
    """How the weights that config.json describes are quantised ("gptq", "awq", "bitsandbytes", …); "" if not."""
    found = config.get("quantization_config")
    return str(found.get("quant_method") or "unknown") if isinstance(found, dict) else ""


def bits_of(config: Mapping[str, Any]) -> int:
    """Bits of a quantised weight; 0 where the config does not say."""
    found = config.get("quantization_config")
    if not isinstance(found, dict):
        return 0
    if found.get("load_in_8bit") or found.get("load_in_4bit"):
        return 8 if found.get("load_in_8bit") else 4
    bits = found.get("bits") or found.get("w_bit")
    return bits if isinstance(bits, int) else 0


def known(method: str) -> bool:
    return method in _NEEDED


def missing(method: str) -> str:
    """What this computer lacks to load weights of this kind, with the line that installs it; "" if nothing."""
    absent = [package for package in _NEEDED[method] if find_spec(package) is None]
    if not absent:
        return ""
    label = {"gptq": "GPTQ weights", "awq": "AWQ weights"}.get(method, "8 and 4 bit weights")
    return f"{label} need {' and '.join(absent)}. Install with: pip install {' '.join(absent)}"
