"""What can be done on the Demonstrations page, by key and by name."""

from __future__ import annotations

from workbench.domain import Status
from workbench.gui.demonstrations.page import DemonstrationsPage
from workbench.gui.shell.commands import Declared
from workbench.gui.shell.page import can_write


def chosen(page: DemonstrationsPage) -> bool:
    return page.session.project is not None and bool(page.view.chosen_ids())


def can_change(page: DemonstrationsPage) -> bool:
    return can_write(page) and chosen(page)


def has_project(page: DemonstrationsPage) -> bool:
    return page.session.project is not None


def _set(id: str, title: str, status: Status, keys: str, icon: str) -> Declared[DemonstrationsPage]:
    return Declared(id, title, lambda page: page.commands.set_status(status), keys, icon, can_change)


def _decide(id: str, title: str, status: Status, keys: str, icon: str) -> Declared[DemonstrationsPage]:
    return Declared(id, title, lambda page: page.commands.decide(status), keys, icon, can_change)


def _rate(rating: int) -> Declared[DemonstrationsPage]:
    title = f"Rate {rating} of 5" if rating else "Clear the rating"
    return Declared(f"rate{rating}", title, lambda page: page.commands.set_rating(rating), str(rating), "star",
                    can_change)


COMMANDS: tuple[Declared[DemonstrationsPage], ...] = (
    _set("accept", "Accept", Status.ACCEPTED, "A", "check"),
    _set("reject", "Reject", Status.REJECTED, "R", "x"),
    _set("flag", "Flag for a second look", Status.FLAGGED, "F", "alert"),
    _set("candidate", "Make it a candidate again", Status.CANDIDATE, "C", "undo"),
    _decide("accept_next", "Accept and next", Status.ACCEPTED, "Shift+A", "check"),
    _decide("reject_next", "Reject and next", Status.REJECTED, "Shift+R", "x"),
    _decide("flag_next", "Flag and next", Status.FLAGGED, "Shift+F", "alert"),
    Declared("undecided", "Next undecided demonstration", lambda page: page.commands.next_undecided(), "N", "down",
             chosen),
    Declared("next", "Next demonstration", lambda page: page.view.step(1), "J", "down", chosen),
    Declared("previous", "Previous demonstration", lambda page: page.view.step(-1), "K", "up", chosen),
    *(_rate(rating) for rating in range(6)),
    Declared("edit", "Edit the text", lambda page: page.commands.edit(), "E", "edit", can_change),
    Declared("tag", "Add a tag", lambda page: page.commands.tag(), "T", "tag", can_change),
    Declared("tag_again", "Add the last tag again", lambda page: page.commands.add_last_tag(), "Shift+T", "tag",
             can_change),
    Declared("note", "Write a note", lambda page: page.commands.note(), "M", "edit", can_change),
    Declared("finish", "Save and next", lambda page: page.commands.finish(), ("Ctrl+Return", "Ctrl+Enter"), "check",
             can_write),
    Declared("prompt", "Add to prompt", lambda page: page.commands.add_to_prompt(), "P", "prompt", can_change),
    Declared("copy", "Copy the instruction and answer", lambda page: page.commands.copy(), "Ctrl+C", "copy", chosen),
    Declared("variant", "Write a variant of it", lambda page: page.commands.write_variant(), "Ctrl+D", "plus",
             can_change),
    Declared("delete", "Delete", lambda page: page.commands.delete(), (), "trash", can_change),
    Declared("filter", "Filter demonstrations", DemonstrationsPage.focus_filter, "Ctrl+F", "search", has_project),
    Declared("new", "New demonstration", lambda page: page.commands.write_new(), "Ctrl+N", "plus", can_write),
    Declared("import", "Import a file…", lambda page: page.commands.import_files(), "Ctrl+I", "drop", can_write),
    Declared("export", "Export…", lambda page: page.commands.export(), "Ctrl+E", "export", has_project),
)
