"""The real program in a real X server: it is started, worked with keys, looked at, and ended."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.x11.screen import SECOND, Program, Screen, chosen_row, count, drawn

pytestmark = pytest.mark.x11


def test_the_sample_opens_pages_change_by_key_and_the_program_ends_in_order(
    screen: Screen, start: Callable[..., Program]
) -> None:
    program = start("open", "--sample")
    screen.take("Sample project")
    demonstrations = screen.until(lambda p: drawn(p) and chosen_row(p) > SECOND, "the page Demonstrations is drawn")
    rows = [chosen_row(demonstrations)]

    for key in ("ctrl+7", "ctrl+8", "ctrl+1"):
        screen.tool("key", key)
        picture = screen.until(lambda p: chosen_row(p) not in (0, rows[-1]), f"{key} changes the page")
        rows.append(chosen_row(picture))
    assert rows[3] < rows[0] < rows[1] < rows[2]             # Welcome, Demonstrations, Models, Jobs down the rail
    assert count(picture, "accent") > 1_000

    screen.tool("key", "ctrl+shift+p")
    screen.until(lambda p: count(p, "canvas") < count(picture, "canvas") / 10, "the palette dims the window")
    screen.tool("type", "gtj")
    screen.tool("key", "Return")
    screen.until(lambda p: chosen_row(p) == rows[2], "the palette goes to Jobs")

    screen.tool("key", "ctrl+shift+l")
    dark = screen.until(lambda p: count(p, "canvas", "dark") > 100_000, "the dark theme is drawn")
    assert count(dark, "surface") < 2_000                    # nothing white is left over
    assert count(dark, "surface", "dark") > 300_000

    program.end(screen)
