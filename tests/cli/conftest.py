from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.cli import main

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; returns exit code, its output (parsed with --json) and what it said on standard error."""

    def call(*arguments: object) -> tuple[int, Any, str]:
        words = [str(argument) for argument in arguments]
        code = main(words)
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in words else out, err

    return call


@pytest.fixture
def project(tmp_path: Path, run: Run) -> Path:
    """A new project with a few demonstrations."""
    folder = tmp_path / "project"
    file = tmp_path / "pool.jsonl"
    rows = [{"instruction": f"say {n}", "output": f"thing {n}", "category": "ab"[n % 2]} for n in range(6)]
    file.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]) + "{broken\n", encoding="utf-8")
    assert run("new", folder)[0] == 0
    assert run("import", folder, file)[0] == 0
    return folder
