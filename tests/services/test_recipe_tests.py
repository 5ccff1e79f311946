from __future__ import annotations

import math

import pytest

from workbench.bench.recipes import Place
from workbench.domain import Contestant, ModelRef, Question
from workbench.jobs.kinds.recipe import RecipeSpec
from workbench.services.recipe_tests import order_agreement, series_tests, verdict_words
from workbench.statistics.paired import Measured

CONTESTANTS = tuple(Contestant(name, ModelRef("m", "/m"), id=id) for id, name in enumerate("abcde", 1))
QUESTIONS = tuple(Question((f"{n}?",), id=n) for n in range(1, 11))
PLACES = ((1, Place("random", 0)), (1, Place("greedy", 0)), (2, Place("random", 3)), (3, Place("random", 3)),
          (4, Place("greedy", 3)), (5, Place("greedy", 5)))
SPEC = RecipeSpec("scaling", CONTESTANTS, PLACES, QUESTIONS)


def measured(*values: float) -> list[Measured]:
    return [Measured(number, 0, value) for number, value in enumerate(values, 1)]


def test_series_are_compared_where_both_have_a_point_of_their_own_over_all_draws() -> None:
    values = {1: measured(*[0.0] * 10), 2: measured(*range(10)), 3: measured(*range(2, 12)),
              4: measured(*range(4, 14)), 5: measured(*range(10))}
    one, = series_tests(SPEC, values)                # 0 is the same contestant, and nothing random stands at 5
    assert (one.series, one.label, one.difference.interval.mean, one.difference.questions) == ("greedy", "3", 3, 10)
    assert one.difference.draws == (1, 2)
    assert one.p == one.difference.p > 0.05          # 2 and 1 above the two random sets, which are 2 apart themselves
    assert verdict_words([one]) == (
        "Greedy-ranked (this set only): not told apart at 3. By t tests over the same 10 questions and over sets, 1 to "
        "2 a series, p < 0.05 after Holm’s correction for 1.")
    values |= {2: measured(*range(10)), 3: measured(*[n + 0.01 for n in range(10)]), 4: measured(*range(40, 50))}
    assert "Greedy-ranked (this set only): above random at 3." in verdict_words(series_tests(SPEC, values))
    assert verdict_words(series_tests(SPEC, {1: values[1]})) == ""


def test_one_set_against_one_is_a_verdict_on_these_two() -> None:
    spec = RecipeSpec("scaling", CONTESTANTS, ((2, Place("random", 3)), (4, Place("greedy", 3))), QUESTIONS)
    values = {2: measured(*range(10)), 4: measured(*range(3, 13))}
    one, = series_tests(spec, values)
    assert one.p == 2 / 1024                         # all 2¹⁰ flips of signs, two of which are as far
    assert verdict_words([one]) == (
        "Greedy-ranked (this set only): above random at 3. By sign-flip tests paired on the same 10 questions, p < "
        "0.05 after Holm’s correction for 1. Where each side has one set, this is said of these two sets, and not of "
        "others drawn alike.")
    few = {id: found[:5] for id, found in values.items()}
    assert "So few questions can tell nothing apart." in verdict_words(series_tests(spec, few))


def test_models_tuned_on_the_sets_that_were_shown_are_compared_set_by_set() -> None:
    """The sets differ much more than showing and tuning do."""
    places = ((1, Place("in_context", 3, seed=0)), (2, Place("in_context", 3, seed=1)),
              (3, Place("in_context", 3, seed=2)), (5, Place("fine_tuned", 3, seed=1)),
              (4, Place("fine_tuned", 3, seed=0)))
    values = {id: measured(*[of_set + n + more * (1 + n / 100) for n in range(10)])
              for id, of_set, more in ((1, 0, 0), (2, 9, 0), (3, 4, 0), (4, 0, 1), (5, 9, 1))}
    one, = series_tests(RecipeSpec("tuning", CONTESTANTS, places, QUESTIONS), values)
    assert one.difference.draws == (2, 2)            # the third set has not been tuned on
    assert one.difference.interval.mean == pytest.approx(1.045)
    assert one.p < 0.05


def test_the_orders_of_a_recipes_points_are_compared_over_different_points_only() -> None:
    a = {id: measured(float(id)) for id in range(1, 6)}
    assert order_agreement(SPEC, a, a) == (1, 4)     # two seeds are one point, and 0 stands there twice
    assert order_agreement(SPEC, a, {id: measured(-float(id)) for id in range(1, 6)}) == (-1, 4)
    assert math.isnan(order_agreement(SPEC, a, {})[0])
