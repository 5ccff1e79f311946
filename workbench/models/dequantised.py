"""Quantised GGUF files with their weights written out in float16 or float32: made once, and kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import llama_cpp
import platformdirs

from workbench.domain import ModelFacts
from workbench.errors import ModelError
from workbench.models import memory
from workbench.models.files import gguf_parts
from workbench.models.llama_cpp_native import begin

DTYPES = {"float32": llama_cpp.LLAMA_FTYPE_ALL_F32, "float16": llama_cpp.LLAMA_FTYPE_MOSTLY_F16}
_MARGIN = 256 * 2**20                # bytes that stay free on the disk


def folder() -> Path:
    """Where they are kept; all of it can be deleted at any time."""
    return Path(platformdirs.user_cache_dir("demonstration-workbench", appauthor=False)) / "dequantised"


def size(facts: ModelFacts, dtype: str) -> int:
    """Bytes of such a file, about: the weights with ``dtype``."""
    return facts.parameters * memory.BYTES[dtype]


def dequantised(path: Path, facts: ModelFacts, dtype: str) -> Path:
    """The file, made where it is not there yet: about a second for 100 million weights.

    Raises ModelError where the disk has no room for it, or llama.cpp does not write it.
    """
    target = folder() / f"{facts.sha256[:32]}-{dtype}.gguf"
    if target.is_file():
        return target
    folder().mkdir(parents=True, exist_ok=True)
    needed, free = size(facts, dtype), shutil.disk_usage(folder()).free
    if needed + _MARGIN > free:
        raise ModelError(
            f"The weights in {dtype} take {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free at {folder()}.",
            safe="Nothing was loaded.", remedy="Make room, or set the model's type to auto.",
        )  # fmt: skip
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    begin()
    settings = llama_cpp.llama_model_quantize_default_params()
    settings.ftype, settings.allow_requantize = DTYPES[dtype], True
    try:
        code = llama_cpp.llama_model_quantize(str(gguf_parts(path)[0]).encode(), str(part).encode(), settings)
        if code != 0:
            raise ModelError(f"llama.cpp cannot write the weights of {path.name} as {dtype}.",
                             safe="Nothing was loaded.", remedy="Set the model's type to auto.")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target
