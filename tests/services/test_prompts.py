import pytest

from workbench.domain import Changes, Demonstration, Kind, Position, Prompt, Role, Turn
from workbench.errors import PromptError, WorkbenchError
from workbench.services.demonstrations import Filter
from workbench.services.project import Project
from workbench.services.prompts import MOST

BASE = Prompt("Be brief.", tuple(Demonstration.pair(f"base {n}", "yes") for n in range(3)), name="URIAL",
              verbatim="Be brief.\r\n")


@pytest.fixture
def prompt_id(project: Project) -> int:
    project.demonstrations.add([Demonstration.pair("base 1", "yes"), *(
        Demonstration.pair(f"new {n}", "no") for n in range(3))])
    (id,) = project.prompts.create(BASE).created
    return id


def _instructions(project: Project, prompt_id: int, version: int | None = None) -> list[str]:
    return [d.instruction for d in project.prompts.get(prompt_id, version).demonstrations]


def test_a_prompt_is_stored_with_the_demonstrations_that_are_not_there_yet(project: Project, prompt_id: int) -> None:
    prompt = project.prompts.get(prompt_id)
    assert (prompt.name, prompt.rules, prompt.verbatim, prompt.version) == ("URIAL", "Be brief.", "Be brief.\r\n", 1)
    assert [d.instruction for d in prompt.demonstrations] == ["base 0", "base 1", "base 2"]
    assert [d.id for d in prompt.demonstrations] == [5, 1, 6]
    assert prompt.content_hash == BASE.content_hash
    assert [(info.name, info.version, info.demonstrations) for info in project.prompts.all()] == [("URIAL", 1, 3)]


def test_undoing_a_new_prompt_takes_its_new_demonstrations_away_too(project: Project, prompt_id: int) -> None:
    undone = project.history.undo()
    assert undone
    assert set(undone.touched) == {Kind.PROMPT, Kind.DEMONSTRATION}
    assert project.prompts.all() == []
    assert project.demonstrations.ids(Filter()) == [1, 2, 3, 4]


@pytest.mark.parametrize(("position", "wanted"), [
    (Position.BEFORE_BASE, ["new 1", "new 0", "base 0", "base 1", "base 2"]),
    (Position.AFTER_BASE, ["base 0", "base 1", "base 2", "new 1", "new 0"]),
])
def test_new_demonstrations_go_before_or_after_the_base_once(
        project: Project, prompt_id: int, position: Position, wanted: list[str]) -> None:
    project.prompts.add_demonstrations(prompt_id, [3, 1, 2, 3], position)
    assert _instructions(project, prompt_id) == wanted
    assert project.prompts.add_demonstrations(prompt_id, [3, 2], position) == Changes()


def test_a_whole_pool_is_not_put_into_a_prompt(project: Project, prompt_id: int) -> None:
    pool = project.demonstrations.add([Demonstration.pair(f"of a pool {n}", "") for n in range(MOST)]).created
    for refused in (lambda: project.prompts.add_demonstrations(prompt_id, pool),
                    lambda: project.prompts.set_demonstrations(prompt_id, [1, *pool]),
                    lambda: project.prompts.create(Prompt(), [1, *pool])):
        with pytest.raises(PromptError, match="at most 1\N{NO-BREAK SPACE}000 demonstrations"):
            refused()
    assert len(_instructions(project, prompt_id)) == 3
    project.prompts.set_demonstrations(prompt_id, pool)
    assert len(_instructions(project, prompt_id)) == MOST


def test_a_list_in_another_order_is_called_that(project: Project, prompt_id: int) -> None:
    change = project.prompts.set_demonstrations
    assert change(prompt_id, [2, 1]).label.endswith("now 2 demonstrations")
    assert change(prompt_id, [1, 2]).label.endswith("in another order")


