"""Loading a model or its tokenizer by reference, whatever runs it."""

from __future__ import annotations

import os

from workbench.domain import ModelRef
from workbench.models import processes
from workbench.models.backends import backend_of
from workbench.models.base import LanguageModel, Tokenizer

IGNORE_MEMORY = "WORKBENCH_IGNORE_MEMORY"


def load(ref: ModelRef, *, ignore_memory: bool = False) -> LanguageModel:
    """Verify and load. Raises ModelError: files missing, changed or not allowed, not enough memory.

    The estimate of the memory is rough: ``ignore_memory``, or a 1 in the variable IGNORE_MEMORY, loads all the same.
    Of several processes that do a job together each loads the model, and scoring is shared out (see processes.py).
    """
    backend, ignored = backend_of(ref), ignore_memory or os.environ.get(IGNORE_MEMORY) == "1"
    return processes.loaded(lambda: backend.load(ref, ignored))


def load_tokenizer(ref: ModelRef) -> Tokenizer:
    """The tokenizer alone: no weights, no torch. Raises ModelError."""
    return backend_of(ref).load_tokenizer(ref)
