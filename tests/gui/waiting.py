"""When a page, or all that was handed to a session, is at rest. Not for a page to which a running job sends events."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.gui.shell.page import Page
from workbench.gui.shell.session import Session


def settled(session: Session, qtbot: QtBot, quiet: Callable[[], bool] = lambda: True) -> None:
    """Run the event loop until nothing handed to the session is under way, ``quiet`` says so, and all is laid out."""

    def nothing() -> bool:
        return not session.busy and quiet()

    def at_rest() -> bool:
        if not nothing():
            return False
        QApplication.processEvents()                 # what the last answer posted: layouts, timers of no delay
        return nothing()

    qtbot.waitUntil(at_rest)


def rest(page: Page, qtbot: QtBot) -> None:
    """As ``settled``, with what the page itself waits for."""
    settled(page.session, qtbot, lambda: not page.busy())
