"""Where models come from besides a folder: the Hub, its cache on this computer, and servers. Nothing here touches the
project's database, so that all of it may run off the lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from workbench.domain import Server
from workbench.errors import ModelError
from workbench.models import keys
from workbench.models.adapters import is_adapter
from workbench.models.hub import CachedModel, HubFile, HubModel, cache_folder, cached_models, look_up
from workbench.models.keys import variable
from workbench.models.quantised import missing as missing_for

__all__ = [
    "CachedModel", "HubFile", "HubModel", "cache_folder", "cached_models", "download", "is_adapter", "look_up",
    "missing_for", "place_of", "probe_server", "save_key", "served_models", "server_address", "variable",
]


def server_address(text: str) -> str:
    """A server's base address as a person may type it. Raises ModelError."""
    from workbench.models.server_probe import address

    return address(text)


def served_models(url: str, key: str = "") -> list[str]:
    """What the server at ``url`` lists. ``key`` "" takes the kept one. Raises ModelError."""
    from workbench.models.server_http import ServerHttp
    from workbench.models.server_probe import served_models as listed

    http = ServerHttp(url, key or keys.read(url), timeout=20, attempts=2)
    try:
        return sorted(listed(http))
    finally:
        http.close()


def probe_server(url: str, server: Server, key: str = "") -> Server:
    """``server`` with what it was found to do; an empty ``model`` takes the only one that is listed.

    Raises ModelError.
    """
    from workbench.models.server_http import ServerHttp
    from workbench.models.server_probe import probe

    if not server.model:
        listed = served_models(url, key)
        if len(listed) != 1:
            what = f"It has: {', '.join(listed[:8])}." if listed else "It lists none, so its name has to be typed."
            raise ModelError(f"{url} has {len(listed)} models to choose from.", remedy=what)
        server = replace(server, model=listed[0])
    http = ServerHttp(url, key or keys.read(url), timeout=min(server.timeout, 60), attempts=2)
    try:
        return probe(http, server)
    finally:
        http.close()


def download(
    model: HubModel, report: Callable[[int, int], None], *, gguf: str = "",
    wait: Callable[[float], object] | None = None,
) -> Path:
    """See hub_download.download: ``report`` gets bytes, done and in all. Raises ModelError, and what it raises."""
    from workbench.models import hub_download

    return hub_download.download(model, report, gguf=gguf, **({} if wait is None else {"wait": wait}))


def save_key(url: str, key: str) -> None:
    """Keep a server's key in the system's keyring; "" forgets it. Raises ModelError where there is none."""
    keys.save(url, key)


def place_of(url: str, model: str) -> str:
    """A served model's path in a project."""
    return f"{url}#{model}"
