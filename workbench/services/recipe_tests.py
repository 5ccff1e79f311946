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
from workbench.statistics.paired import Difference, Measured, series_difference
from workbench.statistics.rank_correlation import kendall_tau
from workbench.statistics.significance import holm

SEED = 0
SURE = 0.05                          # of the p that Holm's correction leaves
Values = Mapping[int, Sequence[Measured]]        # contestant → what was measured of its answers
Group = tuple[str, float, float | None]          # series, x, y


@dataclass(frozen=True, slots=True)
class SeriesTest:
    """A point of ``series`` less the point of ``against`` at the same place, over all draws of both and the questions
    and turns that they share. ``p`` is that of the difference after Holm's correction for all tests of the recipe."""

    series: str
    title: str
    against: str
    label: str                       # "10", "0.7, 1.1": where; "" where series are single points
    difference: Difference
    p: float
    turn: int | None = None


def groups(spec: RecipeSpec) -> dict[Group, tuple[int, ...]]:
    """The contestants of each point, one a draw; what is drawn by lot may come out the same."""
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
    seeds = {(place.series, place.x, place.y, contestant_id): place.seed for contestant_id, place in spec.places}
    for (series, x, y), ids in points.items():
        key, own = next(((key, found) for key, found in points.items()
                         if key[0] == against and (single or key[1:] == (x, y))), (("", 0.0, None), ()))
        if series == against or not own or set(own) == set(ids):
            continue
        mine, its = list(ids), list(own)
        if recipe.same_sets:
            of_seed = {seeds[(*key, id)]: id for id in own}
            mine = [id for id in ids if seeds[series, x, y, id] in of_seed]
            its = [of_seed[seeds[series, x, y, id]] for id in mine]
        for turn in sorted({one.turn for id in mine for one in values.get(id, ())}) if recipe.by_turn else (None,):
            a, b = ([[one for one in values.get(id, ()) if turn in (None, one.turn)] for id in side]
                    for side in (mine, its))
            difference = series_difference(a, b, np.random.default_rng(SEED), same=recipe.same_sets)
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
    """ "Greedy-ranked (this set only): above random at 3, 5; not told apart at 10, 20. …" with how that was tested; ""
    without any."""
    if not tests:
        return ""
    words = []
    for title, turn in dict.fromkeys((one.title, one.turn) for one in tests):
        own = [one for one in tests if (one.title, one.turn) == (title, turn)]
        against = own[0].against[0].lower() + own[0].against[1:]
        of = {f"above {against}": [one for one in own if one.p < SURE and one.difference.interval.mean > 0],
              f"below {against}": [one for one in own if one.p < SURE and one.difference.interval.mean < 0],
              "not told apart": [one for one in own if one.p >= SURE]}
        places = ["nowhere told apart" if some == own and kind == "not told apart" and len(own) > 1 else
                  kind + _where([one.label for one in some], everywhere=len(some) == len(own) > 1)
                  for kind, some in of.items() if some]
        alone = " (this set only)" if all(one.difference.draws[0] == 1 for one in own) else ""
        words.append(f"{title}{alone}{'' if turn is None else f', turn {turn + 1}'}: {'; '.join(places)}.")
    return f"{' '.join(words)} {_tested(tests)}"


def _tested(tests: Sequence[SeriesTest]) -> str:
    """By which test, over how many questions and draws."""
    asked = _range([one.difference.questions for one in tests])
    drawn = [one.difference.draws for one in tests if one.difference.over_draws]
    if drawn:
        sets = _range([count for draws in drawn for count in draws])
        kind = f"t tests over the same {asked} questions and over sets, {sets} a series"
        if len(drawn) < len(tests):
            kind += ", and sign-flip tests over questions where one set stands against one"
    else:
        kind = f"sign-flip tests paired on the same {asked} questions"
    words = f"By {kind}, p < {SURE:g} after Holm’s correction for {len(tests)}."
    if not drawn and len(tests) * 2.0 ** (1 - max(one.difference.questions for one in tests)) >= SURE:
        words += " So few questions can tell nothing apart."         # the smallest p that so many flips can give
    if len(drawn) < len(tests):
        words += " Where each side has one set, this is said of these two sets, and not of others drawn alike."
    return words


def _range(numbers: Sequence[int]) -> str:
    least, most = min(numbers), max(numbers)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _where(labels: Sequence[str], *, everywhere: bool) -> str:
    if everywhere:
        return " everywhere"
    return " at " + ("; " if any("," in one for one in labels) else ", ").join(labels) if any(labels) else ""
