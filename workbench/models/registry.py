"""Loading a model or its tokenizer by reference, whatever runs it."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from workbench.domain import Backend, ModelRef
from workbench.errors import ModelError
from workbench.models import processes
from workbench.models.base import LanguageModel, Tokenizer
from workbench.models.files import gguf_parts
from workbench.models.gguf_facts import read_header

IGNORE_MEMORY = "WORKBENCH_IGNORE_MEMORY"


def load(ref: ModelRef, *, ignore_memory: bool = False) -> LanguageModel:
    """Verify and load. Raises ModelError: files missing, changed or not allowed, not enough memory.

    The estimate of the memory is rough: ``ignore_memory``, or a 1 in the variable IGNORE_MEMORY, loads all the same.
    Of several processes that do a job together each loads the model, and scoring is shared out (see processes.py).
    """
    return processes.loaded(lambda: _load(ref, ignore_memory or os.environ.get(IGNORE_MEMORY) == "1"))


def _load(ref: ModelRef, ignore_memory: bool) -> LanguageModel:
    if ref.backend is Backend.TRANSFORMERS:
        from workbench.models.transformers_model import TransformersModel

        return TransformersModel.load(ref, ignore_memory=ignore_memory)
    if ref.backend is Backend.LLAMA_CPP:
        _need_llama_cpp(ref)
        from workbench.models.llama_cpp_model import LlamaCppModel

        return LlamaCppModel.load(ref, ignore_memory=ignore_memory)
    if ref.backend is Backend.OPENAI:
        from workbench.models.openai_model import OpenAIModel

        return OpenAIModel.load(ref)
    raise _unknown(ref)


def load_tokenizer(ref: ModelRef) -> Tokenizer:
    """The tokenizer alone: no weights, no torch. Raises ModelError."""
    if ref.backend is Backend.TRANSFORMERS:
        from workbench.models.tokenizer import FastTokenizer

        own = Path(ref.path)         # an adapter may have none of its own
        return FastTokenizer(Path(ref.base) if ref.base and not (own / "tokenizer.json").is_file() else own)
    if ref.backend is Backend.LLAMA_CPP:
        _need_llama_cpp(ref)
        from workbench.models.gguf_tokenizer import GgufTokenizer
        from workbench.models.llama_cpp_native import NativeModel

        first = gguf_parts(Path(ref.path))[0]
        read_header(first)           # refuses damaged files, which llama.cpp does not
        return GgufTokenizer(NativeModel(first, vocabulary_only=True))
    if ref.backend is Backend.OPENAI:
        from workbench.models.server_text import EstimatingTokenizer

        return EstimatingTokenizer()
    raise _unknown(ref)


def _need_llama_cpp(ref: ModelRef) -> None:
    if find_spec("llama_cpp") is None:
        raise ModelError(
            f"“{ref.name}” is a GGUF file, and llama-cpp-python is not installed.", remedy="Install it with: make gguf"
        )


def _unknown(ref: ModelRef) -> ModelError:
    return ModelError(
        f"“{ref.name}” is a {ref.backend} model, which this version cannot run.",
        remedy="Register a folder with config.json and safetensors.",
    )
