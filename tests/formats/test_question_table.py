"""Questions from files that are not MT-Bench's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.errors import FormatError
from workbench.formats import question_table
from workbench.formats.registry import open_file


def test_alpaca_evals_questions_take_no_models_output_for_a_reference(tmp_path: Path) -> None:
    file = tmp_path / "alpaca_eval.json"
    file.write_text(json.dumps([
        {"dataset": "helpful_base", "instruction": "What is tea?", "output": "A drink.", "generator": "davinci"},
        {"dataset": "koala", "instruction": "Write.", "output": "…", "generator": "davinci"}]), "utf-8")
    found = question_table.read(open_file(file)).questions
    assert [(one.turns, one.references, one.category) for one in found.questions] == [
        (("What is tea?",), (), "helpful_base"), (("Write.",), (), "koala")]
    assert found.name == "alpaca_eval"


def test_vicuna_benchs_first_form_has_its_question_as_text(tmp_path: Path) -> None:
    file = tmp_path / "question.jsonl"
    file.write_text('{"question_id": 7, "text": "How are you?", "category": "generic"}\n', "utf-8")
    (one,) = question_table.read(open_file(file)).questions.questions
    assert (one.turns, one.key, one.category) == (("How are you?",), "7", "generic")


def test_a_table_may_have_turns_references_and_categories(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("question,turn_2,reference,reference_2,category\n1+1?,and 2+2?,2,4,math\nHello,,,,chat\n", "utf-8")
    first, second = question_table.read(open_file(file), name="Mine").questions.questions
    assert (first.turns, first.references, first.category) == (("1+1?", "and 2+2?"), ("2", "4"), "math")
    assert (second.turns, second.references) == (("Hello",), ())
    assert first.key != second.key


def test_mt_benchs_form_is_read_as_before(tmp_path: Path) -> None:
    file = tmp_path / "question.jsonl"
    row = {"question_id": 81, "category": "writing", "turns": ["a", "b"], "reference": ["x", "y"]}
    file.write_text(json.dumps(row) + "\n", "utf-8")
    (one,) = question_table.read(open_file(file)).questions.questions
    assert (one.turns, one.references, one.key) == (("a", "b"), ("x", "y"), "81")


def test_rows_without_a_question_are_refused_and_a_file_of_them_too(tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    file.write_text('{"question": "a"}\n{"question": ""}\n{"title": 3}\n{"question": "b", "id": 1}\n'
                    '{"question": "c", "id": 5}\n'
                    '{"question": "d"}\n{"question": "e", "id": 5}\n', "utf-8")
    found = question_table.read(open_file(file))
    assert [(one.turns[0], one.key) for one in found.questions.questions] == [("a", "1"), ("c", "5"), ("d", "6")]
    assert [(one.line, one.reason[:12]) for one in found.refused] == [
        (2, "The question"), (3, "The question"), (4, "Question 1 i"), (7, "Question 5 i")]
    file.write_text('{"title": "x"}\n{"title": "y"}\n', "utf-8")
    with pytest.raises(FormatError, match="holds no question"):
        question_table.read(open_file(file))
