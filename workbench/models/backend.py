"""What a model backend declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workbench.domain import ModelFacts, ModelRef
from workbench.models.base import LanguageModel, Tokenizer

Progress = Callable[[int], None]


def nothing_lacks(ref: ModelRef) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class ModelBackend:
    """What runs models of one kind. Its module is imported by the window: libraries are imported in the functions.

    ``name`` is kept with a model; ``title`` is shown. ``takes`` says whether a path is one of its models,
    ``read_facts`` what is known of it without loading (the path, progress in bytes, an adapter's base or None).
    ``load`` and ``load_tokenizer`` raise ModelError; ``load`` checks hash and, unless it is told to ignore it, memory.
    ``lacks`` says what this computer lacks for a model, with what to do; "" for nothing. ``extension`` is how the name
    of a model ends that is one file (".gguf").
    """

    name: str
    title: str
    takes: Callable[[Path], bool]
    read_facts: Callable[[Path, Progress, Path | None], ModelFacts]
    load: Callable[[ModelRef, bool], LanguageModel]
    load_tokenizer: Callable[[ModelRef], Tokenizer]
    lacks: Callable[[ModelRef], str] = nothing_lacks
    extension: str = ""

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"A backend's name is letters, digits and underscores, not “{self.name}”.")
