"""A model's files: which of them count, their hash, and reading the small ones with a limit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from workbench.errors import ModelError

_MAX_JSON = 100 * 2**20          # a tokenizer.json of a large vocabulary has some 30 MB
SETTINGS_FILES = (
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "chat_template.jinja", "model.safetensors.index.json",
)  # fmt: skip


def model_files(folder: Path) -> tuple[Path, ...]:
    """The files that decide what a model does, sorted by name; for a .gguf file that file alone."""
    if folder.is_file():
        return (folder,)
    found = [folder / name for name in (*SETTINGS_FILES, "adapter_config.json") if (folder / name).is_file()]
    return tuple(sorted([*found, *folder.glob("*.safetensors")]))


def hash_files(path: Path, progress: Callable[[int], None] = lambda read: None) -> str:
    """SHA-256 (hex) over the names and contents of ``model_files``; ``progress`` gets bytes read and may raise."""
    whole, read = hashlib.sha256(), 0
    for file in model_files(path):
        digest = hashlib.sha256()
        with file.open("rb") as stream:
            while block := stream.read(2**22):
                digest.update(block)
                read += len(block)
                progress(read)
        whole.update(f"{digest.hexdigest()}  {file.name}\n".encode())
    return whole.hexdigest()


def shortened(names: Iterable[str], most: int = 5) -> str:
    """The first of some names, for a message."""
    listed = sorted(names)
    return ", ".join(listed[:most]) + (" …" if len(listed) > most else "")


def read_json(file: Path) -> dict[str, Any]:
    """Raises ModelError: missing, too large, not JSON, not an object."""
    try:
        if file.stat().st_size > _MAX_JSON:
            raise ModelError(f"{file.name} is larger than a model's settings can be.", remedy="Check the download.")
        content = json.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{file.parent} has no {file.name}.", remedy="Choose a model's whole folder.") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ModelError(f"{file.name} cannot be read: {error}.", remedy="Download the model again.") from error
    if not isinstance(content, dict):
        raise ModelError(f"{file.name} does not hold a model's settings.", remedy="Download the model again.")
    return content
