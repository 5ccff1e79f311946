"""What can be done on the Jobs page, by key and by name."""

from __future__ import annotations

from workbench.gui.jobs.page import JobsPage
from workbench.gui.shell.commands import Declared

COMMANDS: tuple[Declared[JobsPage], ...] = (
    Declared("toggle", "Pause or resume the chosen job", JobsPage.toggle, "Space", "pause"),
    Declared("cancel", "Cancel or remove the chosen job", JobsPage.cancel_or_remove, "Del", "x"),
    Declared("up", "Start the chosen job earlier", lambda page: page.move_job(-1), "Alt+Up", "up"),
    Declared("down", "Start the chosen job later", lambda page: page.move_job(1), "Alt+Down", "down"),
    Declared("log", "Show or hide the log", lambda page: page.log.toggle(), "L", "log"),
)
