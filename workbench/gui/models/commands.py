"""What can be done on the Models page, by key and by name."""

from __future__ import annotations

from workbench.gui.models.page import ModelsPage
from workbench.gui.shell.commands import Declared
from workbench.gui.shell.page import can_write

COMMANDS: tuple[Declared[ModelsPage], ...] = (
    Declared("add", "Add a model…", ModelsPage.choose_folder, "Ctrl+N", "models", can_write),
    Declared("hub", "Add a model from the Hub…", ModelsPage.open_hub, (), "models", can_write),
    Declared("server", "Add a model on a server…", ModelsPage.open_server, (), "link", can_write),
    Declared("filter", "Filter models", ModelsPage.focus_filter, "Ctrl+F", "filter"),
    Declared("try", "Try the chosen model", ModelsPage.try_model, "Ctrl+T", "play"),
)
