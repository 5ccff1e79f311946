"""What is said of llama-cpp-python while it is built, when it could not be built, and when it is not there."""

from __future__ import annotations

import subprocess
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

from workbench import gguf_build


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOG", "PID", "FAILED"):
        monkeypatch.setattr(gguf_build, name, tmp_path / name)
    monkeypatch.setattr(gguf_build, "installed", lambda: False)
    monkeypatch.setattr(gguf_build.os, "nice", lambda more: 0)


def pip_ends_with(code: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, str]]:
    """What is said during a build whose pip ends with ``code``."""
    said: list[tuple[bool, str]] = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        said.append(gguf_build.support())
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(gguf_build.subprocess, "run", run)
    monkeypatch.setattr(gguf_build.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert gguf_build.build() == code
    return said


def test_without_it_the_line_that_installs_it_is_said() -> None:
    assert gguf_build.support() == (False, "GGUF models need llama-cpp-python. Install it with: make gguf")


def test_a_build_that_failed_is_said_with_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    ((supported, during),) = pip_ends_with(1, monkeypatch)
    assert not supported
    assert "is being built" in during
    supported, reason = gguf_build.support()
    assert not supported
    assert "could not be built" in reason
    assert str(gguf_build.LOG) in reason


def test_after_a_good_build_an_uninstall_is_not_taken_for_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    pip_ends_with(1, monkeypatch)
    pip_ends_with(0, monkeypatch)
    assert gguf_build.LOG.exists()
    assert "could not be built" not in gguf_build.support()[1]


def test_without_a_compiler_the_build_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_build.shutil, "which", lambda name: None)
    assert gguf_build.build() == 1
    assert "could not be built" in gguf_build.support()[1]
    assert "compiler" in gguf_build.LOG.read_text()


def test_a_build_that_was_killed_counts_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(command: list[str], **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gguf_build.subprocess, "run", killed)
    monkeypatch.setattr(gguf_build.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(KeyboardInterrupt):
        gguf_build.build()
    assert "could not be built" in gguf_build.support()[1]
    assert not gguf_build.building()


@pytest.mark.parametrize(("libraries", "said"), [
    (("libggml-base.so", "libggml-cpu.so", "libllama.so"), True), (("libggml-cpu.so", "libggml-cuda.so.0"), False),
    (("ggml-vulkan.dll",), False),
])
def test_what_lets_gguf_use_a_card_is_said_where_it_is_built_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, libraries: tuple[str, ...], said: bool
) -> None:
    (tmp_path / "lib").mkdir()
    for name in libraries:
        (tmp_path / "lib" / name).touch()
    spec = ModuleSpec("llama_cpp", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(gguf_build.importlib.util, "find_spec", lambda name: spec)
    assert ("-DGGML_CUDA=on" in gguf_build.card_note()) == said


def test_a_build_afresh_takes_no_wheel_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(gguf_build.subprocess, "run", run)
    monkeypatch.setattr(gguf_build.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert gguf_build.main(["--again"]) == 0
    assert {"--force-reinstall", "--no-cache-dir"} < set(commands[0])
