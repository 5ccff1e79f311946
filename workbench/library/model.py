"""A model to work with, from a folder, a GGUF file or a server."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from workbench.domain import Backend, ModelFacts, ModelRef, Server
from workbench.jobs.run import LoadedModel
from workbench.models.backends import backend_for, read_facts
from workbench.models.base import LanguageModel
from workbench.models.files import gguf_parts


class Model:
    """A model by reference. Its weights are loaded when they are first needed, and stay until ``close``."""

    def __init__(self, ref: ModelRef, facts: ModelFacts | None = None) -> None:
        self.ref, self.facts = ref, facts
        self.loaded = LoadedModel()

    @property
    def name(self) -> str:
        return self.ref.name

    def load(self) -> LanguageModel:
        """The model itself: log-probabilities, answers, embeddings (see workbench.models.base). Raises ModelError."""
        return self.loaded.loaded(self.ref) or self.loaded.load(self.ref)

    def close(self) -> None:
        """Free its memory; the next use loads it again."""
        self.loaded.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {self.ref.path!r})"


def load_model(
    source: str | Path, name: str = "", *, device: str = "auto", dtype: str = "auto", base: str | Path | None = None,
) -> Model:
    """A model from a folder (config.json, tokenizer.json, safetensors), an adapter's folder, a .gguf file, or a server.

    ``source`` of a server is its address, and the model's name there after "#" (``http://localhost:8000/v1#qwen``); it
    is asked what it can do. ``device`` is auto, cpu, cuda, cuda:1 or mps; ``dtype`` auto, float32, bfloat16, float16,
    int8 or nf4; ``base`` the folder that an adapter stands on, where it is not found by itself. The files are hashed,
    and the hash is checked when the weights are loaded. Raises ModelError.
    """
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        return Model(_served(source, name))
    path = gguf_parts(Path(source).expanduser().absolute())[0]
    facts = read_facts(path, base=Path(base) if base else None)
    return Model(ModelRef(name or path.stem, str(path), backend_for(path), facts.sha256, device, dtype,
                          base=str(base or "")), facts)


def _served(address: str, name: str) -> ModelRef:
    from workbench.services.model_sources import place_of, probe_server

    url, _, served = address.partition("#")
    server = probe_server(url, Server(served))
    return ModelRef(name or server.model.rpartition("/")[2], place_of(url, server.model), Backend.OPENAI, server=server)
