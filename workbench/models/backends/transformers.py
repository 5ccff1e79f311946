"""Folders with safetensors, run by transformers in this process."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from workbench.domain import ModelRef
from workbench.models import adapters
from workbench.models.backend import ModelBackend
from workbench.models.base import LanguageModel, Tokenizer
from workbench.models.facts import read_facts


def _load(ref: ModelRef, ignore_memory: bool) -> LanguageModel:
    from workbench.models.transformers_model import TransformersModel

    return TransformersModel.load(ref, ignore_memory=ignore_memory)


def _load_tokenizer(ref: ModelRef) -> Tokenizer:
    from workbench.models.tokenizer import FastTokenizer

    own = Path(ref.path)             # an adapter may have none of its own
    return FastTokenizer(Path(ref.base) if ref.base and not (own / "tokenizer.json").is_file() else own)


def _lacks(ref: ModelRef) -> str:
    return adapters.INSTALL if ref.base and find_spec("peft") is None else ""


TRANSFORMERS = ModelBackend(
    "transformers", "In process", lambda path: (path / "config.json").is_file() or (path / adapters.CONFIG).is_file(),
    read_facts, _load, _load_tokenizer, _lacks)
