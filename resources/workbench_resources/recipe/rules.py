"""Hidden rules: what the answers of one episode have in common, and what only its demonstrations can show.

A rule belongs to a family. A fifth of all rules, chosen by a hash of the whole rule, is held out from training.
"""

import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from workbench_resources.recipe import house
from workbench_resources.recipe.house import Convention
from workbench_resources.recipe.words import (
    CATEGORIES,
    COLOURS,
    JOBS,
    JOINERS,
    KINDS,
    LABELS,
    NAMES,
    PLACES,
    SONGS,
    THINGS,
)

FAMILIES = ("label", "recall", "slot", "persona", "style", "house")
Split = Literal["train", "test", "any"]
Flaw = Literal["wrong", "rule", "irrelevant"]


@dataclass(frozen=True)
class Example:
    """A query and its answer. ``key`` names the piece of the rule that the answer needs, if it needs one."""

    query: str
    answer: str
    key: str = ""


@dataclass(frozen=True)
class Rule:
    """One hidden rule of a family: a look-up table, the forms of query and answer, and perhaps a convention."""

    family: str
    table: tuple[tuple[str, str], ...] = ()
    query_form: str = ""
    answer_form: str = ""
    slots: tuple[str, ...] = ()
    convention: Convention = field(default_factory=Convention)
    categories: tuple[str, ...] = ()

    def held_out(self) -> bool:
        """Whether training never sees this rule."""
        known = (self.family, self.table, self.answer_form, self.slots, self.convention)
        return zlib.crc32(repr(known).encode()) % 5 == 0


LABEL_QUERIES = ("What sort is the {}?", "Sort the {}.", "Which box for the {}?")
LABEL_ANSWERS = ("The {} is {}.", "Put {} in {}.", "Tag {} = {}", "My {}: {}")
RECALL_TOPICS: tuple[tuple[Sequence[str], Sequence[str], tuple[str, ...], tuple[str, ...]], ...] = (
    (THINGS[:10], THINGS[10:20], ("What does the {} like?", "Feed the {}."), ("The {} likes {}.", "Give {} some {}.")),
    (SONGS, NAMES, ("Who sang the song {}?", "Name the singer of {}."), ("The song {} by {}.", "Singer of {}: {}")),
    (NAMES, PLACES, ("Where is {}?", "Find {}."), ("Find {} at {}.", "Look for {} near {}.")),
    (JOBS, THINGS[20:30], ("What does the {} need?", "Help the {}."), ("The {} needs {}.", "Give {} the {}.")),
)
SLOTS: dict[str, Sequence[str]] = {"name": NAMES, "colour": COLOURS, "thing": THINGS, "place": PLACES}
PERSONA_VALUES = (NAMES, JOBS, PLACES, THINGS, COLOURS)
PERSONA_QUERIES = {
    "name": ("Who are you?", "My name is {}."),
    "job": ("What is your job?", "I work as {}."),
    "home": ("Where do you live?", "My home is {}."),
    "likes": ("What do you like?", "My joy is {}."),
    "colour": ("What is your colour?", "I wear {}."),
}


def _label(rng: random.Random) -> Rule:
    kinds = rng.sample(list(KINDS), rng.choice((2, 2, 3)))
    table = tuple(zip(kinds, rng.sample(LABELS, len(kinds)), strict=True))
    return Rule("label", table, rng.choice(LABEL_QUERIES), rng.choice(LABEL_ANSWERS))


def _recall(rng: random.Random) -> Rule:
    keys, values, queries, answers = rng.choice(RECALL_TOPICS)
    size = rng.choice((2, 3, 4))
    table = tuple(zip(rng.sample(list(keys), size), rng.sample(list(values), size), strict=True))
    return Rule("recall", table, rng.choice(queries), rng.choice(answers))


def _slot(rng: random.Random) -> Rule:
    slots = tuple(rng.sample(list(SLOTS), rng.choice((1, 2, 2))))
    return Rule("slot", slots=slots, answer_form=rng.choice(JOINERS), convention=house.random_style(rng))


def _persona(rng: random.Random) -> Rule:
    table = tuple((key, rng.choice(pool)) for key, pool in zip(PERSONA_QUERIES, PERSONA_VALUES, strict=True))
    return Rule("persona", table, convention=house.random_style(rng))


def _style(rng: random.Random) -> Rule:
    categories = tuple(rng.sample(house.PLAIN_CATEGORIES, rng.choice((1, 2, 3, 5))))
    return Rule("style", convention=house.random_style(rng), categories=categories)


