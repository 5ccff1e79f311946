"""A project's models: registered with facts and hash, what is missing said, remembered as a person set them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.models import tiny_models
from workbench.domain import Backend, Kind
from workbench.errors import ModelError
from workbench.models.gguf_writer import convert
from workbench.services.project import Project


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("models") / "little"
    tiny_models.save(folder)
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "little"))


def test_a_registered_model_is_ready_and_the_first_one_is_current(project: Project, folder: Path) -> None:
    changes = project.models.register(folder)
    (info,) = project.models.all()
    assert (info.ref.id,) == changes.created
    assert changes.concerns(Kind.MODEL)
    assert (info.ref.name, info.state, info.reason, info.current) == ("little", "ready", "", True)
    assert info.facts is not None
    assert info.ref.sha256 == info.facts.sha256 != ""
    assert project.models.current() == info.ref


def test_a_gguf_file_is_registered_as_one(project: Project, folder: Path) -> None:
    file = folder.parent / "little.gguf"
    convert(folder, file)
    project.models.register(file, "Little")
    (info,) = project.models.all()
    assert (info.ref.backend, info.ref.name) == (Backend.LLAMA_CPP, "Little")
    assert info.facts is not None
    assert info.facts.layers == 3


def test_registering_again_renews_the_hash_and_keeps_the_rest(project: Project, folder: Path) -> None:
    project.models.register(folder)
    (before,) = project.models.all()
    assert before.ref.id is not None
    project.models.set_loading(before.ref.id, "cpu", "bfloat16")
    (folder / "generation_config.json").write_text("{}")
    project.models.register(folder)
    (after,) = project.models.all()
    assert after.ref.id == before.ref.id
    assert after.ref.sha256 != before.ref.sha256
    assert (after.ref.device, after.ref.dtype) == ("cpu", "bfloat16")


def test_what_is_missing_is_said(project: Project, folder: Path) -> None:
    project.models.register(folder)
    (folder / "tokenizer.json").unlink()
    (info,) = project.models.all()
    assert info.state == "incomplete"
    assert "tokenizer.json" in info.reason
    shutil.rmtree(folder)
    (info,) = project.models.all()
    assert info.state == "unavailable"


def test_what_cannot_be_loaded_is_registered_with_the_reason(project: Project, folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    project.models.register(folder)
    (info,) = project.models.all()
    assert info.state == "incomplete"
    assert "no weights" in info.reason


def test_a_folder_without_a_model_is_refused_and_nothing_is_stored(project: Project, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        project.models.register(tmp_path)
    with pytest.raises(ModelError):
        project.models.register(tmp_path / "nothing here")
    assert project.models.all() == []


def test_a_removed_model_is_gone_and_its_files_stay(project: Project, folder: Path) -> None:
    (model_id,) = project.models.register(folder).created
    project.models.remove(model_id)
    assert project.models.all() == []
    assert (folder / "model.safetensors").is_file()
    with pytest.raises(ModelError, match="not in the project"):
        project.models.set_current(model_id)


def test_the_machine_is_told_without_torch(project: Project) -> None:
    machine = project.models.machine()
    assert 0 < machine.memory_free <= machine.memory_total
    assert machine.disk_free > 0
