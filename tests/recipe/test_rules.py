"""Hidden rules: held out by hash, answered from their tables alone, and spoiled where it hurts."""

import random

import pytest

from workbench_resources.recipe import episodes, rules
from workbench_resources.recipe.rules import FAMILIES, example, misled, new_rule, rival


@pytest.mark.parametrize("family", FAMILIES)
def test_training_and_test_rules_are_apart(family: str) -> None:
    rng = random.Random(1)
    train = {repr(new_rule(family, rng, "train")) for _ in range(150)}
    test = {repr(new_rule(family, rng, "test")) for _ in range(150)}
    assert not train & test


@pytest.mark.parametrize("family", FAMILIES)
def test_a_misled_rule_is_asked_the_same_and_answers_otherwise(family: str) -> None:
    rng = random.Random(2)
    different = total = 0
    for _ in range(40):
        rule = new_rule(family, rng, "any")
        wrong = misled(rule, rng)
        for seed in range(5):
            good, bad = example(rule, seed), example(wrong, seed)
            assert good.query == bad.query
            total += 1
            different += good.answer != bad.answer
    # A writing or coding answer of the style family has no content to be wrong about.
    assert different / total > (0.4 if family == "style" else 0.95)


@pytest.mark.parametrize("family", ["label", "recall", "house"])
def test_a_rival_rule_keeps_the_questions_and_changes_the_content(family: str) -> None:
    rng = random.Random(3)
    for _ in range(40):
        rule = new_rule(family, rng, "any")
        other = rival(rule, rng)
        assert example(rule, 7).query == example(other, 7).query
        assert example(rule, 7).answer != example(other, 7).answer


def test_a_label_depends_on_the_kind_and_not_on_the_thing() -> None:
    rule = new_rule("label", random.Random(4), "any")
    found: dict[str, set[str]] = {}
    for seed in range(60):
        one = example(rule, seed)
        found.setdefault(one.key, set()).add(one.answer.rstrip(".").split()[-1])
    assert sorted(found) == sorted(kind for kind, _ in rule.table)
    assert all(len(labels) == 1 for labels in found.values())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_probe_holds_what_its_question_needs(family: str) -> None:
    for probe in episodes.probes(20, 5, (family,)):
        assert len(probe.good) == len(probe.wrong) == len(probe.rival) == len(probe.irrelevant) == 8
        assert probe.asked.key in {one.key for one in probe.good}
        if family in ("label", "slot", "style"):
            assert probe.asked.query not in {one.query for one in probe.good}


def test_an_episode_without_noise_is_good_throughout_and_one_with_noise_ends_well() -> None:
    rng = random.Random(6)
    assert all(shot.good for _ in range(30) for shot in episodes.episode(rng, 6, noisy=0.0))
    noisy = [episodes.episode(rng, 6, noisy=1.0) for _ in range(30)]
    assert any(not shot.good for shots in noisy for shot in shots)
    assert all(shots[-1].good for shots in noisy)


def test_the_same_seed_draws_the_same_probes() -> None:
    assert episodes.probes(3, 7, rules.FAMILIES) == episodes.probes(3, 7, rules.FAMILIES)
