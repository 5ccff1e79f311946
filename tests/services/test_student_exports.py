"""A trained student written elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import workbench_resources as resources
from workbench.errors import JobError, ModelError, ProjectError
from workbench.models.facts import read_facts
from workbench.services.student_exports import export_student, forms_of


@pytest.fixture
def student(tmp_path: Path) -> Path:
    """As a run leaves it, with an adapter beside it."""
    shutil.copytree(resources.path("models", "tiny-student"), tmp_path / "run" / "student")
    (tmp_path / "run" / "adapter").mkdir()
    (tmp_path / "run" / "adapter" / "adapter_config.json").write_text("{}")
    return tmp_path / "run" / "student"


def test_a_folder_is_written_whole_and_is_a_model(student: Path, tmp_path: Path) -> None:
    export_student(student, tmp_path / "mine", "merged")
    assert read_facts(tmp_path / "mine").sha256 == read_facts(student).sha256
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "run"]


def test_a_gguf_file_has_the_same_weights_in_half_and_brain_precision(student: Path, tmp_path: Path) -> None:
    export_student(student, tmp_path / "half.gguf", "gguf")
    weights = student / "model.safetensors"
    save_file({name: tensor.bfloat16() for name, tensor in load_file(weights).items()}, weights)
    export_student(student, tmp_path / "brain.gguf", "gguf")
    assert read_facts(tmp_path / "half.gguf").parameters == read_facts(student).parameters
    half, brain = ((tmp_path / f"{name}.gguf").read_bytes() for name in ("half", "brain"))
    assert len(half) == len(brain)
    rounded = load_file(weights)["model.embed_tokens.weight"][7].float()
    assert rounded.numpy().tobytes() in brain
    assert rounded.numpy().tobytes() not in half


def test_the_adapter_alone_is_written_where_one_was_trained(student: Path, tmp_path: Path) -> None:
    export_student(student, tmp_path / "adapter", "adapter")
    assert [path.name for path in (tmp_path / "adapter").iterdir()] == ["adapter_config.json"]
    shutil.rmtree(student.parent / "adapter")
    assert "without an adapter" in forms_of(student)["adapter"]
    with pytest.raises(JobError, match="without an adapter"):
        export_student(student, tmp_path / "again", "adapter")


def test_what_is_there_already_is_not_replaced(student: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(ProjectError, match="there already"):
        export_student(student, tmp_path / "mine", "merged")


def test_a_full_disk_leaves_nothing_and_says_so(
    student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        target.mkdir()
        (target / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(ProjectError, match="Free some space"):
        export_student(student, tmp_path / "mine", "merged")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_weights_that_are_no_floats_are_not_converted(student: Path, tmp_path: Path) -> None:
    weights = student / "model.safetensors"
    save_file({name: tensor.to(torch.int8) for name, tensor in load_file(weights).items()}, weights)
    with pytest.raises(ModelError, match="kind I8"):
        export_student(student, tmp_path / "mine.gguf", "gguf")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
