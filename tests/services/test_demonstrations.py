from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.domain import Changes, Demonstration, Kind, Role, Status, Turn
from workbench.errors import WorkbenchError
from workbench.services.demonstrations import Demonstrations, Filter
from workbench.services.project import Project


@pytest.fixture
def demonstrations(project: Project) -> Demonstrations:
    project.demonstrations.add([Demonstration.pair(f"question {n}", f"answer {n}", tags=("old",)) for n in range(3)])
    return project.demonstrations


def test_adding_skips_what_is_there_and_says_which_are_new(demonstrations: Demonstrations) -> None:
    changes = demonstrations.add([Demonstration.pair("question 1", "answer 1"), Demonstration.pair("new", "one")])
    assert (changes.created, changes.label, changes.undoable) == ((4,), "1 demonstration added", True)
    assert demonstrations.add([Demonstration.pair("new", "one")]) == Changes()


CHANGES: list[tuple[Callable[[Demonstrations], Changes], str, str]] = [
    (lambda d: d.set_status([1, 2], Status.REJECTED), "2 demonstrations rejected", "Status candidate → rejected"),
    (lambda d: d.set_rating([1], 4), "1 demonstration rated 4", "Rating none → 4"),
    (lambda d: d.set_note(1, "look again"), "1 demonstration annotated", "Note written"),
    (lambda d: d.set_category([1], " maths "), "1 demonstration put in “maths”", "Category none → maths"),
    (lambda d: d.add_tag([1, 2, 3], " hard  one "), "3 demonstrations tagged “hard one”", "Tags +hard one"),
    (lambda d: d.remove_tag([1], "old"), "1 demonstration without tag “old”", "Tags −old"),
    (lambda d: d.set_turns(1, [Turn(Role.USER, "new")]), "1 demonstration edited", "Text edited"),
    (lambda d: d.delete([1]), "1 demonstration deleted", "Deleted"),
]


@pytest.mark.parametrize(("change", "label", "summary"), CHANGES, ids=[label for _, label, _ in CHANGES])
def test_a_change_is_one_undoable_step_with_its_history(
        project: Project, demonstrations: Demonstrations, change: Callable[[Demonstrations], Changes], label: str,
        summary: str) -> None:
    before = demonstrations.get([1])
    changes = change(demonstrations)
    assert (changes.label, changes.undoable) == (label, True)
    assert 1 in changes.touched[Kind.DEMONSTRATION]
    assert demonstrations.get([1]) != before
    newest = demonstrations.history(1)[0]
    assert (newest.who, newest.summary) == ("Ada", summary)
    assert change(demonstrations) == Changes()               # nothing left to change, so no empty step
    undone = project.history.undo()
    assert undone
    assert undone.label == f"Undone: {label}"
    assert demonstrations.get([1]) == before
    assert demonstrations.history(1)[0].summary == f"{summary} (undone)"


def test_the_oldest_entry_of_a_history_says_where_it_came_from(project: Project, tmp_path: Path) -> None:
    (tmp_path / "pool.jsonl").write_text('{"instruction": "q", "output": "a"}\n')
    project.imports.run(tmp_path / "pool.jsonl")
    assert [entry.summary for entry in project.demonstrations.history(1)] == [
        "Added: 1 demonstration imported from pool.jsonl"]


def test_two_demonstrations_cannot_come_to_say_the_same(demonstrations: Demonstrations) -> None:
    same = [Turn(Role.USER, "question 1"), Turn(Role.ASSISTANT, "answer 1")]
    with pytest.raises(WorkbenchError, match="Demonstration 2 has exactly this text") as caught:
        demonstrations.set_turns(1, same)
    assert caught.value.safe == "Nothing was changed."
    assert demonstrations.set_turns(2, same) == Changes()
    assert demonstrations.get([1])[0].instruction == "question 0"


def test_a_text_that_was_deleted_can_be_added_again(project: Project, demonstrations: Demonstrations) -> None:
    demonstrations.delete([1])
    (new,) = demonstrations.add([Demonstration.pair("question 0", "answer 0")]).created
    assert demonstrations.ids(Filter()) == [2, 3, new]
    project.history.undo()
    project.history.undo()
    assert demonstrations.ids(Filter()) == [1, 2, 3]


@pytest.mark.parametrize("wrong", [lambda d: d.set_rating([1], 6), lambda d: d.set_rating([1], -1),
                                   lambda d: d.add_tag([1], "  ")])
def test_what_makes_no_sense_is_refused(
        demonstrations: Demonstrations, wrong: Callable[[Demonstrations], Changes]) -> None:
    before = demonstrations.get([1])
    with pytest.raises(WorkbenchError):
        wrong(demonstrations)
    assert demonstrations.get([1]) == before
    assert len(demonstrations.history(1)) == 1


def test_many_at_once_are_one_step(project: Project) -> None:
    ids = project.demonstrations.add([Demonstration.pair(f"q{n}", "a") for n in range(5000)]).created
    changes = project.demonstrations.set_status(ids, Status.ACCEPTED)
    assert changes.label == "5\N{NO-BREAK SPACE}000 demonstrations accepted"
    assert project.demonstrations.facets(Filter()).statuses == {Status.ACCEPTED: 5000}
    project.history.undo()
    assert project.demonstrations.facets(Filter()).statuses == {Status.CANDIDATE: 5000}
    project.history.undo()
    assert project.demonstrations.ids(Filter()) == []
