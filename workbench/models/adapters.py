"""Adapters (peft): a folder of small weights that are added to a base model's when it is loaded."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from workbench.domain import ModelFacts
from workbench.errors import ModelError
from workbench.models import hub
from workbench.models.files import hash_files, read_json

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
INSTALL = "Adapters need peft. Install with: pip install peft"


def is_adapter(path: Path) -> bool:
    """Raises ModelError where the folder may not be looked into."""
    try:
        return (path / CONFIG).is_file() and not (path / "config.json").is_file()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}).", remedy="Change its permissions.") from error


def find_base(path: Path) -> Path | None:
    """The folder of the model that the adapter was trained on, if it is on this computer: where its config names a
    folder, or a model of the Hub that is in the cache."""
    name = str(read_json(path / CONFIG).get("base_model_name_or_path") or "")
    if not name:
        return None
    for folder in (Path(name).expanduser(), path / name):
        if (folder / "config.json").is_file():
            return folder.absolute()
    return next((found.path for found in hub.cached_models() if found.repo == name and found.path.is_dir()), None)


def named_base(path: Path) -> str:
    """What the adapter's config calls its base."""
    return str(read_json(path / CONFIG).get("base_model_name_or_path") or "another model")


def adapter_facts(
    path: Path, base: ModelFacts, headers: Callable[[Path], dict[str, tuple[str, tuple[int, ...]]]]
) -> ModelFacts:
    """The base's facts with the adapter's weights and problems added; the hash is over both."""
    config, problems = read_json(path / CONFIG), list(base.problems)
    kind = config.get("peft_type")
    if kind != "LORA":
        problems.append(f"The adapter is of the kind “{kind}”; only LoRA is loaded.")
    if config.get("megatron_config"):        # peft then imports the module that the settings name
        problems.append(f"{CONFIG} asks for code from elsewhere (megatron_config), which is never run.")
    extra, size = 0, 0
    if (path / WEIGHTS).is_file():
        extra = sum(math.prod(shape) for _, shape in headers(path / WEIGHTS).values())
        size = (path / WEIGHTS).stat().st_size
    else:
        problems.append(f"The adapter has no {WEIGHTS}; other weights are never read.")
    whole = hashlib.sha256(f"{base.sha256}\n{hash_files(path)}\n".encode()).hexdigest()
    return replace(
        base, parameters=base.parameters + extra, size_bytes=base.size_bytes + size, sha256=whole,
        files=tuple(name for name in (CONFIG, WEIGHTS, "tokenizer.json") if (path / name).is_file()),
        problems=tuple(problems),
    )  # fmt: skip


def add_adapter(model: Any, path: Path, name: str) -> Any:
    """``model`` with the adapter merged into its weights; beside them where they are quantised. Raises ModelError."""
    if find_spec("peft") is None:
        raise ModelError(f"“{name}” is an adapter. {INSTALL}")
    from peft import PeftModel

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)       # peft asks transformers for a name that it renamed
            adapted = PeftModel.from_pretrained(model, str(path), is_trainable=False, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"The adapter in {path} does not fit its base model: {error}.", safe="Nothing was loaded.",
            remedy="Choose the model that it was trained on as its base.",
        ) from error  # fmt: skip
    quantised = getattr(model, "is_quantized", False)
    return adapted.get_base_model() if quantised else adapted.merge_and_unload()
