"""What can be done on the Bench page, by key and by name."""

from __future__ import annotations

from workbench.gui.bench.page import ANSWERS, ARENA, OVERVIEW, RECIPES, BenchPage
from workbench.gui.shell.commands import Declared
from workbench.gui.shell.page import can_write


def there(page: BenchPage) -> bool:
    return page.has_answers


def browsing(page: BenchPage) -> bool:
    return page.has_answers and page.part.current() in (OVERVIEW, ANSWERS)


def in_answers(page: BenchPage) -> bool:
    return page.has_answers and page.part.current() == ANSWERS


def voting(page: BenchPage) -> bool:
    return page.has_answers and page.part.current() == ARENA


def _show(part: int, name: str) -> Declared[BenchPage]:
    return Declared(f"part{part}", f"Bench: {name}", lambda page: page.part.set_current(part), (), "bench", there)


COMMANDS: tuple[Declared[BenchPage], ...] = (
    Declared("next", "Next question", lambda page: page.step(1), "J", "down", browsing),
    Declared("before", "Question before", lambda page: page.step(-1), "K", "up", browsing),
    Declared("differences", "Mark where answers differ", lambda page: page.answers.differences.toggle(), "D", "split",
             in_answers),
    Declared("judgements", "Show what judges said", lambda page: page.answers.judgements.toggle(), "V", "eye",
             in_answers),
    Declared("search", "Search answers and judgements", BenchPage.focus_search, "Ctrl+F", "search", browsing),
    Declared("found", "Next word found", lambda page: page.answers.step_found(1), "F3", "down", in_answers),
    Declared("found_before", "Word found before", lambda page: page.answers.step_found(-1), "Shift+F3", "up",
             in_answers),
    Declared("undo_vote", "Take the last vote back", lambda page: page.arena.undo(), "Backspace", "undo", voting),
    Declared("person", "Vote under another name", lambda page: page.arena.person.setFocus(), (), "edit", voting),
    Declared("mode", "Vote on pairs, or rate single answers", lambda page: page.arena.change_mode(), (), "split",
             voting),
    Declared("run", "Run bench…", lambda page: page.commands.ask_what_to_run(), "Ctrl+Return", "play", can_write),
    Declared("recipe", "Run a recipe…", lambda page: page.commands.ask_which_recipe(), (), "play", can_write),
    Declared("report", "Export the report as HTML…", lambda page: page.commands.export_report("html"), (), "export",
             browsing),
    Declared("questions", "Import questions…", lambda page: page.commands.import_questions(), (), "folder", can_write),
    Declared("general", "Add the general questions", lambda page: page.commands.add_general_questions(), (), "plus",
             can_write),
    Declared("held_out", "Hold these questions out of searches, or no longer",
             lambda page: page.commands.change_held_out(), (), "eye", can_write),
    Declared("import", "Import answers…", lambda page: page.commands.import_answers(), (), "folder", can_write),
    _show(OVERVIEW, "overview"),
    _show(ANSWERS, "answers"),
    _show(ARENA, "blind arena"),
    _show(RECIPES, "recipes"),
)
