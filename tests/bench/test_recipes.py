"""What the recipes vary is what the ICL-alignment paper varies."""

from __future__ import annotations

import pytest

from workbench.bench.recipes import PARTS, Variant, decoding, demonstration_parts, scaling
from workbench.bench.sweep import grid
from workbench.domain import DecodingSettings, Demonstration, ModelRef, Prompt, Role
from workbench.errors import WorkbenchError

MODEL = ModelRef("m", "/m")
OWN = tuple(Demonstration.pair(f"base {n}", f"own {n}", category="maths") for n in range(3))
BASE = Prompt("Be good.", OWN, "urial", "Base", verbatim="text of a file", id=1, version=2)
POOL = [Demonstration.pair(f"pool {n}", f"reply {n}", category=("maths", "writing")[n % 2], source="abc"[n % 3], id=n)
        for n in range(1, 13)]


def shown(variant: Variant) -> list[str]:
    assert variant.contestant.prompt is not None
    return [one.instruction for one in variant.contestant.prompt.demonstrations]


def at(variants: list[Variant], series: str, x: float, seed: int = 0) -> Variant:
    return next(one for one in variants if (one.place.series, one.place.x, one.place.seed) == (series, x, seed))


def test_the_number_of_demonstrations_counts_the_base_prompts_which_stand_last() -> None:
    found = scaling(MODEL, BASE, POOL, [7, 3, 5, 1], sizes=(0, 3, 5, 10, 50), seeds=2)
    assert shown(at(found, "random", 0)) == []
    assert shown(at(found, "random", 3)) == ["base 0", "base 1", "base 2"]
    assert shown(at(found, "random", 10))[-3:] == ["base 0", "base 1", "base 2"]
    assert shown(at(found, "greedy", 5)) == ["pool 7", "pool 3", "base 0", "base 1", "base 2"]
    assert {one.place.x for one in found if one.place.series == "greedy"} == {0, 3, 5}
    assert {one.place.x for one in found if one.place.series == "random"} == {0, 3, 5, 10}
    assert {one.place.seed for one in found if one.place.series == "random"} == {0, 1}
    assert shown(at(found, "random", 10)) != shown(at(found, "random", 10, 1))


def test_a_larger_set_of_a_series_holds_the_smaller_one() -> None:
    found = scaling(MODEL, BASE, POOL, [7, 3, 5, 1, 2, 4, 8], sizes=(5, 10))
    for series in ("random", "greedy", "diverse", "unsupervised"):
        assert set(shown(at(found, series, 5))) < set(shown(at(found, series, 10)))


def test_diverse_sets_take_each_source_in_turn_and_leave_the_base_prompts_own_out() -> None:
    sources = {f"pool {one.id}": one.source for one in POOL}
    found = scaling(MODEL, BASE, POOL, (), sizes=(3, 6), series=("diverse",))
    assert sorted(sources[name] for name in shown(at(found, "diverse", 6))) == list("aabbcc")


def test_unsupervised_prompts_show_instructions_without_answers_before_the_base_prompts_own() -> None:
    found = scaling(MODEL, BASE, POOL, (), sizes=(3,), series=("unsupervised",))
    prompt = at(found, "unsupervised", 3).contestant.prompt
    assert prompt is not None
    assert [bool(one.answer) for one in prompt.demonstrations] == [False] * 3 + [True] * 3
    assert prompt.rules.startswith("Be good.")
    assert prompt.rules != BASE.rules
    assert prompt.verbatim == ""


def test_a_greedy_series_needs_gains() -> None:
    with pytest.raises(WorkbenchError, match="needs the candidates' gains"):
        scaling(MODEL, BASE, POOL, ())
    with pytest.raises(WorkbenchError, match="no series"):
        scaling(MODEL, BASE, POOL, (), series=("alphabetical",))


def test_answers_are_shifted_drawn_in_and_out_of_the_domain_and_taken_away() -> None:
    found = demonstration_parts(MODEL, BASE, POOL, seeds=2)
    answers = {(one.place.series, one.place.seed): [d.answer for d in one.contestant.prompt.demonstrations]
               for one in found if one.contestant.prompt}
    categories = {one.answer: one.category for one in POOL}
    assert answers["correct", 0] == ["own 0", "own 1", "own 2"]
    assert answers["circular_shift", 0] == ["own 1", "own 2", "own 0"]
    assert answers["no_answer", 0] == ["", "", ""]
    assert {categories[one] for one in answers["random_in_domain", 0]} == {"maths"}
    assert {categories[one] for one in answers["random_out_of_domain", 1]} == {"writing"}
    assert answers["random_in_domain", 0] != answers["random_in_domain", 1]
    assert all([d.instruction for d in one.contestant.prompt.demonstrations] == ["base 0", "base 1", "base 2"]
               for one in found if one.contestant.prompt)
    assert [one.place.x for one in found if one.place.seed == 0] == list(range(len(PARTS)))


def test_a_demonstration_without_a_category_belongs_where_the_most_similar_one_does() -> None:
    base = Prompt("", tuple(Demonstration.pair(f"a {word} please", f"own {word}") for word in ("sum", "poem")))
    pool = [Demonstration.pair(instruction, answer, category=category) for instruction, answer, category in (
        ("a sum of two", "4", "maths"), ("one poem", "ode", "art"), ("x", "5", "maths"), ("y", "ode 2", "art"))]
    (variant,) = demonstration_parts(MODEL, base, pool, parts=("random_in_domain",), seeds=1)
    assert variant.contestant.prompt is not None
    first, second = (one.answer for one in variant.contestant.prompt.demonstrations)
    assert first in ("4", "5")
    assert second.startswith("ode")


def test_a_prompt_of_one_demonstration_has_nothing_to_shift() -> None:
    with pytest.raises(WorkbenchError, match="at least two"):
        demonstration_parts(MODEL, Prompt("", OWN[:1]), POOL)


def test_each_combination_of_two_parameters_is_answered_with_and_without_the_prompt() -> None:
    axes = {"temperature": (0.0, 0.5), "top_p": (0.8, 1.0)}
    found = decoding(MODEL, BASE, axes, DecodingSettings(max_tokens=9))
    none = [(one.place.x, one.place.y) for one in found if one.place.series == "none"]
    assert none == [(0, 0.8), (0.5, 0.8), (0.5, 1)]
    assert {one.contestant.prompt for one in found} == {BASE, None}
    assert all(one.contestant.decoding.max_tokens == 9 for one in found)
    with pytest.raises(WorkbenchError, match="One or two"):
        decoding(MODEL, BASE, {})


def test_a_grid_leaves_out_what_changes_nothing_and_refuses_what_is_not_possible() -> None:
    assert len(grid({"temperature": (0, 1), "seed": (0, 1, 2)})) == 4
    assert len(grid({"repetition_penalty": (1, 1.1), "temperature": (0, 1)})) == 4
    for axes in ({"beams": (1,)}, {"top_p": (0,)}, {"top_p": (1.5,)}, {"temperature": ()}, {"temperature": (-1,)},
                 {"repetition_penalty": (0,)}):
        with pytest.raises(WorkbenchError):
            grid(axes)


def test_only_the_instructions_of_a_conversation_are_shown_without_answers() -> None:
    found = demonstration_parts(MODEL, BASE, POOL, parts=("no_answer",))
    assert found[0].contestant.prompt is not None
    assert [turn.role for one in found[0].contestant.prompt.demonstrations for turn in one.turns] == [Role.USER] * 3
