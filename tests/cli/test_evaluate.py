"""`workbench evaluate` over a real child process, on a task made from a question set."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import workbench_resources as resources
from workbench.alignment.harness_options import HarnessOptions
from workbench.domain import JobState
from workbench.jobs.kinds.evaluate import EvaluateSpec
from workbench.services.project import Project

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


def test_task_files_that_somebody_left_in_a_jobs_folder_run_no_code(with_model: Path, tmp_path: Path) -> None:
    folder, mark = with_model / "artifacts" / "evaluate-1", tmp_path / "ran"
    folder.mkdir(parents=True)
    (folder / "left.py").write_text(f"open({str(mark)!r}, 'w').close()\ndef text(doc): return 'x'\n")
    (folder / "left.yaml").write_text("task: left\noutput_type: loglikelihood\ndataset_path: json\n"
                                      "doc_to_text: !function left.text\ndoc_to_target: y\ntest_split: test\n")
    with closing(Project.open(with_model)) as project:
        model = project.lane.run(lambda: project.models.all()[0].ref)
        questions = project.lane.run(lambda: project.questions.get(project.questions.sets()[0].id).questions[:2])
        spec = EvaluateSpec(model, HarnessOptions(("left",), limit=1), str(folder), questions)
        job = project.lane.run(lambda: project.jobs.submit(spec))
        until(lambda: project.lane.run(lambda: project.jobs.get(job)).state.ended)
        assert project.lane.run(lambda: project.jobs.get(job)).state is JobState.FAILED
    assert not mark.exists()


def until(ended: Callable[[], bool], seconds: float = 300) -> None:
    last = time.monotonic() + seconds
    while not ended():
        assert time.monotonic() < last, "the job has not ended"
        time.sleep(0.1)
