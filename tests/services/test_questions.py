import json
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.domain import Question, QuestionSet
from workbench.errors import FormatError, WorkbenchError
from workbench.services.imports import ImportOptions
from workbench.services.project import Project
from workbench.services.questions import QuestionSetInfo, held_out_set, searched_set
from workbench_db.check import check

SET = QuestionSet("bench", (Question(("one", "two"), ("first", "second"), "maths", "81"),
                            Question(("three",), (), "writing", "82"), Question(("four",), ("", "x"), "maths", "83")))


def test_a_set_comes_back_as_it_was_in_order(project: Project) -> None:
    (set_id,) = project.questions.add(SET).created
    found = project.questions.get(set_id)
    assert found.name == "bench"
    assert [(q.turns, q.references, q.category, q.key) for q in found.questions] == [
        (q.turns, q.references, q.category, q.key) for q in SET.questions]
    assert project.questions.sets() == [QuestionSetInfo(set_id, "bench", 3, 2, 2)]
    ids = [q.id for q in found.questions if q.id is not None]
    assert project.questions.questions([ids[2], 99, ids[0]]) == [found.questions[2], found.questions[0]]


def test_a_deleted_set_can_still_be_read_by_the_results_that_stand_on_it(project: Project) -> None:
    (set_id,) = project.questions.add(SET).created
    assert project.questions.delete(set_id).label == "Question set “bench” deleted"
    assert project.questions.sets() == []
    assert len(project.questions.get(set_id).questions) == 3
    project.history.undo()
    assert [info.name for info in project.questions.sets()] == ["bench"]


def test_a_set_is_renamed(project: Project) -> None:
    (set_id,) = project.questions.add(SET).created
    assert project.questions.rename(set_id, "other").label == "Question set “bench” renamed to “other”"
    assert project.questions.get(set_id).name == "other"
    project.history.undo()
    assert project.questions.get(set_id).name == "bench"


def test_a_set_is_held_out_when_a_person_says_so_and_no_longer_after_undo(project: Project) -> None:
    (set_id,) = project.questions.add(replace(SET, name="held back")).created
    assert not project.questions.get(set_id).held_out                  # a name alone says nothing
    assert project.questions.set_held_out(set_id, True).label == "Question set “held back” is held out"
    assert project.questions.get(set_id).held_out
    assert [info.held_out for info in project.questions.sets()] == [True]
    assert held_out_set(project.questions.sets()) == project.questions.sets()[0]
    assert searched_set(project.questions.sets()) is None
    project.history.undo()
    assert not project.questions.get(set_id).held_out
    assert check(project.folder) == []


@pytest.mark.parametrize(("name", "said", "held_out"), [
    ("heldout.jsonl", None, True), ("held_out questions.jsonl", None, True), ("question.jsonl", None, False),
    ("shareholders.jsonl", None, False), ("heldout.jsonl", False, False), ("question.jsonl", True, True)])
def test_an_imported_set_is_held_out_as_a_person_says_or_else_as_the_files_name_says(
        project: Project, tmp_path: Path, name: str, said: bool | None, held_out: bool) -> None:
    file = tmp_path / name
    file.write_text(json.dumps({"question_id": 81, "turns": ["one"], "reference": ["first"]}) + "\n")
    (set_id,) = project.questions.import_file(file, held_out=said).created
    assert project.questions.get(set_id).held_out == held_out
    found = project.imports.run(file, ImportOptions(held_out=said)).question_set_id
    assert found is not None
    assert project.questions.get(found).held_out == held_out


def test_mt_bench_files_are_read_with_the_references_beside_them(project: Project, tmp_path: Path) -> None:
    (tmp_path / "reference_answer").mkdir()
    (tmp_path / "question.jsonl").write_text(json.dumps(
        {"question_id": 81, "category": "maths", "turns": ["one", "two"]}) + "\n")
    (tmp_path / "reference_answer" / "gpt-4.jsonl").write_text(json.dumps(
        {"question_id": 81, "choices": [{"turns": ["first", "second"]}]}) + "\n")
    (set_id,) = project.questions.import_file(tmp_path / "question.jsonl", name="mine").created
    found = project.questions.get(set_id)
    assert found.name == "mine"
    assert [(q.key, q.turns, q.references) for q in found.questions] == [("81", ("one", "two"), ("first", "second"))]


def test_a_file_without_questions_and_an_empty_set_are_refused(project: Project, tmp_path: Path) -> None:
    (tmp_path / "question.jsonl").write_text("{}\n")
    with pytest.raises(FormatError):
        project.questions.import_file(tmp_path / "question.jsonl")
    with pytest.raises(WorkbenchError, match="no questions"):
        project.questions.add(QuestionSet("empty", ()))
    with pytest.raises(WorkbenchError, match="no question set 7"):
        project.questions.get(7)
    assert project.questions.sets() == []
