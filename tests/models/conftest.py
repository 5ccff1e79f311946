"""Models that tests share; each is made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.models import tiny_models
from workbench.domain import ModelRef
from workbench.models import LanguageModel, load
from workbench.models.gguf_writer import convert


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    folder: Path = tmp_path_factory.mktemp("models") / "llama"
    return tiny_models.save(folder, num_key_value_heads=2)


@pytest.fixture(scope="session")
def loaded(llama: ModelRef) -> Iterator[LanguageModel]:
    model = load(llama)
    yield model
    model.close()


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model's GGUF file, for a server."""
    folder = tmp_path_factory.mktemp("served") / "m"
    tiny_models.save(folder, num_key_value_heads=2)
    convert(folder, folder.with_suffix(".gguf"))
    return folder.with_suffix(".gguf")
