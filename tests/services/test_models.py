"""A project's models: registered with facts and hash, what is missing said, remembered as a person set them."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from tests.models import tiny_models
from workbench.domain import Backend, Kind, Server
from workbench.errors import ModelError
from workbench.models import quantised
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


def test_a_served_model_is_kept_with_what_its_server_can_do(project: Project) -> None:
    server = Server("org/base-7b", scoring="echo", context=8192, requests_per_minute=60)
    (model_id,) = project.models.register_server("http://localhost:8000/v1", server).created
    (info,) = project.models.all()
    assert (info.ref.id, info.ref.name, info.ref.backend) == (model_id, "base-7b", Backend.OPENAI)
    assert (info.state, info.ref.server, info.ref.url) == ("ready", server, "http://localhost:8000/v1")
    project.models.register_server("http://localhost:8000/v1", replace(server, scoring="", note="Changed."))
    project.models.register_server("http://localhost:8000/v1", Server("org/other"))
    assert [m.ref.server.note for m in project.models.all() if m.ref.server] == ["Changed.", ""]
    assert project.models.current() == project.models.all()[0].ref


def test_no_key_is_ever_in_the_projects_folder(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_KEY_LOCALHOST_8000", "sk-very-secret")
    project.models.register_server("http://localhost:8000/v1", Server("m"))
    held = b"".join(file.read_bytes() for file in project.folder.rglob("*") if file.is_file())
    assert b"localhost:8000" in held
    assert b"sk-very-secret" not in held


def test_an_adapter_is_registered_with_its_base_and_says_when_that_is_gone(
    project: Project, folder: Path, tmp_path: Path
) -> None:
    adapter = tmp_path / "run 7"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)           # peft asks transformers for a name that it renamed
        adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(folder), LoraConfig(r=2))
    adapted.save_pretrained(adapter)
    project.models.register(folder)
    project.models.register(adapter)
    info = next(m for m in project.models.all() if m.ref.name == "run 7")
    assert (info.ref.base, info.state) == (str(folder), "ready")
    folder.rename(tmp_path / "moved")
    info = next(m for m in project.models.all() if m.ref.name == "run 7")
    assert info.state == "unavailable"
    assert str(folder) in info.reason


def test_a_model_of_the_hubs_cache_is_named_by_its_repository(project: Project, original: Path, tmp_path: Path) -> None:
    place = tmp_path / "models--org--tiny-1.5b" / "snapshots" / ("c0ffee" + "0" * 34)
    shutil.copytree(original, place)
    project.models.register(place)
    named = shutil.copytree(original, tmp_path / "llama-3.1")
    project.models.register(named)
    assert [m.ref.name for m in project.models.all()] == ["llama-3.1", "tiny-1.5b"]


def test_8_bit_without_bitsandbytes_is_unavailable_with_what_to_install(
    project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantised, "find_spec", lambda name: None)
    (model_id,) = project.models.register(folder).created
    project.models.set_loading(model_id, "auto", "int8")
    (info,) = project.models.all()
    assert info.state == "unavailable"
    assert "pip install bitsandbytes" in info.reason


def test_the_machine_is_told_without_torch(project: Project) -> None:
    machine = project.models.machine()
    assert 0 < machine.memory_free <= machine.memory_total
    assert machine.disk_free > 0
