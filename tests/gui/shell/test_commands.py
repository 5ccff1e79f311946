from __future__ import annotations

import pytest

from workbench.gui.shell.commands import CommandRegistry, Declared, match
from workbench.gui.shell.pages import PAGES

TITLES = ["Go to Rankings", "Go to Prompt", "Go to Jobs", "Rank the candidates", "Open project…", "Redo", "Undo"]


@pytest.mark.parametrize(("typed", "wanted"), [
    ("gtr", "Go to Rankings"), ("jobs", "Go to Jobs"), ("rank", "Rank the candidates"), ("open", "Open project…"),
    ("UNDO", "Undo"), ("gt j", "Go to Jobs"),
])
def test_a_few_letters_find_the_command(typed: str, wanted: str) -> None:
    scores = {title: match(typed, title) for title in TITLES}
    fitting = {title: score for title, score in scores.items() if score is not None}
    assert max(fitting, key=lambda title: fitting[title]) == wanted


def test_letters_that_do_not_occur_in_order_do_not_match() -> None:
    assert match("xyz", "Go to Rankings") is None
    assert match("sgnik", "Go to Rankings") is None


def test_nothing_typed_matches_everything_alike() -> None:
    assert {match("", title) for title in TITLES} == {0.0}


def test_commands_of_another_page_and_disabled_ones_are_not_available() -> None:
    registry = CommandRegistry()
    registry.declare([Declared("a", "Everywhere", lambda _: None),
                      Declared("d", "Not now", lambda _: None, when=lambda _: False)], None)
    registry.declare([Declared("b", "Here", lambda _: None)], None, page="jobs")
    registry.declare([Declared("c", "There", lambda _: None)], None, page="models")
    assert [command.id for command in registry.available("jobs")] == ["a", "jobs.b"]


def test_a_command_is_called_on_what_declared_it_and_only_when_it_can_be() -> None:
    registry = CommandRegistry()
    ran: list[str] = []
    registry.declare([Declared("a", "Now", list.sort), Declared("b", "Not now", list.clear, when=lambda _: False)], ran)
    ran += ["y", "x"]
    registry.run("a")
    registry.run("b")
    assert ran == ["x", "y"]


def test_a_page_that_goes_takes_its_commands_along() -> None:
    registry = CommandRegistry()
    registry.declare([Declared("a", "Here", lambda _: None)], None, page="jobs")
    registry.declare([Declared("b", "Everywhere", lambda _: None)], None)
    registry.drop_page("jobs")
    assert [command.id for command in registry.all()] == ["b"]


def test_each_page_declares_its_commands_in_one_table_with_ids_and_keys_of_their_own() -> None:
    for page in PAGES:
        commands = page.commands()
        ids = [command.id for command in commands]
        keys = [key for command in commands for key in command.shortcuts]
        assert len(ids) == len(set(ids)), page.name
        assert len(keys) == len(set(keys)), page.name