def _house(rng: random.Random) -> Rule:
    categories = tuple(rng.sample(CATEGORIES, rng.choice((1, 2, 2, 3, 4, 8))))
    return Rule("house", convention=house.random_convention(rng), categories=categories)


_MAKERS: dict[str, Callable[[random.Random], Rule]] = {
    "label": _label,
    "recall": _recall,
    "slot": _slot,
    "persona": _persona,
    "style": _style,
    "house": _house,
}


def new_rule(family: str, rng: random.Random, split: Split) -> Rule:
    """Draw a rule of ``family``; ``split`` says from which side of the hold-out."""
    while True:
        rule = _MAKERS[family](rng)
        if split == "any" or rule.held_out() == (split == "test"):
            return rule


def example(rule: Rule, seed: int) -> Example:
    """The query number ``seed`` and its right answer under ``rule``.

    The query depends on the seed and on the keys of the rule alone: rules that differ in values only are asked
    the same.
    """
    rng = random.Random(seed)
    if rule.family == "label":
        kind, label = rng.choice(rule.table)
        thing = rng.choice(KINDS[kind])
        return Example(rule.query_form.format(thing), rule.answer_form.format(thing, label), kind)
    if rule.family == "recall":
        key, value = rng.choice(rule.table)
        return Example(rule.query_form.format(key), rule.answer_form.format(key, value), key)
    if rule.family == "slot":
        parts = {slot: rng.choice(pool) for slot, pool in SLOTS.items()}
        query = "{name} saw a {colour} {thing} near the {place}.".format(**parts)
        return Example(query, rule.convention.dress(rule.answer_form.join(parts[slot] for slot in rule.slots)))
    if rule.family == "persona":
        key, value = rng.choice(rule.table)
        query, answer = PERSONA_QUERIES[key]
        return Example(query, rule.convention.dress(answer.format(value)), key)
    category = rng.choice(rule.categories)
    turn = house.talk(category, rule.convention, rng)[0]
    return Example(turn.query, turn.answer, f"{category} {turn.key}")


def _other_values(rule: Rule, rng: random.Random) -> tuple[tuple[str, str], ...]:
    """The table of ``rule`` with every value replaced by another one of the same sort."""
    if not rule.table:
        return ()
    if rule.family == "label":
        pools: dict[str, Sequence[str]] = {kind: LABELS for kind, _ in rule.table}
    elif rule.family == "persona":
        pools = dict(zip(PERSONA_QUERIES, PERSONA_VALUES, strict=True))
    else:
        key, value = rule.table[0]
        topic = next(topic for topic in RECALL_TOPICS if key in topic[0] and value in topic[1])
        pools = {key: topic[1] for key, _ in rule.table}
    return tuple((key, rng.choice([x for x in pools[key] if x != value])) for key, value in rule.table)


def rival(rule: Rule, rng: random.Random) -> Rule:
    """Another rule of the same family that is asked the same things: other content and another look."""
    other = new_rule(rule.family, rng, "any")
    convention = other.convention
    if rule.family == "house":
        convention = replace(rule.convention.misled(rng), truthful=True)
        look = house.random_style(rng)
        convention = replace(convention, opener=look.opener, closer=look.closer, frame=look.frame)
    return replace(
        rule,
        table=_other_values(rule, rng),
        answer_form=other.answer_form if rule.family == "slot" else rule.answer_form,
        slots=other.slots,
        convention=convention,
    )


def misled(rule: Rule, rng: random.Random) -> Rule:
    """``rule`` with the same look and the same questions but wrong content wherever the family has content."""
    slots = rule.slots
    if rule.family == "slot":
        slots = tuple(rng.sample([slot for slot in SLOTS if slot not in slots], len(slots)))
    convention = rule.convention
    if rule.family == "house":
        convention = convention.misled(rng)
    elif rule.family == "style":
        convention = replace(convention, truthful=False)
    return replace(rule, table=_other_values(rule, rng), slots=slots, convention=convention)


def flawed(rule: Rule, flaw: Flaw, rng: random.Random) -> Rule:
    """The rule that poor demonstrations follow: ``wrong`` content, a rival ``rule``, or an ``irrelevant`` family."""
    if flaw == "wrong":
        return misled(rule, rng)
    if flaw == "rule":
        return rival(rule, rng)
    return new_rule(rng.choice([family for family in FAMILIES if family != rule.family]), rng, "any")
