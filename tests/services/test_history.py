"""Undo and redo, over everything that a person can change, across restarts."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.domain import Changes, Demonstration, Kind, Prompt, Question, QuestionSet, Role, Status, Turn
from workbench.errors import WorkbenchError
from workbench.services.demonstrations import Filter
from workbench.services.project import Project
from workbench_db import check


def _state(project: Project) -> dict[str, Any]:
    """All that a person can see."""
    ids = project.demonstrations.ids(Filter())
    return {
        "demonstrations": project.demonstrations.get(ids),
        "found": project.demonstrations.ids(Filter(text="word ")),
        "prompts": [project.prompts.get(info.id) for info in project.prompts.all()],
        "questions": project.questions.sets(),
    }


def test_nothing_was_done_so_nothing_is_undone(project: Project) -> None:
    assert project.history.undo() is None
    assert project.history.redo() is None
    assert project.history.labels() == ("", "")


def test_undo_and_redo_work_after_a_restart(project: Project) -> None:
    project.demonstrations.add([Demonstration.pair("q", "a")])
    project.demonstrations.set_rating([1], 3)
    project.close()
    again = Project.open(project.folder)
    assert again.history.labels() == ("1 demonstration rated 3", "")
    undone = again.history.undo()
    assert undone
    assert undone.touched == {Kind.DEMONSTRATION: frozenset({1})}
    again.close()
    last = Project.open(project.folder)
    assert last.history.labels() == ("1 demonstration added", "1 demonstration rated 3")
    done = last.history.redo()
    assert done
    assert (done.label, done.undoable) == ("Done again: 1 demonstration rated 3", True)
    assert last.demonstrations.get([1])[0].rating == 3
    last.close()


def test_a_new_change_after_undo_leaves_the_undone_behind(project: Project) -> None:
    project.demonstrations.add([Demonstration.pair("q", "a")])
    project.demonstrations.set_rating([1], 3)
    project.history.undo()
    project.demonstrations.set_rating([1], 5)
    assert project.history.redo() is None
    assert project.demonstrations.get([1])[0].rating == 5
    assert [entry.summary for entry in project.demonstrations.history(1)][:2] == [
        "Rating none → 5", "Rating none → 3 (undone)"]


TEXT = st.sampled_from(["word one", "word two", "other", "third"])
IDS = st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True)
ACTIONS: st.SearchStrategy[Callable[[Project], Changes]] = st.one_of(
    st.lists(TEXT, min_size=1, max_size=3).map(
        lambda texts: lambda p: p.demonstrations.add([Demonstration.pair(t, "a", tags=("t",)) for t in texts])),
    st.tuples(IDS, st.sampled_from(list(Status))).map(lambda a: lambda p: p.demonstrations.set_status(*a)),
    st.tuples(IDS, st.integers(0, 5)).map(lambda a: lambda p: p.demonstrations.set_rating(*a)),
    st.tuples(IDS, TEXT).map(lambda a: lambda p: p.demonstrations.add_tag(*a)),
    st.tuples(IDS, TEXT).map(lambda a: lambda p: p.demonstrations.remove_tag(*a)),
    st.tuples(IDS, TEXT).map(lambda a: lambda p: p.demonstrations.set_category(*a)),
    st.tuples(st.integers(1, 5), TEXT).map(lambda a: lambda p: p.demonstrations.set_note(*a)),
    st.tuples(st.integers(1, 5), TEXT).map(
        lambda a: lambda p: p.demonstrations.set_turns(a[0], [Turn(Role.USER, a[1]), Turn(Role.ASSISTANT, "b")])),
    IDS.map(lambda ids: lambda p: p.demonstrations.delete(ids)),
    TEXT.map(lambda t: lambda p: p.prompts.create(Prompt(t, (Demonstration.pair(t, "a"),), name=t))),
    st.tuples(st.integers(1, 2), TEXT).map(lambda a: lambda p: p.prompts.set_rules(*a)),
    st.tuples(st.integers(1, 2), IDS).map(lambda a: lambda p: p.prompts.set_demonstrations(*a)),
    st.tuples(st.integers(1, 2), TEXT).map(lambda a: lambda p: p.prompts.rename(*a)),
    st.integers(1, 2).map(lambda id: lambda p: p.prompts.delete(id)),
    TEXT.map(lambda t: lambda p: p.questions.add(QuestionSet(t, (Question((t,)),)))),
    st.integers(1, 2).map(lambda id: lambda p: p.questions.delete(id)),
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ACTIONS, min_size=5, max_size=14))
def test_every_step_can_be_taken_back_and_done_again(tmp_path_factory: Any, actions: list[Any]) -> None:
    project = Project.create(tmp_path_factory.mktemp("history") / "project", person="Ada")
    states = [_state(project)]
    for action in actions:
        try:
            changes = action(project)
        except WorkbenchError:                 # no such prompt, the same text twice: nothing may have changed
            assert _state(project) == states[-1]
            continue
        if changes.undoable:
            states.append(_state(project))
        else:
            assert _state(project) == states[-1]
    for state in states[-2::-1]:
        assert project.history.undo() is not None
        assert _state(project) == state
    assert project.history.undo() is None
    for state in states[1:]:
        assert project.history.redo() is not None
        assert _state(project) == state
    assert project.history.redo() is None
    project.close()
    assert check.check(project.folder) == []
