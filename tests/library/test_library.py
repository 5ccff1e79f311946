"""The library finds what the jobs of the window find."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

import workbench.library as wb
import workbench_resources as resources
from workbench.alignment.options import AlignmentOptions
from workbench.domain import Prompt, Role, Turn
from workbench.prompts import render


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
    assert len(wb.score(found.student, pool[:2], [wb.Question(("Hi?",), ("Hello.",))]).gains) == 2


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
