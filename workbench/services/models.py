"""The project's models: registered by folder or file, verified by hash, estimated before loading."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import gguf_build
from workbench.domain import Backend, Changes, Kind, MemoryEstimate, ModelFacts, ModelRef, Server
from workbench.errors import ModelError
from workbench.models import adapters, memory, quantised
from workbench.models.backends import backend_for, backends, read_facts
from workbench.models.files import gguf_parts
from workbench.models.machine import Machine, read_machine
from workbench.services.model_sources import place_of
from workbench_db import models as stored
from workbench_db.contestants import tell_model

if TYPE_CHECKING:
    from workbench.services.project import Project

__all__ = ["Machine", "ModelInfo", "Models", "read_machine"]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """``state`` is ready | incomplete | unavailable, ``reason`` says why it is not ready and what to do."""

    ref: ModelRef
    facts: ModelFacts | None
    state: str
    reason: str
    current: bool


class Models:
    """``project.models``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    def all(self) -> list[ModelInfo]:
        """By name. The files are looked for, not read: their hash is checked when a job loads them."""
        with self._project.database.read() as connection:
            found = stored.all_models(connection)
        return [ModelInfo(model.ref, model.facts, *_state(model), model.current) for model in found]

    def register(
        self, path: Path, name: str = "", facts: ModelFacts | None = None, base: Path | None = None
    ) -> Changes:
        """Add a model folder, an adapter's folder or a .gguf file: read its facts, hash its files. Raises ModelError.

        ``base`` is the folder of an adapter's base model; by default it is looked for, among the project's models too.
        Hashing takes about a second a gigabyte: the window gives ``facts``, read off the lane with ``read``. A path
        that is known already is read again, and its hash is renewed.
        """
        path = gguf_parts(path.expanduser().absolute())[0]
        base = base or self.base_of(path)
        facts = facts or self.read(path, base)
        backend = backend_for(path)
        with self._project.database.write() as connection:
            known = stored.by_path(connection, str(path))
            if known is not None and known.ref.id is not None:
                ref = replace(known.ref, name=name or known.ref.name, sha256=facts.sha256, base=str(base or ""))
                stored.update_model(connection, ref, facts)
                tell_model(connection, ref)
                return Changes.of(Kind.MODEL, [known.ref.id], f"Model “{ref.name}” read again")
            called = name or _name_of(path)
            ref = ModelRef(called, str(path), backend, facts.sha256, base=str(base or ""))
            model_id = stored.insert_model(connection, ref, facts)
            tell_model(connection, ref)
        return Changes({Kind.MODEL: frozenset([model_id])}, f"Model “{ref.name}” added", created=(model_id,))

    @staticmethod
    def read(path: Path, base: Path | None = None) -> ModelFacts:
        """A model's facts and hash; touches no database, so it may be called off the lane. Raises ModelError."""
        return read_facts(path.expanduser().absolute(), base=base)

    def base_of(self, path: Path) -> Path | None:
        """The base model of an adapter's folder, if ``path`` is one and its base is known here; touches the database.
        """
        if not adapters.is_adapter(path):
            return None
        wanted = adapters.named_base(path)
        names = {wanted, wanted.rpartition("/")[2]}
        found = adapters.find_base(path)
        return found or next((Path(m.ref.path) for m in self.all() if m.ref.name in names and not m.ref.base), None)

    def register_server(self, url: str, server: Server, name: str = "") -> Changes:
        """Add a model on a server, or write down anew what its server can do (see model_sources.probe_server)."""
        path = place_of(url, server.model)
        with self._project.database.write() as connection:
            known = stored.by_path(connection, path)
            if known is not None and known.ref.id is not None:
                ref = replace(known.ref, name=name or known.ref.name, server=server)
                stored.update_model(connection, ref, None)
                return Changes.of(Kind.MODEL, [known.ref.id], f"Model “{ref.name}” read again")
            ref = ModelRef(name or server.model.rpartition("/")[2] or server.model, path, Backend.OPENAI,
                           server=server)
            model_id = stored.insert_model(connection, ref, None)
        return Changes({Kind.MODEL: frozenset([model_id])}, f"Model “{ref.name}” added", created=(model_id,))

    def remove(self, model_id: int) -> Changes:
        """Forget a model (its files stay)."""
        with self._project.database.write() as connection:
            name = _known(stored.get_model(connection, model_id)).ref.name
            stored.delete_model(connection, model_id)
        return Changes.of(Kind.MODEL, [model_id], f"Model “{name}” removed from the project")

    def set_current(self, model_id: int) -> Changes:
        """The model that token counts and new jobs use."""
        with self._project.database.write() as connection:
            name = _known(stored.get_model(connection, model_id)).ref.name
            stored.set_current(connection, model_id)
        touched = {Kind.MODEL: frozenset[int](), Kind.DEMONSTRATION: frozenset[int]()}
        return Changes(touched, f"“{name}” is the current model")

    def set_loading(self, model_id: int, device: str, dtype: str) -> Changes:
        with self._project.database.write() as connection:
            model = _known(stored.get_model(connection, model_id))
            stored.update_model(connection, replace(model.ref, device=device, dtype=dtype), model.facts)
        return Changes.of(Kind.MODEL, [model_id], f"“{model.ref.name}” loads on {device} as {dtype}")

    def current(self) -> ModelRef | None:
        with self._project.database.read() as connection:
            found = stored.current_model(connection)
        return None if found is None else found.ref

    def estimate(self, facts: ModelFacts, dtype: str, context: int, batch: int) -> MemoryEstimate:
        """Pure arithmetic: may be called off the lane."""
        return memory.estimate(facts, dtype, context, batch)

    def machine(self) -> Machine:
        """What this computer has and what is free; does not touch the database."""
        return read_machine(self._project.folder)

    def gguf_support(self) -> tuple[bool, str]:
        """Whether llama-cpp-python can be imported; if not, the line that installs it or that it is being built."""
        return gguf_build.support()

    @staticmethod
    def card_note() -> str:
        """What lets GGUF models use a graphics card, where llama.cpp is built without support for one."""
        return gguf_build.card_note()


