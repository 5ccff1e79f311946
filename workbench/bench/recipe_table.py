"""The recipes, declared once: what form, command line, job titles, tests and charts ask of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.errors import WorkbenchError

Chart = Literal["curves", "grids", "ladder", "rounds", "tokens"]
_ASKED = ("model", "prompt", "questions", "some")


@dataclass(frozen=True, slots=True)
class RecipeEntry:
    """``name`` stands in specifications, ``command`` on the command line. ``title`` is what a job is called, ``choice``
    what the form offers; ``about`` says what the recipe asks, what it does, and what the chart shows.

    ``fields`` are those of the form, in their order; ``chosen_answers``: it can do without making answers. ``chart`` is
    how its points are drawn, and ``against`` the series that the others are compared with ("": none is). ``ordered``:
    x is a number, and not only a place in a row. ``by_turn``: turns are points of their own. ``same_sets``: what one
    series has drawn for a seed, the others have too.
    """

    name: str
    command: str
    title: str
    choice: str
    about: str
    fields: tuple[str, ...]
    chart: Chart
    against: str = ""
    chosen_answers: bool = False
    ordered: bool = True
    by_turn: bool = False
    same_sets: bool = False


DECODING = RecipeEntry(
    "decoding", "sweep", "Decoding parameters", "Decoding parameters",
    "Which temperature and repetition penalty suit a base model? Every combination answers, with the prompt and "
    "without one. Two heat maps on one scale.",
    (*_ASKED, "draws", "temperature", "penalty", "tokens"), "grids", against="none")
SCALING = RecipeEntry(
    "scaling", "scaling", "Number of demonstrations", "Number of demonstrations",
    "What do more demonstrations bring? Prompts of 0, 3, 5, … drawn by lot, taken from the ranking, spread over "
    "sources, or shown without answers. One curve each.",
    (*_ASKED, "seeds", "sizes", "query", "tokens"), "curves", against="random", chosen_answers=True)
PARTS = RecipeEntry(
    "demonstration_parts", "parts", "What matters in a demonstration", "What matters in one",
    "Is it the right answer that helps, or only its look? The base prompt with its own answers, with each other’s, "
    "with random ones, and with none.",
    (*_ASKED, "seeds", "query", "tokens"), "ladder", against="correct", chosen_answers=True, ordered=False)
SEARCH = RecipeEntry(
    "judged_search", "judged-search", "Greedy search by a judge", "Search by a judge",
    "Which candidate does a judge of whole answers prefer, and would the cheap likelihood find it too? A greedy "
    "search: under each candidate all first turns are answered.",
    (*_ASKED, "rounds", "judge", "query", "tokens"), "rounds")
TUNING = RecipeEntry(
    "tuning", "tuning", "In context against fine-tuned", "In context or tuned",
    "Are demonstrations worth more in the prompt or as training data? The same ones both ways, a model trained anew "
    "for each number and seed. One curve a turn.",
    (*_ASKED, "seeds", "tuned_sizes", "query", "epochs", "rate", "rank", "tokens"), "curves", against="in_context",
    chosen_answers=True, by_turn=True, same_sets=True)
SHIFT = RecipeEntry(
    "shift", "shift", "Shift of the base model", "Shift of the base model",
    "How far does a prompt, or training, move the base model? Answers that are there are read again with the bare "
    "model: which tokens would it not have chosen?",
    ("model", "questions", "contestants"), "tokens")

RECIPES = {one.name: one for one in (DECODING, SCALING, PARTS, SEARCH, TUNING, SHIFT)}
"""By name, in the order in which they are offered."""


def recipe(name: str) -> RecipeEntry:
    """Raises WorkbenchError for a name that there is not."""
    if name not in RECIPES:
        raise WorkbenchError(f"There is no recipe “{name}”.", remedy=f"Choose among: {', '.join(RECIPES)}.")
    return RECIPES[name]
