import json

import pytest

from tests.formats.shared_data import SHARED, needs_shared_data
from workbench.errors import FormatError
from workbench.formats import mt_bench
from workbench.formats.registry import open_file

QUESTION = {"question_id": 81, "category": "writing", "turns": ["a", "b"]}


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def answer(key, *turns):
    return {"question_id": key, "choices": [{"index": 0, "turns": list(turns)}]}


@needs_shared_data
def test_the_real_questions_and_their_reference_answers_are_read():
    found = mt_bench.read(SHARED / "mt_bench" / "question.jsonl")
    questions = found.questions.questions
    assert found.questions.name == "mt_bench"
    assert (len(questions), found.refused, found.notes) == (80, (), ())
    assert {len(question.turns) for question in questions} == {2}
    assert len({question.category for question in questions}) == 8
    answered = {question.category: 0 for question in questions}
    for question in questions:
        answered[question.category] += len(question.references) == 2
    assert {name for name, count in answered.items() if count == 10} >= {"math", "reasoning", "coding"}
    first = next(question for question in questions if question.key == "111")
    assert first.references == ("Area is 3", "5pi")


@needs_shared_data
@pytest.mark.parametrize("name", ["question.jsonl", "."])
def test_questions_are_recognised_in_a_file_and_in_their_folder(name):
    assert open_file(SHARED / "mt_bench" / name).content == "questions"


def test_answers_are_looked_for_in_a_file_or_a_folder_or_beside_the_questions(tmp_path):
    questions = write(tmp_path / "question.jsonl", QUESTION, {**QUESTION, "question_id": "x"})
    beside = write(tmp_path / "reference_answer" / "gpt.jsonl", answer(81, "A", "B"))
    other = write(tmp_path / "other" / "a.jsonl", answer("x", "C"))
    for references, expected in ((None, [("A", "B"), ()]), (beside, [("A", "B"), ()]), (other, [(), ("C",)]),
                                 (other.parent, [(), ("C",)])):
        found = mt_bench.read(questions, references).questions.questions
        assert [question.references for question in found] == expected


def test_the_first_file_that_answers_a_question_counts_and_its_own_reference_before_all(tmp_path):
    questions = write(tmp_path / "question.jsonl", QUESTION, {**QUESTION, "question_id": 82, "reference": ["own"]})
    write(tmp_path / "reference_answer" / "a.jsonl", answer(81, "first"), answer(82, "first"))
    write(tmp_path / "reference_answer" / "b.jsonl", answer(81, "second"))
    found = mt_bench.read(questions).questions.questions
    assert [question.references for question in found] == [("first",), ("own",)]


def test_questions_that_are_none_are_refused_with_their_line(tmp_path):
    questions = write(tmp_path / "q.jsonl", QUESTION, QUESTION, {"question_id": 1, "turns": [""]},
                      {"question_id": 2, "turns": "a"}, {"turns": ["a"]}, {"question_id": 3, "turns": ["\ud800"]})
    found = mt_bench.read(questions)
    assert len(found.questions.questions) == 1
    assert [(row.line, row.reason.split(" (")[0]) for row in found.refused] == [
        (2, "Question 81 is there twice."), (3, "The question has no text."), (4, "“turns” is not a list of texts."),
        (5, "“question_id” is missing."), (6, "“turns” holds half of a surrogate pair")]


def test_a_reference_that_cannot_be_read_is_said_and_the_questions_stay(tmp_path):
    questions = write(tmp_path / "question.jsonl", QUESTION)
    write(tmp_path / "reference_answer" / "a.jsonl", {"question_id": 81, "choices": []})
    found = mt_bench.read(questions)
    assert found.questions.questions[0].references == ()
    assert found.notes == ("a.jsonl, line 1: “choices” is not a list of answers.",)


def test_a_file_without_questions_is_refused(tmp_path):
    with pytest.raises(FormatError, match="holds no question"):
        mt_bench.read(write(tmp_path / "q.jsonl", {"instruction": "a"}))
