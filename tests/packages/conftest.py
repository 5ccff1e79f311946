from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import run as run
from workbench import plugins
from workbench.bench import measures
from workbench.formats import registry as formats
from workbench.models import backends
from workbench.search import strategies

Install = Callable[[str], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package beside this file where Python finds it, here and in child processes, as an installer would."""
    installed: list[str] = []

    def add(name: str) -> None:
        folder = str(Path(__file__).with_name(name))
        monkeypatch.syspath_prepend(folder)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH")))))
        installed.append(name)
        forget()

    yield add
    forget()
    for name in installed:
        sys.modules.pop(name, None)


def forget() -> None:
    """Packages are looked for once a process: look again."""
    for cached in (plugins.load, strategies.table, measures.tables, formats.table, backends.table):
        cached.cache_clear()