def test_every_change_is_a_version_and_old_ones_can_be_read(project: Project, prompt_id: int) -> None:
    prompts = project.prompts
    prompts.set_rules(prompt_id, "Be long.")
    prompts.set_template(prompt_id, "plain")
    prompts.set_demonstrations(prompt_id, [2, 1])
    now = prompts.get(prompt_id)
    assert (now.rules, now.template, now.version, now.verbatim) == ("Be long.", "plain", 4, "")
    assert prompts.get(prompt_id, 1).verbatim == "Be brief.\r\n"
    assert [prompts.get(prompt_id, n).content_hash for n in (1, 4)] == [BASE.content_hash, now.content_hash]
    assert [info.version for info in prompts.versions(prompt_id)] == [4, 3, 2, 1]
    assert prompts.set_rules(prompt_id, "Be long.") == Changes()


def test_undo_goes_back_a_version_and_a_new_change_takes_a_new_number(project: Project, prompt_id: int) -> None:
    project.prompts.set_rules(prompt_id, "two")
    project.history.undo()
    assert project.prompts.get(prompt_id).verbatim == "Be brief.\r\n"
    project.prompts.set_rules(prompt_id, "three")
    assert (project.prompts.get(prompt_id).version, project.prompts.get(prompt_id, 2).rules) == (3, "two")


def test_an_edited_demonstration_counts_in_the_newest_version_and_not_in_older_ones(
        project: Project, prompt_id: int) -> None:
    project.prompts.set_rules(prompt_id, "later")
    project.demonstrations.set_turns(1, [Turn(Role.USER, "edited once")])
    project.demonstrations.set_turns(1, [Turn(Role.USER, "edited twice")])
    assert _instructions(project, prompt_id) == ["base 0", "edited twice", "base 2"]
    assert _instructions(project, prompt_id, 1) == ["base 0", "base 1", "base 2"]
    assert project.prompts.get(prompt_id, 1).content_hash == BASE.content_hash


def test_the_files_own_text_is_not_given_out_for_a_prompt_that_says_something_else(
        project: Project, prompt_id: int) -> None:
    project.demonstrations.set_turns(1, [Turn(Role.USER, "edited")])
    assert project.prompts.get(prompt_id).verbatim == ""
    project.history.undo()
    assert project.prompts.get(prompt_id).verbatim == "Be brief.\r\n"


def test_a_deleted_demonstration_stays_in_the_prompt_that_uses_it(project: Project, prompt_id: int) -> None:
    project.demonstrations.delete([1, 5])
    assert project.demonstrations.ids(Filter()) == [2, 3, 4, 6]
    assert _instructions(project, prompt_id) == ["base 0", "base 1", "base 2"]
    project.prompts.set_demonstrations(prompt_id, [6, 5])
    assert _instructions(project, prompt_id) == ["base 2", "base 0"]


def test_an_older_version_is_restored_with_the_files_text(project: Project, prompt_id: int) -> None:
    project.prompts.set_rules(prompt_id, "two")
    project.prompts.set_demonstrations(prompt_id, [])
    project.prompts.restore(prompt_id, 1)
    now = project.prompts.get(prompt_id)
    assert (now.version, now.verbatim, now.content_hash) == (4, "Be brief.\r\n", BASE.content_hash)


def test_a_prompt_is_renamed_and_deleted_and_both_can_be_undone(project: Project, prompt_id: int) -> None:
    assert project.prompts.rename(prompt_id, " better ").label == "Prompt “URIAL” renamed to “better”"
    assert project.prompts.get(prompt_id).name == "better"
    project.prompts.delete(prompt_id)
    assert project.prompts.all() == []
    project.history.undo()
    project.history.undo()
    assert [info.name for info in project.prompts.all()] == ["URIAL"]


def test_what_is_not_there_is_said(project: Project, prompt_id: int) -> None:
    for wrong in (lambda: project.prompts.get(99), lambda: project.prompts.get(prompt_id, 99),
                  lambda: project.prompts.rename(prompt_id, " ")):
        with pytest.raises(PromptError):
            wrong()
    with pytest.raises(WorkbenchError, match="no demonstration 99"):
        project.prompts.set_demonstrations(prompt_id, [1, 99])
    assert project.prompts.get(prompt_id).version == 1
