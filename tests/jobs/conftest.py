from __future__ import annotations

from pathlib import Path

import pytest

from tests.jobs.random_model import write_random_model
from workbench.domain import ModelRef


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    """A tiny model of random weights, shared by the tests: nothing writes to it."""
    return write_random_model(Path(tmp_path_factory.mktemp("models")) / "random")
