"""A screen that nobody sees, the program that draws on it, and ways to look at both."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

import workbench_resources as resources
from workbench.services.project import Project

SIZE = (1440, 900)
TOKENS = json.loads(resources.path("palettes", "tokens.json").read_text("utf-8"))
RAIL, SECOND = 150, 93                           # the rail's labels end, and its second item begins, about here
Pixels = npt.NDArray[np.uint8]
T = TypeVar("T")


def where(picture: Pixels, token: str, theme: str = "light") -> npt.NDArray[np.bool_]:
    """(height, width): which pixels have exactly a token's colour."""
    text = TOKENS[theme][token]
    return (picture == np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)).all(axis=2)


def count(picture: Pixels, token: str, theme: str = "light") -> int:
    return int(where(picture, token, theme).sum())


def chosen_row(picture: Pixels) -> int:
    """The middle of the rail's chosen item, 0 where there is none."""
    rows = np.flatnonzero(where(picture[:, 10:RAIL], "accent_soft").mean(axis=1) > 0.5)
    return int(rows.mean()) if len(rows) else 0


def drawn(picture: Pixels) -> bool:
    """A page of the light theme: much surface, text, and one primary button in the accent colour."""
    return count(picture, "surface") > 200_000 and count(picture, "accent") > 1_000 and count(picture, "text") > 100


@dataclass(frozen=True, slots=True)
class Screen:
    """``display`` is what DISPLAY is set to; ``framebuffer`` the file in which Xvfb keeps its picture."""

    display: str
    framebuffer: Path

    def pixels(self) -> Pixels:
        """(height, width, 3) RGB, read from the X window dump that Xvfb maps its screen to."""
        data = self.framebuffer.read_bytes()
        header = np.frombuffer(data[:100], ">u4")
        start, colours = int(header[0]), int(header[19])
        width, height, line = int(header[4]), int(header[5]), int(header[12])
        body = np.frombuffer(data, np.uint8, count=height * line, offset=start + 12 * colours)
        bgrx = body.reshape(height, line)[:, : width * 4].reshape(height, width, 4)
        return np.ascontiguousarray(bgrx[:, :, 2::-1])

    def tool(self, *arguments: str) -> str:
        """Run xdotool; returns what it says."""
        done = subprocess.run(["xdotool", *arguments], env={**os.environ, "DISPLAY": self.display},
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def keys(self, *names: str) -> None:
        """Press these, one after the other, slowly enough to be separate."""
        self.tool("key", "--delay", "60", *names)

    def window(self, title: str, count: int = 1) -> str:
        """The newest window that has ``title`` (a regular expression) in its title, once there are ``count``."""
        found: list[str] = []

        def look(picture: Pixels) -> bool:
            search = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", title], capture_output=True,
                                    env={**os.environ, "DISPLAY": self.display}, text=True, timeout=60)
            found[:] = sorted(search.stdout.split(), key=int)        # a program numbers its windows upwards
            return len(found) >= count

        self.until(look, f"{count} windows named {title}")
        return found[-1]

    def take(self, title: str) -> None:
        """Give a window the whole screen and the keyboard, which no window manager does here."""
        window = self.window(title)
        self.tool("windowsize", window, *map(str, SIZE))
        self.tool("windowmove", window, "0", "0")
        self.tool("windowfocus", "--sync", window)

    def focus(self, title: str, count: int = 1) -> None:
        """Give the keyboard to the newest window with that title, once there are ``count``."""
        self.tool("windowfocus", "--sync", self.window(title, count))

    def until(self, true: Callable[[Pixels], bool], what: str, seconds: float = 60) -> Pixels:
        """Look at the screen until ``true`` of it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            picture = self.pixels()
            if true(picture):
                return picture
            time.sleep(0.1)
        last = self.framebuffer.with_name("last.ppm")
        last.write_bytes(b"P6 %d %d 255\n" % SIZE + picture.tobytes())
        raise AssertionError(f"did not come to pass: {what}; see {last}")

    def still(self, look: Callable[[Pixels], T], seconds: float = 2) -> T:
        """What ``look`` finds, once it has found the same for a while."""
        found, since = look(self.pixels()), time.monotonic()
        while time.monotonic() < since + seconds:
            time.sleep(0.1)
            now = look(self.pixels())
            if now != found:
                found, since = now, time.monotonic()
        return found


@dataclass(frozen=True, slots=True)
class Program:
    """The running program; ``home`` is its user's home folder, and ``log`` holds its standard error."""

    process: subprocess.Popen[bytes]
    home: Path
    log: Path

    def until(self, look: Callable[[Project], T], what: str, seconds: float = 60, folder: Path | None = None) -> T:
        """Look at a project (by default the sample), as a second program may, until ``look`` finds something."""
        folder = folder or self.home / "data" / "demonstration-workbench" / "sample-project"
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if (folder / "project.db").is_file():
                project = Project.open(folder, read_only=True)
                try:
                    found = project.lane.run(lambda project=project: look(project))
                finally:
                    project.close()
                if found:
                    return found
            time.sleep(0.2)
        raise AssertionError(f"did not come to pass: {what}")

    def end(self, screen: Screen) -> None:
        """Ctrl+Q, and no complaint."""
        screen.keys("ctrl+q")
        assert self.process.wait(60) == 0
        assert "Traceback" not in self.log.read_text("utf-8")
