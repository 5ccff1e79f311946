"""`workbench align` over a real child process, with the carried tiny models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import workbench_resources as resources
from workbench.jobs.wire import decode_spec

SMALL = ("--set", "steps=2", "--set", "episodes=6", "--set", "batch=2", "--set", "most=5", "--examples", "3")
POOL = ("--pool", resources.path("sample", "tasks.jsonl"))


@pytest.fixture
def with_models(project: Path, run: Any) -> Path:
    for name in ("tiny-student", "tiny-teacher"):
        assert run("models", "add", project, resources.path("models", name))[0] == 0
    assert run("models", "use", project, "tiny-teacher")[0] == 0
    return project


def test_a_student_is_trained_measured_and_added_as_a_model(with_models: Path, run: Any) -> None:
    code, found, _ = run("align", with_models, *POOL, *SMALL, "--register", "my student", "--json")
    assert code == 0
    assert found["before"] != found["after"]
    assert set(found["before"]) >= {"consistency_best", "consistency_worst", "kendall_tau", "kl", "log_likelihood_8"}
    assert len(found["examples"]) == 3
    assert all(len(example["teacher"]) == len(example["after"]) == 5 for example in found["examples"])
    _, models, _ = run("models", "list", with_models, "--json")
    student = next(model for model in models if model["ref"]["name"] == "my student")
    assert (student["state"], student["facts"]["problems"]) == ("ready", [])
    target = with_models.parent / "taken.gguf"
    code, _, _ = run("export", with_models, target, "--student", str(found["job_id"]), "--format", "gguf")
    assert (code, target.read_bytes()[:4]) == (0, b"GGUF")
    _, text, _ = run("jobs", "spec", with_models, str(found["job_id"]))
    assert decode_spec(text.strip()).kind == "align"                 # what several processes are started with


def test_wrong_settings_are_refused_by_name(with_models: Path, run: Any) -> None:
    code, _, error = run("align", with_models, *POOL, "--set", "speed=9")
    assert (code, "There is no option “speed”" in error) == (1, True)
    code, _, error = run("align", with_models, *POOL, "--set", "steps=many")
    assert (code, "steps" in error) == (1, True)
    code, _, error = run("align", with_models, *POOL, "--targets", "nothing")
    assert (code, "There is no task “nothing”" in error) == (1, True)
    code, _, error = run("align", with_models, *SMALL, "--targets", "a,b")          # all tasks that the project has
    assert (code, "Leave some to train on" in error) == (1, True)
