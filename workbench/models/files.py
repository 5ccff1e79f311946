"""A model's files: which of them count, their hash, and reading the small ones with a limit."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from workbench.errors import ModelError

_MAX_JSON = 100 * 2**20          # a tokenizer.json of a large vocabulary has some 30 MB
SETTINGS_FILES = (
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "chat_template.jinja", "model.safetensors.index.json",
)  # fmt: skip


_PART = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")


def gguf_parts(file: Path) -> tuple[Path, ...]:
    """All files that a model in GGUF has, the one that llama.cpp opens first: llama.cpp's own naming says how many
    there are. They need not be there."""
    named = _PART.fullmatch(file.name)
    if named is None or not 0 < int(named[3]) <= 9999:
        return (file,)
    return tuple(file.with_name(f"{named[1]}-{part:05}-of-{named[3]}.gguf") for part in range(1, int(named[3]) + 1))


def model_files(folder: Path) -> tuple[Path, ...]:
    """The files that are there and decide what a model does, sorted by name; of a .gguf file all its parts."""
    if folder.suffix == ".gguf" and not folder.is_dir():
        return tuple(part for part in gguf_parts(folder) if part.is_file())
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
