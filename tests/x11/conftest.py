"""A real X server without a screen, and what is drawn on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

SIZE = (1440, 900)
Pixels = npt.NDArray[np.uint8]


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

    def until(self, true: Callable[[Pixels], bool], what: str, seconds: float = 60) -> Pixels:
        """Look at the screen until ``true`` of it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            picture = self.pixels()
            if true(picture):
                return picture
            time.sleep(0.1)
        raise AssertionError(f"did not come to pass: {what}")


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (apt install xvfb xdotool)")
    folder = tmp_path / "framebuffer"
    folder.mkdir()
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-fbdir", str(folder),
         "-nolisten", "tcp", "-noreset"],
        pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        number = os.read(read, 16).decode().strip()        # blocks until the server is ready
        assert number, "Xvfb did not start"
        yield Screen(f":{number}", folder / "Xvfb_screen0")
    finally:
        os.close(read)
        server.terminate()
        server.wait(20)
