"""What is known of a language model without loading it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Backend(StrEnum):
    """What runs a model, by name. Installed packages bring more: whatever name a model was kept with is a member."""

    TRANSFORMERS = "transformers"
    LLAMA_CPP = "llama_cpp"
    OPENAI = "openai"

    @classmethod
    def _missing_(cls, value: object) -> Backend | None:
        if not isinstance(value, str) or not value.isidentifier():
            return None
        member = str.__new__(cls, value)
        member._name_, member._value_ = value.upper(), value
        cls._value2member_map_[value] = member
        return member


Tokenising = Literal["", "vllm", "llama.cpp", "llama-cpp-python"]


@dataclass(frozen=True, slots=True)
class Server:
    """How a model on an OpenAI-compatible server is used, and what a probe of the server found that it can do.

    ``model`` is its name there. ``scoring`` is how log-probabilities of a prompt are had: "echo" (the prompt is echoed
    with them: vLLM, llama-cpp-python), "prompt_logprobs" (vLLM's own field) or "" (not at all; ``note`` says why).
    ``tokenising`` is in whose way the server counts a text's tokens, "" where it does not.
    ``timeout`` is in seconds without a sign of life; ``requests_per_minute`` 0 means no limit.
    """

    model: str
    scoring: Literal["", "echo", "prompt_logprobs"] = ""
    completions: bool = True         # text completions, which base models and the URIAL template need
    chat: bool = True
    extras: bool = True              # takes top-k, min-p and repetition penalty, which OpenAI's interface lacks
    context: int = 0                 # tokens; 0 where the server does not say
    note: str = ""
    concurrency: int = 4
    requests_per_minute: int = 0
    timeout: float = 120.0
    attempts: int = 6
    tokenising: Tokenising = ""


@dataclass(frozen=True, slots=True)
class ModelRef:
    """What a job needs to load a model. ``sha256`` is checked before loading; "" means not checked yet.

    ``path`` is a folder, a .gguf file, an adapter's folder (then ``base`` is the folder of the model that it stands
    on), or for a served model the server's address and, after "#", the model's name there (then ``server`` is set).
    """

    name: str
    path: str
    backend: Backend = Backend.TRANSFORMERS
    sha256: str = ""
    device: str = "auto"        # auto | cpu | cuda | cuda:1 | mps
    dtype: str = "auto"         # auto | float32 | bfloat16 | float16 | int8 | nf4 (the last two by bitsandbytes)
    id: int | None = None
    base: str = ""
    server: Server | None = None

    @property
    def url(self) -> str:
        """A served model's server."""
        return self.path.partition("#")[0]


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
    quantisation: str = ""           # of the weights in the files: gptq | awq | bitsandbytes
