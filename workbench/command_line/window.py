"""Commands that need the window: open, and the tour, whose pictures are of it."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
from argparse import Namespace
from pathlib import Path

from workbench.command_line.output import Output
from workbench.errors import WorkbenchError

TOUR_FOLDER = Path("build") / "tour"


def open_(options: Namespace) -> Output:
    """Show the window; without a display say so and take the tour instead."""
    if not has_display():
        print("There is no display here, so the tour runs instead of the window.", file=sys.stderr)
        options.out = TOUR_FOLDER
        return tour(options)
    try:
        from workbench.gui.shell.application import run
    except ImportError as error:
        raise WorkbenchError(
            f"The window cannot start: {error}.",
            remedy="Install the libraries that Qt needs (Debian and Ubuntu: libegl1 libgl1 libxkbcommon-x11-0 "
                   "libxcb-cursor0 libdbus-1-3 libfontconfig1).",
        ) from error
    code = run(options.project, sample=options.sample)
    return Output({"exit": code}, "", code=1 if code else 0)


def tour(options: Namespace) -> Output:
    from workbench.tour import take_tour

    def say(line: str) -> None:
        if not options.json:
            print(line, file=sys.stderr)

    summary = take_tour(options.out, say, quiet=options.json)
    return Output(summary, f"The tour's results are in {options.out}.")


def has_display() -> bool:
    """Whether a window could be seen. Off Linux there always is one; offscreen platforms are none."""
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in ("offscreen", "minimal"):
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("WAYLAND_DISPLAY")) or _x_display(os.environ.get("DISPLAY", ""))


def _x_display(name: str) -> bool:
    """A local X display that nobody answers for cannot be opened; Qt would abort on it. Others are taken on trust."""
    local = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", name)
    if local is None:
        return bool(name)
    path = f"/tmp/.X11-unix/X{local[1]}"
    for address in (path, f"\0{path}"):              # the second is Linux's abstract socket
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, contextlib.suppress(OSError):
            probe.connect(address)
            return True
    return False
