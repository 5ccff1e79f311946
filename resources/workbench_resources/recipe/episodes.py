"""Episodes: several examples of one hidden rule in a row, some of them poor, as training and measuring need them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from workbench_resources.recipe import house
from workbench_resources.recipe.rules import Example, Flaw, Split, example, flawed, new_rule
from workbench_resources.recipe.words import CATEGORIES, RULES

SEEDS = 1 << 30
WEIGHTS = {"label": 2.0, "recall": 2.0, "slot": 0.8, "persona": 0.8, "style": 1.2, "house": 3.2}
TRAINING_WEIGHTS = {"label": 1.5, "recall": 1.5, "slot": 1.0, "persona": 0.7, "style": 1.0, "house": 4.3}
FLAWS: tuple[Flaw, ...] = ("wrong", "rule", "irrelevant")


@dataclass(frozen=True)
class Shot:
    """One example of an episode, and whether its answer is learned from (a poor one's is not)."""

    query: str
    answer: str
    good: bool = True


def instruction(rng: random.Random) -> str:
    """A rules text, as it may stand before the first query: some sentences in any order."""
    sentences = rng.sample(RULES, rng.randrange(1, 6))
    return "# Instruction\n\n" + " ".join(sentences) + "\n\n"


def episode(
    rng: random.Random,
    shots: int,
    split: Split = "train",
    noisy: float = 0.3,
    weights: Mapping[str, float] = WEIGHTS,
    wide: float = 0.0,
) -> list[Shot]:
    """``shots`` examples of one rule; with chance ``noisy`` a part of them (never the last) is poor.

    ``weights`` says how often each family comes, ``wide`` how often a house is asked in all of its categories. The
    tokenizer is learned with the defaults, so a change of them changes every token.
    """
    family = rng.choices(list(weights), list(weights.values()))[0]
    rule = new_rule(family, rng, split)
    if family == "house" and wide and rng.random() < wide:
        rule = replace(rule, categories=CATEGORIES)
    poor = rng.choice((0.15, 0.3, 0.5)) if rng.random() < noisy else 0.0
    bad = flawed(rule, rng.choice(FLAWS), rng)
    found = []
    for index in range(shots):
        seed = rng.randrange(SEEDS)
        spoiled = index < shots - 1 and rng.random() < poor
        one = example(bad if spoiled else rule, seed)
        found.append(Shot(one.query, one.answer, not spoiled))
    if rule.categories and shots > 2 and rng.random() < 0.5:
        turns = house.talk(rng.choice(rule.categories), rule.convention, rng)
        found[-2:] = [Shot(turn.query, turn.answer) for turn in turns]
    return found


@dataclass(frozen=True)
class Probe:
    """One held-out question with eight demonstrations of each sort, in the same order and on the same queries."""

    family: str
    asked: Example
    good: tuple[Example, ...]
    wrong: tuple[Example, ...]
    rival: tuple[Example, ...]
    irrelevant: tuple[Example, ...]


def probe(family: str, rng: random.Random, split: Split = "test", shots: int = 8) -> Probe:
    """A question under a new rule whose demonstrations are relevant: they hold the key that the question needs.

    No demonstration asks the question itself, except in families whose questions are the keys (recall, persona), where
    looking up the same question is the task.
    """
    rule = new_rule(family, rng, split)
    asked = example(rule, rng.randrange(SEEDS))
    wrong, other, off = (flawed(rule, flaw, rng) for flaw in FLAWS)
    while True:
        seeds = [rng.randrange(SEEDS) for _ in range(shots)]
        good = [example(rule, seed) for seed in seeds]
        repeated = family in ("slot", "style", "label") and any(one.query == asked.query for one in good)
        if not repeated and any(one.key == asked.key for one in good):
            break
    rivals, spoiled, strangers = ([example(bad, seed) for seed in seeds] for bad in (other, wrong, off))
    return Probe(family, asked, tuple(good), tuple(spoiled), tuple(rivals), tuple(strangers))


def probes(count: int, seed: int, families: tuple[str, ...], split: Split = "test") -> list[Probe]:
    """``count`` probes of each family, from a seed."""
    rng = random.Random(seed)
    return [probe(family, rng, split) for family in families for _ in range(count)]
