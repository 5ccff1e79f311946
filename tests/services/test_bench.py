"""Contestants, answers, votes and their undo, as the page uses them."""

from pathlib import Path

import pytest

from workbench.domain import (
    Answer,
    Contestant,
    DecodingSettings,
    Demonstration,
    Judgement,
    ModelRef,
    Prompt,
    Question,
    QuestionSet,
)
from workbench.errors import WorkbenchError
from workbench.services.project import Project

PROMPT = Prompt("Be good.", (Demonstration.pair("x", "y", category="c"),), "plain", "base")
ASKED = QuestionSet("set", (Question(("one", "two"), key="1"), Question(("drei 你好",), key="2")))


@pytest.fixture
def filled(project: Project) -> Project:
    """Two contestants' answers to a set of two questions, from a file."""
    project.questions.add(ASKED)
    contestants = [Contestant("A", ModelRef("a", ""), PROMPT), Contestant("B", ModelRef("b", ""))]
    project.bench.store_answers(contestants, [
        Answer(place, question, turn, 0, f"{name} says {word} 你好吗", tokens=3, seconds=1)
        for place, name in enumerate("AB")
        for question, turn, word in ((1, 0, "alpha"), (1, 1, "beta"), (2, 0, "gamma"))
    ], "2 contestants imported")
    return project


def test_a_contestant_is_read_as_it_was_written(project: Project) -> None:
    decoding = DecodingSettings(32, 0.7, 0.9, 5, 1.1, ("END",), 3, 0.05)
    wanted = Contestant("t, base", ModelRef("t", "/nowhere/t", sha256="abc"), PROMPT, decoding)
    (found,) = project.bench.add_contestants([wanted])
    assert (found.name, found.model, found.decoding) == (wanted.name, wanted.model, decoding)
    assert found.prompt == PROMPT
    assert found.content_hash == wanted.content_hash
    assert project.bench.add_contestants([wanted, wanted]) == [found, found]
    other = Contestant("t, none", ModelRef("t", "/nowhere/t", sha256="abc"), None, decoding)
    assert [one.id for one in project.bench.add_contestants([other])] == [2]
    assert len(project.bench.contestants()) == 2


def test_answers_come_by_contestant_question_and_turn(filled: Project) -> None:
    found = filled.bench.answers(1)
    assert [(one.contestant_id, one.question_id, one.turn) for one in found] == [
        (1, 1, 0), (1, 1, 1), (1, 2, 0), (2, 1, 0), (2, 1, 1), (2, 2, 0)]
    assert [one.id for one in filled.bench.answers(1, [2])] == [4, 5, 6]
    assert [one.name for one in filled.bench.contestants(1)] == ["A", "B"]
    assert filled.bench.contestants(99) == []


def test_imported_contestants_are_undone_and_done_again(filled: Project) -> None:
    filled.history.undo()
    assert filled.bench.contestants() == []
    assert filled.bench.answers(1) == []
    filled.history.redo()
    assert len(filled.bench.answers(1)) == 6


def test_a_vote_is_kept_with_its_order_and_reasons_and_undone(filled: Project) -> None:
    changes = filled.bench.vote("Ada", 1, 4, "other", ["clearer"], b_first=True)
    assert changes.undoable
    (vote,) = filled.bench.judgements(1)
    assert (vote.judge, vote.verdict, vote.first, vote.second) == ("Ada", "other", "", "other")
    assert vote.by_person
    assert vote.details == {"reasons": ["clearer"]}
    assert filled.bench.judgements(1, [1]) == []
    filled.history.undo()
    assert filled.bench.judgements(1) == []
    filled.history.redo()
    assert filled.bench.judgements_of([4]) == [vote]


def test_a_second_rating_takes_the_place_of_the_first_and_undo_brings_it_back(filled: Project) -> None:
    filled.bench.rate("Ada", 1, 3)
    filled.bench.rate("Grace", 1, 5)
    filled.bench.rate("Ada", 1, 8)
    assert {(one.judge, one.score) for one in filled.bench.judgements(1)} == {("Grace", 5), ("Ada", 8)}
    filled.history.undo()
    assert {(one.judge, one.score) for one in filled.bench.judgements(1)} == {("Grace", 5), ("Ada", 3)}
    with pytest.raises(WorkbenchError, match="1 to 10"):
        filled.bench.rate("Ada", 1, 11)


def test_a_judge_that_is_asked_again_has_one_judgement(filled: Project) -> None:
    for score, words in ((-1.0, "no number"), (7.0, "[[7]]")):
        filled.bench.add_judgement(Judgement("gpt", "rating", 1, score=score, words=words), "judged")
    assert [one.score for one in filled.bench.judgements(1)] == [7.0]
    assert filled.bench.search("number", 1) == []


def test_answers_to_different_turns_are_not_compared(filled: Project) -> None:
    with pytest.raises(WorkbenchError, match="cannot be compared"):
        filled.bench.vote("Ada", 1, 5, "tie")
    assert filled.bench.judgements(1) == []


def test_answers_and_judges_words_are_found(filled: Project) -> None:
    filled.bench.vote("Ada", 1, 4, "tie", note="both remarkable")
    assert [(hit.answer_id, hit.judgement_id) for hit in filled.bench.search("beta", 1)] == [(2, None), (5, None)]
    assert [(hit.answer_id, hit.judgement_id) for hit in filled.bench.search("remark", 1)] == [(1, 1)]
    assert len(filled.bench.search("你好", 1)) == 6
    assert filled.bench.search("beta", 99) == []
    filled.history.undo()
    assert filled.bench.search("remark", 1) == []


def test_deleted_contestants_take_their_answers_with_them(filled: Project) -> None:
    filled.bench.vote("Ada", 1, 4, "answer")
    filled.bench.rename_contestant(1, "First")
    filled.bench.delete_contestants([2])
    assert [one.name for one in filled.bench.contestants(1)] == ["First"]
    assert len(filled.bench.answers(1)) == 3
    assert filled.bench.judgements(1) == []
    assert filled.bench.search("alpha", 1)[1:] == []
    filled.history.undo()
    assert len(filled.bench.judgements(1)) == 1


def test_what_came_from_a_file_cannot_answer_more(filled: Project) -> None:
    with pytest.raises(WorkbenchError, match="came from a file"):
        filled.bench.answering(filled.bench.contestants(), 1)
    with pytest.raises(WorkbenchError, match="came from a file"):
        filled.bench.prompt_of(1)


def test_everything_is_there_after_the_project_was_closed(filled: Project, tmp_path: Path) -> None:
    filled.bench.rate("Ada", 2, 9)
    answers, judgements = filled.bench.answers(1), filled.bench.judgements(1)
    filled.close()
    again = Project.open(tmp_path / "project")
    assert again.bench.answers(1) == answers
    assert again.bench.judgements(1) == judgements
    again.close()
