"""Loading a model or its tokenizer by reference, whatever runs it."""

from __future__ import annotations

from pathlib import Path

from workbench.domain import Backend, ModelRef
from workbench.errors import ModelError
from workbench.models.base import LanguageModel, Tokenizer


def load(ref: ModelRef, *, ignore_memory: bool = False) -> LanguageModel:
    """Verify and load. Raises ModelError: files missing, changed or not allowed, not enough memory."""
    if ref.backend is Backend.TRANSFORMERS:
        from workbench.models.transformers_model import TransformersModel

        return TransformersModel.load(ref, ignore_memory=ignore_memory)
    raise _unknown(ref)


def load_tokenizer(ref: ModelRef) -> Tokenizer:
    """The tokenizer alone: no weights, no torch. Raises ModelError."""
    if ref.backend is Backend.TRANSFORMERS:
        from workbench.models.tokenizer import FastTokenizer

        return FastTokenizer(Path(ref.path))
    raise _unknown(ref)


def _unknown(ref: ModelRef) -> ModelError:
    return ModelError(
        f"“{ref.name}” is a {ref.backend} model, which this version cannot run.",
        remedy="Register a folder with config.json and safetensors.",
    )
