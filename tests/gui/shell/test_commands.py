from __future__ import annotations

import pytest

from workbench.gui.shell.commands import CommandRegistry, match

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
    registry.add("a", "Everywhere", lambda: None)
    registry.add("b", "Here", lambda: None, page="jobs")
    registry.add("c", "There", lambda: None, page="models")
    registry.add("d", "Not now", lambda: None, enabled=lambda: False)
    assert [c.id for c in registry.available("jobs")] == ["a", "b"]


def test_a_disabled_command_does_not_run() -> None:
    registry = CommandRegistry()
    ran: list[str] = []
    registry.add("a", "Not now", lambda: ran.append("a"), enabled=lambda: False)
    registry.run("a")
    assert ran == []
