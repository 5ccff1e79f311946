"""Models on OpenAI-compatible servers; they are added by address (services/model_sources.py) and not by path."""

from __future__ import annotations

from pathlib import Path

from workbench.domain import ModelFacts, ModelRef
from workbench.errors import ModelError
from workbench.models.backend import ModelBackend, Progress
from workbench.models.base import LanguageModel, Tokenizer


def _no_facts(path: Path, progress: Progress, base: Path | None) -> ModelFacts:
    raise ModelError("A server's model has no files to read.", remedy="Add it by its server's address.")


def _load(ref: ModelRef, ignore_memory: bool) -> LanguageModel:
    from workbench.models.openai_model import OpenAIModel

    return OpenAIModel.load(ref)


def _load_tokenizer(ref: ModelRef) -> Tokenizer:
    from workbench.models.server_text import EstimatingTokenizer

    return EstimatingTokenizer()


OPENAI = ModelBackend("openai", "Server", lambda path: False, _no_facts, _load, _load_tokenizer)
