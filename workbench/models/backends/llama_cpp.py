"""GGUF files, run by llama.cpp in this process."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from workbench.domain import ModelRef
from workbench.errors import ModelError
from workbench.models.backend import ModelBackend
from workbench.models.base import LanguageModel, Tokenizer
from workbench.models.files import gguf_parts
from workbench.models.gguf_facts import read_gguf_facts, read_header


def _takes(path: Path) -> bool:
    return path.suffix == ".gguf" and any(part.is_file() for part in gguf_parts(path))


def _load(ref: ModelRef, ignore_memory: bool) -> LanguageModel:
    _check_installed(ref)
    from workbench.models.llama_cpp_model import LlamaCppModel

    return LlamaCppModel.load(ref, ignore_memory=ignore_memory)


def _load_tokenizer(ref: ModelRef) -> Tokenizer:
    _check_installed(ref)
    from workbench.models.gguf_tokenizer import GgufTokenizer
    from workbench.models.llama_cpp_native import NativeModel

    first = gguf_parts(Path(ref.path))[0]
    read_header(first)               # refuses damaged files, which llama.cpp does not
    return GgufTokenizer(NativeModel(first, vocabulary_only=True))


def _check_installed(ref: ModelRef) -> None:
    if find_spec("llama_cpp") is None:
        raise ModelError(
            f"“{ref.name}” is a GGUF file, and llama-cpp-python is not installed.", remedy="Install it with: make gguf"
        )


LLAMA_CPP = ModelBackend("llama_cpp", "llama.cpp", _takes, lambda path, progress, base: read_gguf_facts(path, progress),
                         _load, _load_tokenizer, extension=".gguf")
