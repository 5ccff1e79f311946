"""Counting tokens says how far it is, as a job does."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

import workbench_resources as resources
from workbench.domain import Demonstration
from workbench.gui.shell.session import Session
from workbench.gui.shell.status_bar import StatusBar
from workbench.gui.shell.token_counting import CHUNK, TELL_EVERY, TITLE, TokenCounting
from workbench.services.project import Project
from workbench.services.tokenizers import Tokenizers

MANY = CHUNK * TELL_EVERY + 30


def test_counting_many_tokens_tells_how_far_it_is_and_ends(
        opened: Session, qtbot: QtBot, settle: Callable[[], None]) -> None:
    def fill(project: Project) -> None:
        project.demonstrations.add([Demonstration.pair(f"question {n}", "answer") for n in range(MANY)])
        project.models.register(resources.path("models", "tiny-student"))

    opened.ask(fill)
    settle()
    told: list[tuple[str, int, int, float]] = []
    opened.progress.connect(lambda *what: told.append(what))
    owner = QObject()
    counting = TokenCounting(opened, Tokenizers(), owner)
    counting.start()
    qtbot.waitUntil(lambda: not counting.busy())
    assert [(title, done, total) for title, done, total, _ in told] == [
        (TITLE, CHUNK * TELL_EVERY, MANY + 12), ("", 0, 0)]
    assert told[0][3] > 0


def test_the_status_bar_shows_what_the_window_does_until_it_is_over(opened: Session, qtbot: QtBot) -> None:
    bar = StatusBar(opened)
    qtbot.addWidget(bar)
    line = bar._job
    opened.progress.emit(TITLE, 500, 2000, 100.0)
    assert line._title.text() == TITLE
    assert line._rest.text() == "25 %  ·  15 s left  ·  100 a second"
    assert not line._bar.isHidden()
    opened.progress.emit("", 0, 0, 0.0)
    assert line._title.text() == "No job is running"
    assert line._bar.isHidden()
