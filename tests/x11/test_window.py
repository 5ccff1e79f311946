"""The real program in a real X server: it is started, worked with keys, looked at, and ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import resources

if TYPE_CHECKING:
    from conftest import Pixels, Screen

pytestmark = pytest.mark.x11
TOKENS = json.loads(resources.path("palettes", "tokens.json").read_text("utf-8"))
RAIL, SECOND = 150, 93                           # the rail's labels end, and its second item begins, about here


def rgb(token: str, theme: str = "light") -> np.ndarray:
    text = TOKENS[theme][token]
    return np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)


def count(picture: Pixels, token: str, theme: str = "light") -> int:
    """How many pixels have exactly a token's colour."""
    return int((picture == rgb(token, theme)).all(axis=2).sum())


def chosen_row(picture: Pixels) -> int:
    """The middle of the rail's chosen item, 0 where there is none."""
    rows = np.flatnonzero((picture[:, 10:RAIL] == rgb("accent_soft")).all(axis=2).mean(axis=1) > 0.5)
    return int(rows.mean()) if len(rows) else 0


def drawn(picture: Pixels) -> bool:
    """A page of the light theme: much surface, text, and one primary button in the accent colour."""
    return count(picture, "surface") > 200_000 and count(picture, "accent") > 1_000 and count(picture, "text") > 300


@pytest.fixture
def program(screen: Screen, tmp_path: Path):
    """The program with the sample project, and its standard error in a file."""
    home = {name: str(tmp_path / name.lower()) for name in
            ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")}
    for folder in home.values():
        Path(folder).mkdir(mode=0o700)
    environment = {**os.environ, **home, "DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb"}
    environment.pop("WAYLAND_DISPLAY", None)
    log = tmp_path / "stderr.txt"
    with log.open("w") as errors:
        process = subprocess.Popen([sys.executable, "-m", "workbench", "open", "--sample"], env=environment,
                                   stdout=subprocess.DEVNULL, stderr=errors)
    try:
        yield process, log
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(20)


def test_the_sample_opens_pages_change_by_key_and_the_program_ends_in_order(
    screen: Screen, program: tuple[subprocess.Popen[bytes], Path]
) -> None:
    process, log = program
    window = screen.tool("search", "--sync", "--onlyvisible", "--name", "Sample project").splitlines()[-1]
    screen.tool("windowsize", window, "1440", "900")
    screen.tool("windowmove", window, "0", "0")
    screen.tool("windowfocus", "--sync", window)
    demonstrations = screen.until(lambda p: drawn(p) and chosen_row(p) > SECOND, "the page Demonstrations is drawn")
    rows = [chosen_row(demonstrations)]

    for key in ("ctrl+6", "ctrl+7", "ctrl+1"):
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

    screen.tool("key", "ctrl+q")
    assert process.wait(30) == 0
    said = log.read_text("utf-8")
    assert "Traceback" not in said, said
