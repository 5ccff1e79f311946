"""From Welcome to the exported prompt in a real X server: once by keys alone, and the mouse where it drags."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.x11.screen import RAIL, SECOND, Pixels, Program, Screen, chosen_row, drawn, where
from workbench.domain import Status
from workbench.services.demonstrations import Filter
from workbench.services.project import Project

pytestmark = pytest.mark.x11
WORD = "red"                                     # two of the sample's demonstrations have it
ACCEPTED = Filter(statuses=frozenset({Status.ACCEPTED}))
TABLE = slice(560, 760)                          # columns of pixels that only the table's rows cross
TOKENS_AT = np.s_[600:, 720:]                    # the lower right of Rankings
TILES = slice(200, 320)                          # where the prompt's cards have their numbers, whatever the font


def bands(rows: np.ndarray) -> list[int]:
    """The middles of the stretches of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], rows, [False])).astype(int)))
    return [int(middle) for middle in (edges[::2] + edges[1::2]) // 2]


def table_rows(picture: Pixels) -> int:
    """How many rows of the table are in view: each ends with a line (the header and the footer do not count)."""
    return len(bands(where(picture[:, TABLE], "hairline").all(axis=1)[195:825]))


def chosen(picture: Pixels) -> list[int]:
    """Where the table's selected rows are."""
    return bands(where(picture[:, TABLE], "selected").mean(axis=1) > 0.5)


def tiles(picture: Pixels) -> list[int]:
    """Where the prompt's cards are, from the top."""
    return bands(where(picture[:, TILES], "accent_soft").sum(axis=1) > 8)


def order(project: Project) -> list[int]:
    """The ids of the one prompt's demonstrations."""
    return [d.id or 0 for d in project.prompts.get(project.prompts.all()[0].id).demonstrations]


def test_the_keyboard_alone_gets_from_welcome_to_the_exported_prompt(
    screen: Screen, start: Callable[..., Program]
) -> None:
    program = start("open")
    screen.take("Demonstration Workbench")
    screen.until(drawn, "Welcome is drawn")
    screen.keys("Tab", "Tab", "Return")                      # from "New project" to "Open the sample project"
    screen.until(lambda p: drawn(p) and chosen_row(p) > SECOND, "the sample opens on Demonstrations")

    screen.keys("ctrl+f")
    screen.tool("type", WORD)
    found = program.until(lambda p: p.demonstrations.ids(Filter(WORD)), "the sample is there")
    screen.until(lambda p: table_rows(p) == len(found), "the table shows what has the word")
    screen.keys("Return", "a", "4", "j", "a", "k", "e", "End")
    screen.tool("type", " Really.")
    screen.keys("ctrl+Return", "Escape")                     # saves, goes on to the second, and back to the table
    program.until(lambda p: p.demonstrations.ids(ACCEPTED) == found, "A accepts, J goes on")
    edited = program.until(lambda p: [d for d in p.demonstrations.get(found) if "Really." in d.instruction],
                           "what was typed after E is saved")
    assert [(d.id, d.rating) for d in edited] == [(found[0], 4)]

    before = program.until(order, "the sample has a prompt")
    screen.keys("p")
    program.until(lambda p: sorted(order(p)) == sorted([*before, found[1]]), "P adds to the prompt")
    longer = program.until(order, "the prompt")
    screen.keys("ctrl+3")
    screen.until(lambda p: len(tiles(p)) == len(longer), "the prompt's cards are drawn")
    screen.keys("alt+Down")
    program.until(lambda p: order(p) == [longer[1], longer[0], *longer[2:]], "Alt and an arrow move the first card")

    screen.keys("ctrl+4", "ctrl+shift+n")
    screen.focus("Score candidates")
    screen.keys("Tab", "Right", "space", "Tab", "Tab", "Tab", "Down")   # score each; of the pools, the accepted
    screen.keys("shift+Tab", "shift+Tab", "shift+Tab", "shift+Tab", "Return")
    run = program.until(lambda p: next((j for j in p.jobs.all() if j.state == "finished"), None), "it is scored", 120)
    assert program.until(lambda p: p.results.gains(run.id).demonstration_ids, "a ranking") == (found[0],)

    screen.focus("Sample project")
    screen.until(lambda p: where(p[TOKENS_AT], "accent_soft").any(), "no cell is chosen yet")
    screen.keys("Right", "Right")                            # into the heat map: one answer, token by token
    screen.until(lambda p: not where(p[TOKENS_AT], "accent_soft").any(), "the tokens take the empty state's place")
    screen.keys("p")
    program.until(lambda p: set(order(p)) == {*before, *found}, "P adds the best to the prompt")

    screen.keys("ctrl+3")
    screen.until(lambda p: len(tiles(p)) == len(before) + 2, "the prompt has one card more")
    screen.keys("ctrl+e")
    screen.focus("Export")
    screen.keys("Return")                                    # the first format
    screen.focus("Export", 2)
    screen.keys("Return")                                    # under the name that is offered
    screen.until(lambda p: any(program.home.glob("*.txt")), "the prompt is written")
    written = next(program.home.glob("*.txt")).read_text("utf-8")
    assert edited[0].instruction in written
    screen.focus("Sample project")
    program.end(screen)


def test_cards_and_rows_are_dragged_into_their_order(screen: Screen, start: Callable[..., Program]) -> None:
    program = start("open", "--sample")
    screen.take("Sample project")
    screen.until(lambda p: drawn(p) and chosen_row(p) > SECOND and table_rows(p) > 8, "the table is drawn")
    before = program.until(order, "the sample has a prompt")
    first = program.until(lambda p: p.demonstrations.ids(Filter())[:1], "the table's first row")

    def drag(x: int, y: int) -> None:
        """Move with the button down, in steps: a drag begins after some pixels."""
        screen.tool("mousemove", str(x), str(y), "sleep", "0.05", "mousemove_relative", "1", "1")

    screen.until(lambda p: len(chosen(p)) > 0, "the first row is the current one")
    row = screen.still(chosen)[0]
    screen.tool("mousemove", "600", str(row), "mousedown", "1")
    for step in (4, 12, 24):
        drag(600, row + step)
    rail = chosen_row(screen.pixels()) + 36
    drag(RAIL // 2, rail)                                    # it rests on "Prompt" until the page opens
    screen.until(lambda p: len(tiles(p)) == len(before), "the page Prompt opens")
    cards = screen.still(tiles)
    drag(500, cards[1] - 20)                                 # between the first and the second
    screen.tool("mouseup", "1")
    longer = [before[0], *first, *before[1:]]
    dropped = program.until(lambda p: order(p) if order(p) != before else None, "the row is dropped among the cards")
    assert dropped == longer

    screen.until(lambda p: len(tiles(p)) == len(longer), "the prompt has one card more")
    cards = screen.still(tiles)
    screen.tool("mousemove", "400", str(cards[0]), "mousedown", "1")
    for y in (cards[0] + 4, cards[0] + 12, cards[0] + 24, cards[-1], cards[-1] + 20):
        drag(400, y)
    screen.tool("mouseup", "1")
    program.until(lambda p: order(p) == [*longer[1:], longer[0]], "the first card is dropped behind the last")
    screen.focus("Sample project")
    program.end(screen)
