"""Whether a recipe's series differ, and whether its scores put the points into the same order."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.bench.recipe_table import RECIPES
from workbench.bench.recipes import SERIES_NAMES
from workbench.jobs.kinds.recipe import RecipeSpec
from workbench.statistics.paired import Difference, Measured, paired_difference
from workbench.statistics.rank_correlation import kendall_tau
from workbench.statistics.significance import holm

SEED = 0
SURE = 0.05                          # of the p that Holm's correction leaves
Values = Mapping[int, Sequence[Measured]]        # contestant → what was measured of its answers
Group = tuple[str, float, float | None]          # series, x, y


@dataclass(frozen=True, slots=True)
class SeriesTest:
    """A point of ``series`` less the point of ``against`` at the same place, paired by question and turn. ``p`` is that
    of the difference after Holm's correction for all tests of the recipe."""

    series: str
    title: str
    against: str
    label: str                       # "10", "0.7, 1.1": where; "" where series are single points
    difference: Difference
    p: float
    turn: int | None = None


def groups(spec: RecipeSpec) -> dict[Group, tuple[int, ...]]:
    """The contestants of each point; what is drawn by lot may come out the same."""
    found: defaultdict[Group, dict[int, None]] = defaultdict(dict)
    for contestant_id, place in spec.places:
        found[place.series, place.x, place.y][contestant_id] = None
    return {key: tuple(ids) for key, ids in found.items()}


def series_tests(spec: RecipeSpec, values: Values) -> list[SeriesTest]:
    """Every series against the recipe's reference, place by place and (recipe 5) turn by turn."""
    found = list(_tests(spec, values))
    return [replace(one, p=p) for one, p in zip(found, holm([one.p for one in found]), strict=True)]


def _tests(spec: RecipeSpec, values: Values) -> Iterator[SeriesTest]:
    """With p as it is for each alone."""
    recipe, points = RECIPES[spec.recipe], groups(spec)
    against, single = recipe.against, not recipe.ordered
    for (series, x, y), ids in points.items():
        own = next((found for (name, *place), found in points.items()
                    if name == against and (single or place == [x, y])), ())
        if series == against or not own or set(own) == set(ids):
            continue
        a, b = ([one for id in some for one in values.get(id, ())] for some in (ids, own))
        for turn in sorted({one.turn for one in a}) if recipe.by_turn else (None,):
            mine, its = ([one for one in side if turn is None or one.turn == turn] for side in (a, b))
            difference = paired_difference(mine, its, np.random.default_rng(SEED))
            if difference is not None and difference.questions > 1:
                label = "" if single else ", ".join(f"{one:g}" for one in (x, y) if one is not None)
                yield SeriesTest(series, SERIES_NAMES[series], SERIES_NAMES[against], label, difference, difference.p,
                                 turn)


def order_agreement(spec: RecipeSpec, a: Values, b: Values) -> tuple[float, int]:
    """Kendall's tau-b between the means of the recipe's points by two scores, and over how many points; NaN where there
    is no order."""
    both = [(x, y) for ids in dict.fromkeys(groups(spec).values()) if (x := _mean(a, ids)) is not None
            and (y := _mean(b, ids)) is not None]
    return (kendall_tau([x for x, _ in both], [y for _, y in both]) if both else math.nan), len(both)


def _mean(values: Values, ids: Sequence[int]) -> float | None:
    found = [one.value for id in ids for one in values.get(id, ())]
    return math.fsum(found) / len(found) if found else None


def verdict_words(tests: Sequence[SeriesTest]) -> str:
    """ "Greedy-ranked: above random at 3, 5; not told apart at 10, 20. …" with how that was tested; "" without any."""
    if not tests:
        return ""
    words = []
    for title, turn in dict.fromkeys((one.title, one.turn) for one in tests):
        own = [one for one in tests if (one.title, one.turn) == (title, turn)]
        against = own[0].against[0].lower() + own[0].against[1:]
        of = {f"above {against}": [one for one in own if one.p < SURE and one.difference.interval.mean > 0],
              f"below {against}": [one for one in own if one.p < SURE and one.difference.interval.mean < 0],
              "not told apart": [one for one in own if one.p >= SURE]}
        places = [kind + _where([one.label for one in some], everywhere=len(some) == len(own) > 1)
                  for kind, some in of.items() if some]
        words.append(f"{title}{'' if turn is None else f', turn {turn + 1}'}: {'; '.join(places)}.")
    questions = sorted({one.difference.questions for one in tests})
    too_few = len(tests) * 2.0 ** (1 - questions[-1]) >= SURE            # the smallest p that so many flips can give
    asked = f"{questions[0]:,}" if len(questions) == 1 else f"{questions[0]:,} to {questions[-1]:,}"
    return (f"{' '.join(words)} By sign-flip tests paired on the same {asked} questions, p < {SURE:g} after Holm’s "
            f"correction for {len(tests)}." + " So few questions can tell nothing apart." * too_few)


def _where(labels: Sequence[str], *, everywhere: bool) -> str:
    if everywhere:
        return " everywhere"
    return " at " + ("; " if any("," in one for one in labels) else ", ").join(labels) if any(labels) else ""
