from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.services.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A new, empty project of Ada's."""
    made = Project.create(tmp_path / "project", "Essays", person="Ada")
    yield made
    made.close()