def kinds_of_file() -> list[str]:
    """How the names of models end that are one file; ours first."""
    return [backend.extension for backend in backends().values() if backend.extension]


def is_model(path: Path) -> bool:
    """Whether something here says that it runs what is at ``path``."""
    return any(backend.takes(path) for backend in backends().values())


def backend_title(ref: ModelRef) -> str:
    """What runs a model, as it is shown; its bare name where its package is not installed."""
    found = backends().get(ref.backend)
    return found.title if found else str(ref.backend)


def _known(model: stored.StoredModel | None) -> stored.StoredModel:
    if model is None:
        raise ModelError("This model is not in the project any more.", remedy="Add it again.")
    return model


def _name_of(path: Path) -> str:
    """The folder's name; in the Hub's cache, where folders are named by commits, the repository's."""
    repository = path.parent.parent.name
    if path.parent.name == "snapshots" and repository.startswith("models--"):
        return repository.rpartition("--")[2]
    return re.sub(r"-00001-of-\d{5}$", "", path.stem) if path.suffix == ".gguf" or path.is_file() else path.name


def _state(model: stored.StoredModel) -> tuple[str, str]:
    if model.ref.backend is Backend.OPENAI:
        return ("ready", "") if model.ref.server is not None else ("incomplete", "Its server was never asked. "
                                                                   "Add it again.")
    path = Path(model.ref.path)
    for needed in (path, Path(model.ref.base or model.ref.path)):
        if not needed.exists():
            return "unavailable", f"{needed} is not there any more. Put it back, or add the model from where it is now."
    known = backends().get(model.ref.backend)
    if known is None:
        return "unavailable", f"Nothing here runs {model.ref.backend} models. Install the package that brings it."
    if lacking := known.lacks(model.ref):
        return "unavailable", lacking
    if model.ref.backend is Backend.LLAMA_CPP:
        supported, reason = gguf_build.support()
        if not supported:
            return "unavailable", reason
    if model.facts is None:
        return "incomplete", "Its facts have not been read. Add it again."
    folder = path if path.is_dir() else path.parent
    missing = [name for name in model.facts.files if not (folder / name).is_file()]
    if missing:
        return "incomplete", f"Files are missing: {', '.join(missing)}. Put them back, or add the model again."
    if model.facts.problems:
        return "incomplete", " ".join(model.facts.problems)
    method = "bitsandbytes" if model.ref.dtype in quantised.ON_LOADING else model.facts.quantisation
    if method and (lacking := quantised.missing(method)):
        return "unavailable", lacking
    return "ready", ""
