"""lm-evaluation-harness over a model of ours, on tasks made here."""

from __future__ import annotations

import builtins
import json
import math
from pathlib import Path
from typing import Any

import pytest

import workbench_resources as resources
from workbench.alignment.harness import continuation, evaluate, write_local_task
from workbench.alignment.harness_options import HarnessOptions
from workbench.domain import ModelRef, Prompt
from workbench.errors import JobError
from workbench.models import load
from workbench.models.base import LanguageModel
from workbench.prompts import render
from workbench.scoring.sequences import conversation

pytest.importorskip("lm_eval", reason="lm-eval is not installed (the dev extra has it)")


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load(ModelRef("tiny-teacher", str(resources.path("models", "tiny-teacher")), device="cpu", dtype="float32"))


@pytest.fixture
def house(tmp_path: Path) -> tuple[str, str]:
    """Three of the sample's held-out questions, asked without a prompt."""
    lines = resources.path("sample", "tasks.jsonl").read_text("utf-8").splitlines()[:3]
    rows = [json.loads(line) for line in lines]
    examples = [(render(Prompt(), conversation((row["instruction"],), ())).text, row["output"]) for row in rows]
    return write_local_task(tmp_path, "house", examples)


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISABLE_MULTIPROC", "1")


def quiet(done: int, total: int, what: str) -> None:
    assert 0 < done <= total


def test_a_local_task_gives_the_likelihood_and_the_exact_answers(
    model: LanguageModel, house: tuple[str, str], tmp_path: Path
) -> None:
    found = evaluate(model, HarnessOptions(house, (str(tmp_path),)), quiet)
    assert found["examples"] == {"house_likelihood": 3, "house_answers": 3}
    assert set(found["tasks"]["house_likelihood"]) == {"perplexity", "acc"}
    docs = [json.loads(line) for line in (tmp_path / "house.jsonl").read_text("utf-8").splitlines()]
    sums = [sum(model.logprobs([continuation(model, doc["context"], doc["answer"])])[0]) for doc in docs]
    assert found["tasks"]["house_likelihood"]["perplexity"] == pytest.approx(math.exp(-sum(sums) / 3), rel=1e-4)
    exact = found["tasks"]["house_answers"]["exact_match"]
    assert found["errors"]["house_answers"]["exact_match"] == pytest.approx(math.sqrt(exact * (1 - exact) / 2))
    assert found["errors"]["house_likelihood"]["perplexity"] > 0


def test_a_group_has_the_mean_and_the_examples_of_its_tasks(
    model: LanguageModel, house: tuple[str, str], tmp_path: Path
) -> None:
    group = {"group": "both", "task": list(house), "aggregate_metric_list": [{"metric": "acc", "weight_by_size": True}]}
    (tmp_path / "both.yaml").write_text(json.dumps(group), "utf-8")
    found = evaluate(model, HarnessOptions(("both",), (str(tmp_path),), limit=2), quiet)
    assert found["examples"]["both"] == 4
    assert found["tasks"]["both"]["acc"] == found["tasks"]["house_likelihood"]["acc"]


def test_a_limit_is_kept(model: LanguageModel, house: tuple[str, str], tmp_path: Path) -> None:
    found = evaluate(model, HarnessOptions(house[:1], (str(tmp_path),), limit=2), quiet)
    assert found["examples"] == {"house_likelihood": 2}


def test_a_task_that_is_not_there_is_refused(model: LanguageModel) -> None:
    with pytest.raises(JobError, match="no task “mmlu_of_nowhere”"):
        evaluate(model, HarnessOptions(("mmlu_of_nowhere",)), quiet)


def test_data_that_cannot_be_reached_is_named(model: LanguageModel, tmp_path: Path) -> None:
    write_local_task(tmp_path, "gone", [("a", "b")])
    (tmp_path / "gone.jsonl").unlink()
    with pytest.raises(JobError, match="data of gone_answers cannot be read"):
        evaluate(model, HarnessOptions(("gone_answers",), (str(tmp_path),)), quiet)


def test_a_task_that_runs_code_needs_a_persons_word(
    model: LanguageModel, house: tuple[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "house_answers.yaml"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | {"unsafe_code": True}), "utf-8")
    options = HarnessOptions(("house_answers",), (str(tmp_path),), limit=1)
    with pytest.raises(JobError, match="runs code that the model writes"):
        evaluate(model, options, quiet)
    allowed = HarnessOptions(options.tasks, options.folders, limit=1, allow_code=True)
    assert evaluate(model, allowed, quiet)["examples"] == {"house_answers": 1}


def test_without_the_harness_the_line_that_installs_it_is_given(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *more: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "lm_eval":
            raise ImportError(name)
        return real(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(JobError, match="pip install 'lm-eval"):
        evaluate(model, HarnessOptions(("gsm8k",)), quiet)


def test_a_long_context_is_cut_at_its_beginning(model: LanguageModel) -> None:
    sequence = continuation(model, "word " * (model.context + 50), "answer")
    assert len(sequence.ids) == model.context
    assert sequence.end == model.context
