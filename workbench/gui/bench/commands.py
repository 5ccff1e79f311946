"""The Bench page's commands, for the palette and the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.gui.bench.page import BenchPage

OVERVIEW, ANSWERS, ARENA, RECIPES = range(4)


def add_commands(page: BenchPage) -> None:
    """Register them; a single letter acts only while no text field has the focus."""
    def browsing() -> bool:
        return page.has_answers and page.part.current() in (OVERVIEW, ANSWERS)

    def there() -> bool:
        return page.has_answers

    def can_write() -> bool:
        return page.session.project is not None and not page.session.read_only

    def in_answers() -> bool:
        return page.has_answers and page.part.current() == ANSWERS

    def voting() -> bool:
        return page.has_answers and page.part.current() == ARENA

    for id, title, run, keys, enabled, icon in (
        ("bench.next", "Next question", lambda: page.step(1), "J", browsing, "down"),
        ("bench.before", "Question before", lambda: page.step(-1), "K", browsing, "up"),
        ("bench.differences", "Mark where answers differ", page.answers.differences.toggle, "D", in_answers,
         "split"),
        ("bench.judgements", "Show what judges said", page.answers.judgements.toggle, "V", in_answers, "eye"),
        ("bench.search", "Search answers and judgements", page.focus_search, "Ctrl+F", browsing, "search"),
        ("bench.found", "Next word found", lambda: page.answers.step_found(1), "F3", in_answers, "down"),
        ("bench.found_before", "Word found before", lambda: page.answers.step_found(-1), "Shift+F3", in_answers, "up"),
        ("bench.undo_vote", "Take the last vote back", page.arena.undo, "Backspace", voting, "undo"),
        ("bench.person", "Vote under another name", page.arena.person.setFocus, "", voting, "edit"),
        ("bench.mode", "Vote on pairs, or rate single answers", page.arena.change_mode, "", voting, "split"),
        ("bench.run", "Run bench…", page.requests.ask_what_to_run, "Ctrl+Return", can_write, "play"),
        ("bench.recipe", "Run a recipe…", lambda: page.requests.ask_which_recipe(), "", can_write, "play"),
        ("bench.report", "Export the report as HTML…", lambda: page.requests.export_report("html"), "", browsing,
         "export"),
        ("bench.questions", "Import questions…", page.requests.import_questions, "", can_write, "folder"),
        ("bench.general", "Add the general questions", page.requests.add_general_questions, "", can_write, "plus"),
        ("bench.held_out", "Hold these questions out of searches, or no longer", page.requests.change_held_out, "",
         can_write, "eye"),
        ("bench.import", "Import answers…", page.requests.import_answers, "", can_write, "folder"),
        *((f"bench.part{part}", f"Bench: {name}", lambda part=part: page.part.set_current(part), "", there, "bench")
          for part, name in ((OVERVIEW, "overview"), (ANSWERS, "answers"), (ARENA, "blind arena"),
                             (RECIPES, "recipes"))),
    ):
        page.session.commands.add(id, title, run, keys, page=page.name, enabled=enabled, icon=icon, group="Bench")
