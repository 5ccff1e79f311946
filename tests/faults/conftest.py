import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.domain import Demonstration
from workbench.services.project import Project

Child = subprocess.Popen[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed project with two demonstrations."""
    project = Project.create(tmp_path / "project", person="Ada")
    project.demonstrations.add([Demonstration.pair("first", "a"), Demonstration.pair("second", "b")])
    project.close()
    return project.folder


@pytest.fixture
def start() -> Iterator[Callable[[str, Path], Child]]:
    """Start another program: Python source that finds a folder in ``sys.argv[1]``; ended with the test."""
    children: list[Child] = []

    def started(source: str, folder: Path) -> Child:
        child = subprocess.Popen([sys.executable, "-c", source, str(folder)], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
        children.append(child)
        return child

    yield started
    for child in children:
        child.kill()
        child.communicate()
