"""What is known of a language model without loading it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Backend(StrEnum):
    TRANSFORMERS = "transformers"
    LLAMA_CPP = "llama_cpp"
    OPENAI = "openai"


@dataclass(frozen=True, slots=True)
class ModelRef:
    """What a job needs to load a model. ``sha256`` is checked before loading; "" means not checked yet."""

    name: str
    path: str
    backend: Backend = Backend.TRANSFORMERS
    sha256: str = ""
    device: str = "auto"        # auto | cpu | cuda | cuda:1 | mps
    dtype: str = "auto"         # auto | float32 | bfloat16 | float16
    id: int | None = None


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes needed to run a model: weights, key-value cache for ``context`` tokens, working space."""

    weights: int
    cache: int
    working: int
    context: int
    batch: int

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.working


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Read from a model's files (config.json, safetensors headers, GGUF metadata) without loading weights."""

    architecture: str
    parameters: int
    layers: int
    hidden_size: int
    heads: int
    kv_heads: int
    vocabulary: int
    context: int
    dtype: str
    size_bytes: int
    files: tuple[str, ...]
    sha256: str
    chat_template: bool = False
    problems: tuple[str, ...] = field(default=())
