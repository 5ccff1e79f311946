"""`workbench evaluate` over a real child process, on a task made from a question set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import workbench_resources as resources

pytest.importorskip("lm_eval", reason="lm-eval is not installed (the dev extra has it)")


@pytest.fixture
def with_model(project: Path, run: Any) -> Path:
    assert run("models", "add", project, resources.path("models", "tiny-student"))[0] == 0
    questions = resources.path("sample", "questions.jsonl")
    references = resources.path("sample", "reference_answer", "sample.jsonl")
    assert run("import", project, questions, "--references", references)[0] == 0
    return project


def test_a_question_set_becomes_a_task_of_the_harness(with_model: Path, run: Any) -> None:
    code, found, error = run("evaluate", with_model, "--questions", "--limit", "2", "--json")
    assert code == 0, error
    assert found["examples"] == {"project_questions_likelihood": 2, "project_questions_answers": 2}
    assert found["tasks"]["project_questions_likelihood"]["perplexity"] > 1
    assert set(found["tasks"]["project_questions_answers"]) == {"exact_match"}


def test_without_a_task_nothing_is_started(with_model: Path, run: Any) -> None:
    code, _, error = run("evaluate", with_model)
    assert (code, "There is no task to run" in error) == (1, True)
