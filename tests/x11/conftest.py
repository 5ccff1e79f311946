"""A real X server without a screen, and the real program in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.x11.screen import SIZE, Program, Screen


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


@pytest.fixture
def start(screen: Screen, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts the program with arguments for ``workbench``, as a user of its own."""
    started: list[Program] = []

    def begin(*arguments: str) -> Program:
        home = tmp_path / "home"
        folders = {"HOME": home, **{f"XDG_{name.upper()}_{kind}": home / name for name, kind in (
            ("data", "HOME"), ("config", "HOME"), ("cache", "HOME"), ("state", "HOME"), ("runtime", "DIR"))}}
        for folder in folders.values():
            folder.mkdir(mode=0o700)
        environment = {**os.environ, **{name: str(folder) for name, folder in folders.items()},
                       "DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb"}
        environment.pop("WAYLAND_DISPLAY", None)
        log = tmp_path / "stderr.txt"
        with log.open("w") as errors:
            process = subprocess.Popen([sys.executable, "-m", "workbench", *arguments], env=environment,
                                       stdout=subprocess.DEVNULL, stderr=errors)
        started.append(Program(process, home, log))
        return started[-1]

    yield begin
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait(20)
