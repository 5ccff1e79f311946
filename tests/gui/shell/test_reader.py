"""Reading off the thread: one at a time, once more if something changed, and never for a view that is hidden."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from workbench.errors import WorkbenchError
from workbench.gui.shell.reader import Reader
from workbench.gui.shell.session import Session
from workbench.services.project import Project

Settle = Callable[[], None]


class View(QWidget):
    """Shows the number of the reading that arrived last; each reading waits until it is let go on."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.begun = 0
        self.shown: list[int] = []
        self.wrong: list[Exception] = []
        self.gate, self.fault = threading.Event(), False
        self.gate.set()
        self.reader: Reader[int] = Reader(session, self, self._question, self.shown.append, self.wrong.append,
                                          wait_ms=5)

    def _question(self) -> Callable[[Project], int]:
        self.begun += 1
        number, fault = self.begun, self.fault

        def work(project: Project) -> int:
            assert self.gate.wait(20)
            if fault:
                raise WorkbenchError("The file is gone.")
            return number

        return work


def view(session: Session, qtbot: QtBot, *, shown: bool = True) -> View:
    made = View(session)
    qtbot.addWidget(made)
    made.setVisible(shown)
    return made


def test_many_calls_are_one_reading(opened: Session, qtbot: QtBot) -> None:
    seen = view(opened, qtbot)
    for _ in range(5):
        seen.reader.read_soon()
    qtbot.waitUntil(lambda: not seen.reader.busy())
    assert seen.shown == [1]


def test_what_changes_during_a_reading_is_read_once_after_it(opened: Session, qtbot: QtBot) -> None:
    seen = view(opened, qtbot)
    seen.gate.clear()
    seen.reader.read()
    for _ in range(3):
        seen.reader.read_soon()
        seen.reader.read()
    assert (seen.begun, seen.reader.stale) == (1, True)
    seen.gate.set()
    qtbot.waitUntil(lambda: not seen.reader.busy())
    assert (seen.shown, seen.reader.stale) == ([1, 2], False)


def test_a_hidden_view_is_read_when_it_is_shown_again(opened: Session, qtbot: QtBot) -> None:
    seen = view(opened, qtbot, shown=False)
    seen.reader.read_soon()                      # the first reading does not wait for that
    qtbot.waitUntil(lambda: seen.shown == [1])
    seen.reader.read_soon()
    assert not seen.reader.busy()
    seen.show()
    seen.reader.catch_up()
    qtbot.waitUntil(lambda: seen.shown == [1, 2])
    seen.reader.catch_up()                       # nothing changed
    assert not seen.reader.busy()


def test_after_a_reading_that_failed_the_next_one_is_made(opened: Session, qtbot: QtBot) -> None:
    seen = view(opened, qtbot)
    seen.fault = True
    seen.reader.read()
    qtbot.waitUntil(lambda: len(seen.wrong) == 1)
    seen.fault = False
    seen.reader.read()
    qtbot.waitUntil(lambda: seen.shown == [2])


def test_without_a_project_nothing_is_read(session: Session, qtbot: QtBot) -> None:
    seen = view(session, qtbot)
    seen.reader.read()
    assert (seen.begun, seen.reader.busy()) == (0, False)
