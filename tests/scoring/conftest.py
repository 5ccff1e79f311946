from __future__ import annotations

import pytest
import torch

from tests.models import tiny_models
from workbench.domain import ModelRef


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    return tiny_models.save(tmp_path_factory.mktemp("models") / "llama", num_key_value_heads=2)
