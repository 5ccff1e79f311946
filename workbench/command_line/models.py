"""Commands on a project's models."""

from __future__ import annotations

import getpass
import sys
import time
from argparse import Namespace
from dataclasses import asdict

from workbench.command_line.opening import first, on_lane, pick
from workbench.command_line.output import Output, table
from workbench.domain import Backend, Changes, Server
from workbench.errors import WorkbenchError
from workbench.services import model_sources
from workbench.services.models import ModelInfo, Models, read_machine
from workbench.services.packages import failures
from workbench.services.project import Project


def list_(options: Namespace) -> Output:
    found = on_lane(options.project, lambda p: p.models.all(), read_only=True)
    rows = [(one.ref.id, "*" if one.current else "", one.ref.name, one.state,
             one.facts.parameters if one.facts else None, one.facts.context if one.facts else None, one.ref.path)
            for one in found]
    text = table(rows, ("id", "current", "name", "state", "parameters", "context", "path"))
    gguf = any(one.ref.backend is Backend.LLAMA_CPP for one in found)
    note = Models.card_note() if gguf and read_machine(options.project).gpus else ""
    return Output(found, "\n".join((text, *filter(None, (note, *map(str, failures()))))))


def add(options: Namespace) -> Output:
    base = options.base.absolute() if options.base else None
    changes = on_lane(options.project, lambda p: p.models.register(options.path.absolute(), options.name, base=base))
    return _added(changes)


def serve(options: Namespace) -> Output:
    """Add a model on an OpenAI-compatible server; the server is asked what it can do."""
    url = model_sources.server_address(options.url)
    asked = Server(options.model, concurrency=options.concurrency, requests_per_minute=options.per_minute,
                   timeout=options.timeout)
    server = model_sources.probe_server(url, asked)
    changes = on_lane(options.project, lambda p: p.models.register_server(url, server, options.name))
    scores = "scores and answers" if server.scoring else f"answers, but cannot score: {server.note}"
    return Output({"model_id": changes.created[0] if changes.created else None, "server": asdict(server)},
                  f"{changes.label}. It {scores}")


def key(options: Namespace) -> Output:
    """Keep a server's key in the keyring. It is read without echo, or from a pipe, and never an argument."""
    url = model_sources.server_address(options.url)
    found = getpass.getpass("Key (empty to forget it): ") if sys.stdin.isatty() else sys.stdin.readline()
    model_sources.save_key(url, found)
    done = "is kept in the keyring" if found.strip() else "is forgotten"
    return Output({"kept": bool(found.strip())}, f"The key for {url} {done}.")


def hub(options: Namespace) -> Output:
    """Size and files of a model on the Hub."""
    model = model_sources.look_up(options.repo, options.revision)
    rows = [(file.name, file.whole_size) for file in (*model.files, *model.ggufs)]
    gated = " Gated: its terms have to be accepted on the Hub." if model.gated else ""
    return Output({"repo": model.repo, "commit": model.commit, "size": model.size, "gated": model.gated,
                   "files": [asdict(file) for file in (*model.files, *model.ggufs)]},
                  f"{model.repo} at {model.commit[:12]}, {model.size / 1e9:.2f} GB.{gated}\n"
                  + table(rows, ("file", "bytes")))


def download(options: Namespace) -> Output:
    """Download a model from the Hub and add it."""
    model = model_sources.look_up(options.repo, options.revision)
    path = model_sources.download(model, _Told(), gguf=options.file)
    changes = on_lane(options.project, lambda p: p.models.register(path, options.name))
    return _added(changes, {"path": str(path)})


def cached(options: Namespace) -> Output:
    """What the Hub's cache on this computer holds."""
    found = model_sources.cached_models()
    rows = [(one.repo, one.size, one.path) for one in found]
    return Output([{"repo": one.repo, "size": one.size, "path": str(one.path)} for one in found],
                  table(rows, ("model", "bytes", "path")))


def use(options: Namespace) -> Output:
    def work(project: Project) -> ModelInfo:
        model = find_model(project, options.model)
        assert model.ref.id is not None
        project.models.set_current(model.ref.id)
        return model

    model = on_lane(options.project, work)
    return Output({"model_id": model.ref.id}, f"{model.ref.name} is the current model.")


def find_model(project: Project, wanted: str | None) -> ModelInfo:
    """By id or name; by default the current one. Raises WorkbenchError."""
    models = project.models.all()
    current = [model for model in models if model.current] or models
    if not models:
        raise WorkbenchError("The project has no model.", remedy="Add one: workbench models add PROJECT FOLDER")
    return pick(current if wanted is None else models, wanted, "model", lambda m: m.ref.id, lambda m: m.ref.name, first)


class _Told:
    """How far a download is, on standard error, once a second."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= 1 or done == total:
            self._last = now
            print(f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB", file=sys.stderr)


def _added(changes: Changes, more: dict[str, object] | None = None) -> Output:
    return Output({"model_id": changes.created[0] if changes.created else None, **(more or {})}, changes.label)
