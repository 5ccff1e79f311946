"""The library finds what the jobs of the window find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

import workbench.library as wb
import workbench_resources as resources
from workbench.alignment.options import AlignmentOptions
from workbench.domain import Prompt, Role, Turn
from workbench.jobs.kinds.evaluate import EvaluateResult
from workbench.prompts import render
from workbench.services import trainings
from workbench.services.benching import BenchRequest
from workbench.services.evaluations import TaskScore
from workbench.services.models import ModelInfo
from workbench.services.searches import SearchRequest
from workbench.services.trainings import TrainingRequest


@pytest.fixture(scope="module")
def model() -> wb.Model:
    return wb.load_model(resources.path("models", "tiny-teacher"), device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def questions() -> tuple[wb.Question, ...]:
    folder = resources.path("sample")
    return wb.read_questions(folder / "questions.jsonl", folder / "reference_answer" / "sample.jsonl")[:6]


@pytest.fixture(scope="module")
def candidates() -> tuple[wb.Demonstration, ...]:
    return wb.read_demonstrations(resources.path("sample", "candidates.jsonl"))[:5]


def test_a_gain_is_the_difference_that_a_demonstration_makes_to_the_answers(
        model: wb.Model, candidates: tuple[wb.Demonstration, ...], questions: tuple[wb.Question, ...]) -> None:
    found = wb.score(model, candidates, questions)
    assert [gain.mean for gain in found.gains] == sorted((gain.mean for gain in found.gains), reverse=True)
    assert found.table.gain.shape == (5, 6)
    assert list(_table(found)["gain"]) == [gain.mean for gain in found.gains]
    best, question = found.gains[0].demonstration, questions[0]
    turns = (Turn(Role.USER, question.turns[0]), Turn(Role.ASSISTANT, question.references[0]))

    folder = resources.path("models", "tiny-teacher")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def answer(prompt: Prompt) -> float:
        rendered = render(prompt, turns)
        encoded = tokenizer.encode(rendered.text)
        ids = torch.tensor([encoded.ids])
        with torch.no_grad():
            scores = network(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
        return sum(float(value) for value, (_, end) in zip(scores, encoded.offsets[1:], strict=True)
                   if end > rendered.spans[-1].start)

    column = [asked.id for asked in found.table.questions].index(question.id)
    expected = answer(Prompt("", (best,))) - answer(Prompt())
    assert found.table.gain[0, column] == pytest.approx(expected, abs=1e-3)


def test_a_search_reports_on_questions_that_it_never_saw(
        model: wb.Model, candidates: tuple[wb.Demonstration, ...], questions: tuple[wb.Question, ...]) -> None:
    found = wb.search(model, candidates, questions, rounds=2, random_sets=3)
    assert len(found.chosen) == 2
    assert found.prompt.demonstrations == found.chosen
    assert found.rounds[0].ranking[0].demonstration_id == found.rounds[0].chosen_id
    searched = {question.id for question in questions[::2]}
    reported = {answer.question_id for evaluation in found.evaluations for answer in evaluation.answers}
    assert reported == {question.id for question in questions[1::2]}
    assert not searched & reported
    assert found.against_random is not None
    assert len(_table(found)) == len(found.evaluations)


def test_a_search_leaves_out_what_asks_its_questions_unless_it_is_told_not_to(
        model: wb.Model, candidates: tuple[wb.Demonstration, ...], questions: tuple[wb.Question, ...]) -> None:
    copy = wb.Demonstration.pair(questions[1].turns[0], "anything", id=1_000)
    found = wb.search(model, [copy, *candidates[:2]], questions[:4], rounds=1, random_sets=1)
    assert found.left_out.keys() == {1_000}
    assert {tried.demonstration_id for tried in found.rounds[0].ranking} == {one.id for one in candidates[:2]}
    told = wb.search(model, [copy, *candidates[:2]], questions[:4], rounds=1, random_sets=1, overlapping=True)
    assert 1_000 in {tried.demonstration_id for tried in told.rounds[0].ranking}


def test_only_questions_with_a_reference_are_split(
        model: wb.Model, candidates: tuple[wb.Demonstration, ...], questions: tuple[wb.Question, ...]) -> None:
    bare = replace(questions[1], references=())
    found = wb.search(model, candidates[:2], (questions[0], bare, *questions[2:5]), rounds=1, random_sets=1)
    reported = {answer.question_id for evaluation in found.evaluations for answer in evaluation.answers}
    assert reported == {questions[2].id, questions[4].id}


@pytest.mark.parametrize(("call", "request_class"), [
    (wb.search, SearchRequest), (wb.score, SearchRequest), (wb.bench, BenchRequest), (wb.align, TrainingRequest)])
def test_defaults_are_those_of_the_services(call: Callable[..., object], request_class: type) -> None:
    of_request = {field.name: field.default for field in fields(request_class)}
    shared = {name: parameter.default for name, parameter in signature(call).parameters.items()
              if name in of_request and name != "options" and parameter.default is not Parameter.empty}
    assert shared
    assert shared == {name: of_request[name] for name in shared}



def test_own_heldout_questions_may_have_the_same_numbers(
        model: wb.Model, candidates: tuple[wb.Demonstration, ...], questions: tuple[wb.Question, ...]) -> None:
    unnumbered = [replace(question, id=None) for question in questions]
    found = wb.search(model, candidates[:2], unnumbered[:2], unnumbered[2:4], rounds=1, random_sets=2)
    assert {answer.question_id for answer in found.evaluations[0].answers} == {3, 4}


def test_answers_are_measured_by_contestant(model: wb.Model, questions: tuple[wb.Question, ...]) -> None:
    prompt = wb.read_prompt(resources.path("sample", "base_prompt.txt"))
    decoding = wb.DecodingSettings(max_tokens=24)
    found = wb.bench([wb.contestant(model, prompt, decoding, "shown"), wb.contestant(model, None, decoding, "bare")],
                     questions)
    assert {(answer.contestant_id, answer.question_id) for answer in found.answers} == {
        (who, question.id) for who in (1, 2) for question in questions}
    assert found.means()["shown"]["f1"] > found.means()["bare"]["f1"]
    assert {"contestant", "text", "f1"} <= set(_table(found).columns)


def test_a_trained_student_is_a_model(tmp_path: Path, model: wb.Model) -> None:
    pool = wb.read_demonstrations(resources.path("sample", "tasks.jsonl"))
    tasks = sorted({one.tags[0] for one in pool})
    source = [one for one in pool if one.tags[0] in tasks[:6]]
    target = [one for one in pool if one.tags[0] in tasks[6:8]]
    student = wb.load_model(resources.path("models", "tiny-student"))
    options = AlignmentOptions(method="output", steps=2, batch=2, episodes=4, evaluate_every=2, save_every=2)
    found = wb.align(model, student, source, target, tmp_path / "run", options, examples=4)
    assert found.curves["kl"][-1][0] == 2
    assert set(found.summary.before) == set(found.summary.after)
    assert set(_table(found)["measure"]) == set(found.summary.after)
    assert len(wb.score(found.student, pool[:2], [wb.Question(("Hi?",), ("Hello.",))]).gains) == 2


@pytest.mark.parametrize("name", ["quick", "paper"])
def test_a_preset_is_that_of_the_windows_form(name: Literal["quick", "paper"]) -> None:
    student = wb.load_model(resources.path("models", "tiny-student"))
    info = ModelInfo(student.ref, student.facts, "ready", "", True)
    assert wb.preset(student, name) == trainings.preset_options(name, info, None)


def test_the_same_id_twice_is_refused() -> None:
    twice = [wb.Demonstration.pair("a", "b", id=3), wb.Demonstration.pair("c", "d", id=3)]
    with pytest.raises(wb.WorkbenchError, match="same id"):
        wb.score(wb.load_model(resources.path("models", "tiny-student")), twice, [wb.Question(("q",), ("a",))])


def test_a_row_that_is_none_is_refused_or_left_out(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"instruction": "Hi?", "output": "Ho."}\n{"instruction": "", "output": "x"}\n')
    with pytest.raises(wb.WorkbenchError, match="Line 2"):
        wb.read_demonstrations(file)
    assert [one.id for one in wb.read_demonstrations(file, strict=False)] == [1]


def test_a_project_finds_as_typed_results_what_its_jobs_find(tmp_path: Path) -> None:
    folder = resources.path("sample")
    with wb.create_project(tmp_path / "mine") as project:
        project.import_file(folder / "candidates.jsonl")
        project.import_file(folder / "base_prompt.txt")
        project.import_questions(folder / "questions.jsonl", folder / "reference_answer" / "sample.jsonl", "asked")
        project.add_model(resources.path("models", "tiny-teacher"))
        few = project.demonstrations("category:math")[:3]
        pool = tuple(one.id for one in few if one.id is not None)
        scores = project.score(selection=pool, set_id="asked")
        assert {gain.demonstration for gain in scores.gains} == set(few)
        assert len(_table(scores)) == 3
        found = project.search(selection=pool, rounds=1, random_sets=2)
        assert found.prompt.demonstrations == (*found.chosen, *project.prompt().demonstrations)
        assert {evaluation.strategy for evaluation in found.evaluations} >= {"base", "random", "greedy"}
        assert _table(found)["set"].tolist()[:2] == ["base", "chosen"]
        effect = project.sensitivity(orders=0)
        assert _table(effect)["id"].tolist() == [one.id for one in project.prompt().demonstrations]
        brief = wb.DecodingSettings(max_tokens=8)
        bench = project.bench(questions=2, new=project.contestants(decoding=brief), judge=wb.JudgeChoice("likelihood"))
        assert {one.name for one in bench.contestants} == {"tiny-teacher, no prompt", "tiny-teacher, base_prompt"}
        assert all("log_likelihood" in means for means in bench.means().values())
        searched = project.recipe("judged_search", questions=2, rounds=1, query="category:math", decoding=brief)
        assert _table(searched)["chosen"].sum() == 1
        parts = project.recipe("demonstration_parts", questions=2, repeats=1, answers=False, decoding=brief)
        assert len(_table(parts)) == len(parts.reading.points) == 5
        shifted = project.recipe("shift", contestants=tuple(one.id for one in bench.contestants))
        assert set(_table(shifted)["contestant"]) == {
            "tiny-teacher, no prompt against tiny-teacher", "tiny-teacher, base_prompt against tiny-teacher"}


def test_a_benchmark_is_a_table() -> None:
    score = TaskScore(1, "tiny", "gsm8k", "exact_match", 0.5, None, 4, None)
    assert _table(wb.Evaluation((score,), EvaluateResult()))["value"].tolist() == [0.5]


def _table(found: Any) -> Any:
    pytest.importorskip("pandas")
    return found.to_pandas()
