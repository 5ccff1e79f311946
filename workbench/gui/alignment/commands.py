"""What can be done on the Alignment page, by key and by name."""

from __future__ import annotations

from workbench.gui.alignment.page import AlignmentPage
from workbench.gui.shell.commands import Declared
from workbench.gui.shell.page import can_write

COMMANDS: tuple[Declared[AlignmentPage], ...] = (
    Declared("start", "Start training", lambda page: page.form.start.click(), "Ctrl+Return", "play", can_write),
    Declared("pause", "Pause or resume the chosen run", AlignmentPage.pause, "Ctrl+Shift+Space", "pause", can_write),
    Declared("methods", "Train several methods and compare them…", lambda page: page.form.several.click(), (), "split",
             can_write),
    Declared("export", "Export the trained student…", AlignmentPage.export_student, (), "export", can_write),
    Declared("benchmarks", "Run benchmarks on a model…", AlignmentPage.ask_benchmarks, (), "bench", can_write),
    Declared("register", "Register the trained student as a model…", AlignmentPage.ask_name, (), "models", can_write),
    Declared("compare", "Compare runs", lambda page: page.compare.click(), (), "split"),
)
