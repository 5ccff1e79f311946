"""What can be done on the Prompt page, by key and by name."""

from __future__ import annotations

from workbench.gui.prompt.page import PromptPage
from workbench.gui.shell.commands import Declared
from workbench.gui.shell.page import can_write


def has_prompt(page: PromptPage) -> bool:
    return page.session.project is not None and page.state.prompt is not None


def can_change(page: PromptPage) -> bool:
    return can_write(page) and has_prompt(page)


COMMANDS: tuple[Declared[PromptPage], ...] = (
    Declared("copy", "Copy prompt", lambda page: page.commands.copy(), "Ctrl+Shift+C", "copy", has_prompt),
    Declared("add", "Add demonstration…", lambda page: page.commands.add(), "Ctrl+N", "plus", can_change),
    Declared("fill", "Fill the rest by search", lambda page: page.commands.fill(), (), "rank", can_change),
    Declared("measure", "Measure what the demonstrations bring", lambda page: page.commands.measure(), (), "play",
             can_change),
    Declared("orders", "Measure what their order does", lambda page: page.commands.measure_orders(), (), "play",
             can_change),
    Declared("compare", "Compare drafts…", lambda page: page.commands.compare(), "Ctrl+D", "split", has_prompt),
    Declared("new", "New prompt", lambda page: page.commands.act("new"), (), "plus", can_write),
    Declared("rename", "Rename the prompt…", lambda page: page.commands.act("rename"), "F2", "edit", can_change),
    Declared("duplicate", "Duplicate the prompt", lambda page: page.commands.act("duplicate"), (), "copy", can_change),
    Declared("export", "Export the prompt…", lambda page: page.commands.act("export"), "Ctrl+E", "export", has_prompt),
)
