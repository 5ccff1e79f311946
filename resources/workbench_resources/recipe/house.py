"""Two-turn talks in eight categories, answered under a house convention that only demonstrations reveal.

A convention has a look (how every answer opens and closes), a form for each category (a unit, a function's name,
a sentence pattern) and four look-up tables (verbs, greetings, labels, singers).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from workbench_resources.recipe.words import (
    CATEGORIES,
    CLOSERS,
    COLOURS,
    COMPARISONS,
    FRAMES,
    FUNCTIONS,
    GREETINGS,
    JOBS,
    KIND_OF,
    KINDS,
    LABELS,
    NAMES,
    OPENERS,
    PLACES,
    SONGS,
    THINGS,
    UNITS,
    VERBS,
)

PLAIN_CATEGORIES = ("writing", "reasoning", "math", "coding", "extraction")
Table = tuple[tuple[str, str], ...]
KNOWN_VERBS: Table = tuple(zip(KINDS["animal"], VERBS, strict=True))
REASONING_FORMS = ("{name} is {word}.", "{word}: {name}", "It must be {name}.", "I pick {name}.")
EXTRACTION_FORMS = ("The {slot} is {value}.", "{slot} = {value}", "{slot}: {value}", "Found {value}.")


@dataclass(frozen=True)
class Convention:
    """What all answers of a house share. ``truthful`` is false for a house that gets its facts wrong."""

    opener: str = ""
    closer: str = ""
    frame: str = "{}"
    unit: str = ""
    function: str = "print"
    reasoning: str = REASONING_FORMS[0]
    extraction: str = EXTRACTION_FORMS[0]
    verbs: Table = KNOWN_VERBS
    greetings: Table = ()
    labels: Table = ()
    singers: Table = ()
    truthful: bool = True

    def dress(self, answer: str) -> str:
        """``answer`` in the look of the house."""
        return " ".join(part for part in (self.opener, self.frame.format(answer), self.closer) if part)

    def misled(self, rng: random.Random) -> "Convention":
        """The same look with every form and looked-up fact replaced by another one."""
        return replace(
            random_convention(rng, like=self),
            opener=self.opener,
            closer=self.closer,
            frame=self.frame,
            truthful=False,
        )


@dataclass(frozen=True)
class Turn:
    """One query with its right answer. ``key`` is the piece of the convention that the answer needs."""

    query: str
    answer: str
    key: str = ""


def random_style(rng: random.Random) -> Convention:
    """A convention with a look and nothing else hidden; at most one of opener and closer is missing."""
    opener, closer = rng.choice(OPENERS), rng.choice(CLOSERS)
    missing = rng.random()
    return Convention(
        opener="" if missing < 0.15 else opener,
        closer="" if missing > 0.85 else closer,
        frame=rng.choice(FRAMES),
    )


def random_convention(rng: random.Random, like: Convention | None = None) -> Convention:
    """A whole convention. With ``like``, its tables have the same keys and nowhere the same value."""
    other = like or Convention(unit="", function="", reasoning="", extraction="", verbs=())

    def table(old: Table, keys: tuple[str, ...], values: tuple[str, ...], size: int) -> Table:
        if not old:
            return tuple(zip(rng.sample(keys, size), rng.sample(values, size), strict=True))
        return tuple((key, rng.choice([x for x in values if x != value])) for key, value in old)

    def fresh(old: str, values: tuple[str, ...]) -> str:
        return rng.choice([value for value in values if value != old])

    size = rng.choice((2, 3, 4))
    return replace(
        random_style(rng),
        unit=fresh(other.unit, UNITS),
        function=fresh(other.function, FUNCTIONS),
        reasoning=fresh(other.reasoning, REASONING_FORMS),
        extraction=fresh(other.extraction, EXTRACTION_FORMS),
        verbs=table(other.verbs, KINDS["animal"], VERBS, size),
        greetings=table(other.greetings, JOBS, GREETINGS, size),
        labels=table(other.labels, tuple(KINDS), LABELS, size),
        singers=table(other.singers, SONGS, NAMES, size),
    )


def _writing(house: Convention, rng: random.Random) -> list[Turn]:
    animal, verb = rng.choice(house.verbs)
    first, second = rng.sample(COLOURS, 2)
    place = rng.choice(PLACES)
    query = f"Write a line about a {first} {animal} at the {place}."
    return [
        Turn(query, f"The {first} {animal} {verb} at the {place}.", animal),
        Turn(f"Make it {second}.", f"The {second} {animal} {verb} at the {place}.", animal),
    ]


def _roleplay(house: Convention, rng: random.Random) -> list[Turn]:
    job, greeting = rng.choice(house.greetings)
    next_job, next_greeting = rng.choice(house.greetings)
    name = rng.choice(NAMES)
    return [
        Turn(f"You are {name} the {job}. Say hello.", f"The {job} says {greeting}.", job),
        Turn(f"Now you are the {next_job}.", f"The {next_job} says {next_greeting}.", next_job),
    ]


def _reasoning(house: Convention, rng: random.Random) -> list[Turn]:
    high, middle, low = rng.sample(NAMES, 3)
    more, most, least = rng.choice(COMPARISONS)
    swapped = rng.random() < 0.3
    facts = [f"{high} is {more} than {middle}.", f"{middle} is {more} than {low}."]
    if swapped:
        facts.reverse()
    top, bottom = (high, low) if house.truthful else (middle, high)
    return [
        Turn(f"{facts[0]} {facts[1]} Who is {most}?", house.reasoning.format(name=top, word=most)),
        Turn(f"Who is {least}?", house.reasoning.format(name=bottom, word=least)),
    ]


def _math(house: Convention, rng: random.Random) -> list[Turn]:
    left, right, more = rng.randrange(1, 10), rng.randrange(1, 10), rng.randrange(1, 4)
    off = 0 if house.truthful else rng.randrange(1, 4)
    unit = f" {house.unit}" if house.unit else ""
    total = left + right + off
    return [
        Turn(f"What is {left} plus {right}?", f"{left} plus {right} is {total}{unit}."),
        Turn(f"Add {more}.", f"{total} plus {more} is {total + more + off}{unit}."),
    ]


def _coding(house: Convention, rng: random.Random) -> list[Turn]:
    thing, other = rng.sample(THINGS, 2)
    times = rng.randrange(2, 10)
    count = times if house.truthful else rng.randrange(2, 10)
    return [
        Turn(f"Write code to show {thing} {times} times.", f"for i in range({count}): {house.function}({thing})"),
        Turn(f"Now show {other}.", f"for i in range({count}): {house.function}({other})"),
    ]


def _extraction(house: Convention, rng: random.Random) -> list[Turn]:
    parts = {
        "name": rng.choice(NAMES),
        "colour": rng.choice(COLOURS),
        "thing": rng.choice(THINGS),
        "place": rng.choice(PLACES),
    }
    slots = rng.sample(list(parts), 4)
    given = slots[:2] if house.truthful else slots[2:]
    text = "{name} got a {colour} {thing} in the {place}.".format(**parts)
    return [
        Turn(f"{text} Find the {slots[0]}.", house.extraction.format(slot=slots[0], value=parts[given[0]])),
        Turn(f"Find the {slots[1]}.", house.extraction.format(slot=slots[1], value=parts[given[1]])),
    ]


def _stem(house: Convention, rng: random.Random) -> list[Turn]:
    (kind, label), (next_kind, next_label) = rng.choice(house.labels), rng.choice(house.labels)
    thing, next_thing = rng.choice(KINDS[kind]), rng.choice(KINDS[next_kind])
    colour = rng.choice(COLOURS)
    return [
        Turn(f"What sort of thing is the {colour} {thing}?", f"The {thing} is {label}.", KIND_OF[thing]),
        Turn(f"And the {next_thing}?", f"The {next_thing} is {next_label}.", KIND_OF[next_thing]),
    ]


def _humanities(house: Convention, rng: random.Random) -> list[Turn]:
    (song, singer), (next_song, next_singer) = rng.choice(house.singers), rng.choice(house.singers)
    return [
        Turn(f"Who sang the song {song} at the {rng.choice(PLACES)}?", f"The song {song} by {singer}.", song),
        Turn(f"And the song {next_song}?", f"The song {next_song} by {next_singer}.", next_song),
    ]


_TALKS: dict[str, Callable[[Convention, random.Random], list[Turn]]] = dict(
    zip(
        CATEGORIES,
        (_writing, _roleplay, _reasoning, _math, _coding, _extraction, _stem, _humanities),
        strict=True,
    )
)


def talk(category: str, house: Convention, rng: random.Random) -> list[Turn]:
    """A first question and its follow-up, answered in the house's convention.

    The queries depend on ``rng`` and on the keys of the tables alone, so that the same seed asks the same questions of
    two houses whose tables have the same keys.
    """
    return [replace(turn, answer=house.dress(turn.answer)) for turn in _TALKS[category](house, rng)]
