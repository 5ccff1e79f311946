from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from workbench.command_line import window

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display here")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_display_there_is_none() -> None:
    assert not window.has_display()


def test_wayland_is_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert window.has_display()


def test_an_x_display_that_nobody_answers_for_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":97531")
    assert not window.has_display()


def test_an_x_display_that_answers_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind("\0/tmp/.X11-unix/X97532")
        server.listen()
        monkeypatch.setenv("DISPLAY", ":97532.0")
        assert window.has_display()


def test_a_forwarded_display_is_taken_on_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", "localhost:10.0")
    assert window.has_display()


def test_the_offscreen_platform_cannot_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert not window.has_display()


def test_open_without_a_display_says_so_and_takes_the_tour(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    taken: list[Path] = []
    monkeypatch.setattr("workbench.tour.take_tour", lambda out, say, quiet: taken.append(out) or {})

    from workbench.cli import main

    assert main(["open", "--sample"]) == 0
    assert taken == [window.TOUR_FOLDER]
    assert "There is no display here, so the tour runs instead of the window." in capsys.readouterr().err
