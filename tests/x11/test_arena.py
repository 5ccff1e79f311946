"""The blind arena in a real X server, by keys alone: votes, one taken back, another person, ratings, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.gui import bench_project
from tests.x11.screen import Pixels, Program, Screen, count, drawn
from workbench.domain import Judgement
from workbench.services.project import Project

pytestmark = pytest.mark.x11
TEAL = (0x2A, 0x9B, 0x8D)


def charts(picture: Pixels) -> bool:
    """Bars of the fourth contestant are drawn."""
    return int((picture == np.array(TEAL, np.uint8)).all(axis=2).sum()) > 500


def test_people_vote_and_rate_with_the_keyboard_alone(
    screen: Screen, start: Callable[..., Program], tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    project = Project.create(folder, "Arena")
    set_id = project.lane.run(lambda: bench_project.fill(project, 8))
    project.close()

    def votes(of: Project) -> list[Judgement]:
        there = of.bench.judgements(set_id)
        return [one for one in there if one.by_person and one.judge not in ("anna", "ben")]

    def until(wanted: list[tuple[str, str, float | None]]) -> None:
        """Until these are the votes, in their order: (who, verdict, score); "" is whoever runs the program."""
        def look(of: Project) -> bool:
            said = votes(of)
            return len(said) == len(wanted) and all(
                (who in ("", one.judge)) and (verdict, score) == (one.verdict, one.score)
                for one, (who, verdict, score) in zip(said, wanted, strict=True))

        program.until(look, f"the votes are {wanted}", folder=folder)
        screen.still(lambda picture: picture[:860].tobytes())        # the next question is there

    def command(words: str) -> None:
        bright = count(screen.pixels(), "canvas")
        screen.keys("ctrl+shift+p")
        screen.until(lambda p: count(p, "canvas") < bright / 10, "the palette dims the window")
        screen.tool("type", words)
        screen.keys("Return")
        screen.until(lambda p: count(p, "canvas") > bright / 4, "the palette is closed")

    program = start("open", str(folder))
    screen.take("Arena")
    screen.until(drawn, "the window is drawn")
    screen.keys("ctrl+6")
    screen.until(charts, "Bench shows its charts")
    command("bench: blind arena")
    screen.keys("Left", "Return")
    until([("", "answer", None)])
    screen.keys("x", "Return")
    until([("", "answer", None), ("", "both_bad", None)])
    screen.keys("BackSpace")
    until([("", "answer", None)])
    command("vote under another name")
    screen.keys("ctrl+a")
    screen.tool("type", "carla")
    screen.keys("Return", "Down", "Return")
    until([("", "answer", None), ("carla", "tie", None)])
    command("rate single answers")
    screen.keys("7", "Return")
    until([("", "answer", None), ("carla", "tie", None), ("carla", "", 7.0)])
    screen.keys("0", "Return")
    until([("", "answer", None), ("carla", "tie", None), ("carla", "", 7.0), ("carla", "", 10.0)])
    command("bench: overview")
    screen.until(charts, "the charts are back")
    program.end(screen)
