"""What can be done on the Rankings page, by key and by name."""

from __future__ import annotations

from workbench.gui.rankings.page import RankingsPage
from workbench.gui.shell.commands import Declared

COMMANDS: tuple[Declared[RankingsPage], ...] = (
    Declared("new", "Start a score or search run…", lambda page: page.starter.open_form(), "Ctrl+Shift+N", "play",
             lambda page: not page.session.read_only),
    Declared("compare", "Compare two candidates, or one with the best", RankingsPage.compare, "C", "split",
             lambda page: page.model.rowCount() > 1),
    Declared("open", "Open the demonstration", RankingsPage.open_demonstration, "E", "demos",
             lambda page: page.model.rowCount() > 0),
    Declared("add", "Add the best candidates to the prompt", lambda page: page.tools.add_to_prompt(), "P", "plus",
             lambda page: page.tools.add.isEnabled()),
    Declared("export", "Export the ranking table…", lambda page: page.tools.export_table(), "Ctrl+E", "export"),
)
