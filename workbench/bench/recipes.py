"""The ICL-alignment paper's experiments (arXiv 2405.19874) as contestants: what is varied, and where it stands in the
chart.

The definitions are those of the paper's own prompts: the number of demonstrations counts the base prompt's (URIAL's
three), new ones stand before them, and a set of a series holds the smaller one of the same series and seed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from workbench.bench.answers import NO_PROMPT
from workbench.bench.sweep import grid
from workbench.domain import Contestant, DecodingSettings, Demonstration, ModelRef, Prompt, Role
from workbench.errors import WorkbenchError

Recipe = Literal["decoding", "scaling", "demonstration_parts", "tuning"]

SIZES = (0, 3, 5, 10, 20, 30, 40, 50)
SCALING_SERIES = ("random", "greedy", "diverse", "unsupervised")
DRAWN = ("random", "diverse", "unsupervised")        # series whose sets are drawn by lot, several by default
PARTS = ("correct", "circular_shift", "random_in_domain", "random_out_of_domain", "no_answer")

SERIES_NAMES = {
    "random": "Random", "greedy": "Greedy-ranked", "diverse": "Diverse", "unsupervised": "Instructions only",
    "correct": "Correct answers", "circular_shift": "Answers shifted by one", "random_in_domain":
    "Random answers, in domain", "random_out_of_domain": "Random answers, out of domain", "no_answer": "No answers",
    "prompt": "With the prompt", "none": "Without a prompt",
    "in_context": "In context", "fine_tuned": "Fine-tuned",
}

_UNSUPERVISED = ("First come questions like those that you will be asked, without their answers. After them come "
                 "conversations that show how to answer; answer only the last question.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contestant stands in a recipe's chart: at ``x`` (and ``y`` of a heat map) of a series.

    ``x`` is the number of demonstrations ("scaling", "tuning"), the place in PARTS ("demonstration_parts") or the
    first axis ("decoding"). ``seed`` tells what was drawn by lot apart: points of the same series and x are averaged.
    """

    series: str
    x: float
    y: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Variant:
    place: Place
    contestant: Contestant


def decoding(model: ModelRef, prompt: Prompt, axes: Mapping[str, Sequence[float]],
             base: DecodingSettings | None = None) -> list[Variant]:
    """Recipe 1: each combination of one or two decoding parameters, with the prompt and without one.

    Raises WorkbenchError: not one or two axes, or values that are not possible.
    """
    if not 1 <= len(axes) <= 2:
        raise WorkbenchError("One or two decoding parameters are varied at a time.", safe="Nothing was started.")
    first, *rest = axes
    return [Variant(Place(series, getattr(one, first), getattr(one, rest[0]) if rest else None),
                    Contestant(f"{model.name}, {name}, {one.label}", model, shown, one))
            for series, name, shown in (("prompt", prompt.name or "prompt", prompt), ("none", NO_PROMPT.name, None))
            for one in grid(axes, base)]


def scaling(
    model: ModelRef, base: Prompt, pool: Sequence[Demonstration], ranking: Sequence[int], *,
    sizes: Sequence[int] = SIZES, series: Sequence[str] = SCALING_SERIES, seeds: int = 3,
    settings: DecodingSettings | None = None,
) -> list[Variant]:
    """Recipe 2: prompts of 0, 3, 5, … demonstrations.

    - random: drawn from the pool, before the base prompt's own; ``seeds`` different draws.
    - greedy: the best of ``ranking`` (ids of the pool, best first), before the base prompt's own.
    - diverse: stratified by source, without the base prompt's own; ``seeds`` different draws.
    - unsupervised: instructions alone, those of the diverse sets, before the base prompt's own demonstrations.

    Sizes that the pool does not fill are left out; 0 is the rules alone, once. Raises WorkbenchError: an unknown
    series, no ranking for "greedy".
    """
    unknown = set(series) - set(SCALING_SERIES)
    if unknown or not series:
        raise WorkbenchError(f"There is no series “{', '.join(sorted(unknown))}”.",
                             remedy=f"Choose among: {', '.join(SCALING_SERIES)}.")
    if "greedy" in series and not ranking:
        raise WorkbenchError("The greedy-ranked series needs the candidates' gains, and none were measured.",
                             safe="Nothing was started.", remedy="Score the candidates first, or leave the series out.")
    settings = settings or DecodingSettings()
    by_id = {one.id: one for one in pool}
    ranked = [by_id[id] for id in ranking if id in by_id]
    found: list[Variant] = []
    for name in series:
        for seed in range(seeds if name in DRAWN else 1):
            order = ranked if name == "greedy" else drawn(pool, seed) if name == "random" else _diverse(pool, seed)
            for size in sorted(set(sizes)):
                prompt = sized(base, order, name, size)
                if prompt is not None:
                    label = f"{SERIES_NAMES[name]}, {size}" + (f", seed {seed}" if name in DRAWN else "")
                    found.append(Variant(Place(name, size, seed=seed), Contestant(
                        f"{model.name}, {label}", model, replace(prompt, name=label), settings)))
    return found


def demonstration_parts(
    model: ModelRef, base: Prompt, pool: Sequence[Demonstration], *, parts: Sequence[str] = PARTS, seeds: int = 3,
    settings: DecodingSettings | None = None,
) -> list[Variant]:
    """Recipe 3: the base prompt's demonstrations with other answers (after Min et al., arXiv 2202.12837).

    Random answers come from the pool: from the same domain (category) as the demonstration, or from another. Where a
    demonstration has no category, that of the pool's most similar instruction counts (shared words).
    Raises WorkbenchError: fewer than two demonstrations, or a pool without answers in and out of the domain.
    """
    shown = base.demonstrations
    if len(shown) < 2 or not all(one.answer for one in shown):
        raise WorkbenchError("The prompt needs at least two demonstrations with answers.", safe="Nothing was started.",
                             remedy="Choose another prompt.")
    settings = settings or DecodingSettings()
    found: list[Variant] = []
    for part in parts:
        for seed in range(seeds if part.startswith("random") else 1):
            changed = _changed(part, shown, pool, np.random.default_rng([seed, PARTS.index(part)]))
            label = SERIES_NAMES[part] + (f", seed {seed}" if part.startswith("random") else "")
            prompt = replace(base, demonstrations=changed, verbatim="", name=label)
            found.append(Variant(Place(part, PARTS.index(part), seed=seed), Contestant(
                f"{model.name}, {label}", model, prompt, settings)))
    return found


def sized(base: Prompt, order: Sequence[Demonstration], series: str, size: int) -> Prompt | None:
    """A prompt of ``size`` demonstrations (of "unsupervised": instructions), None where there are not so many."""
    own = () if series == "diverse" else base.demonstrations
    if series == "unsupervised":
        asked = tuple(_without_answers(one) for one in order[:size])
        rules = f"{base.rules.rstrip()}\n\n{_UNSUPERVISED}\n".lstrip() if asked else base.rules
        chosen = asked + own
        enough = len(asked) == size
    else:
        new = max(size - len(own), 0)
        chosen, rules = (tuple(order[:new]) + own)[:size], base.rules
        enough = len(chosen) == size
    return replace(base, rules=rules, demonstrations=chosen, verbatim="", id=None, version=0) if enough else None


def drawn(pool: Sequence[Demonstration], seed: int) -> list[Demonstration]:
    return [pool[at] for at in np.random.default_rng(seed).permutation(len(pool))]


def _diverse(pool: Sequence[Demonstration], seed: int) -> list[Demonstration]:
    """One of each source in turn, sources and demonstrations in random order."""
    rng = np.random.default_rng([seed, 1])
    by_source: defaultdict[str, list[Demonstration]] = defaultdict(list)
    for one in drawn(pool, seed):
        by_source[one.source].append(one)
    names = sorted(by_source)
    strata = [by_source[names[at]] for at in rng.permutation(len(names))]
    longest = max(map(len, strata), default=0)
    return [stratum[turn] for turn in range(longest) for stratum in strata if turn < len(stratum)]


def _changed(part: str, shown: Sequence[Demonstration], pool: Sequence[Demonstration],
             rng: np.random.Generator) -> tuple[Demonstration, ...]:
    if part == "correct":
        return tuple(shown)
    if part == "no_answer":
        return tuple(_without_answers(one) for one in shown)
    if part == "circular_shift":
        answers = [one.answer for one in shown]
        return tuple(_answered(one, answer) for one, answer in zip(shown, answers[1:] + answers[:1], strict=True))
    if part not in PARTS:
        raise WorkbenchError(f"There is no variant “{part}”.", remedy=f"Choose among: {', '.join(PARTS)}.")
    found = []
    taken = {one.answer for one in shown}
    for one in shown:
        domain = _domain(one, pool)
        fitting = [other.answer for other in pool if other.answer and other.answer not in taken
                   and (other.category == domain) == (part == "random_in_domain")]
        if not fitting:
            raise WorkbenchError(f"There is no answer {'in' if part == 'random_in_domain' else 'out of'} the domain "
                                 f"“{domain}” to draw from.", safe="Nothing was started.",
                                 remedy="Give the demonstrations categories, or choose a larger pool.")
        answer = fitting[int(rng.integers(len(fitting)))]
        taken.add(answer)
        found.append(_answered(one, answer))
    return tuple(found)


def _answered(one: Demonstration, answer: str) -> Demonstration:
    return Demonstration.pair(one.instruction, answer, category=one.category, source=one.source, id=one.id)


def _without_answers(one: Demonstration) -> Demonstration:
    turns = tuple(turn for turn in one.turns if turn.role is Role.USER)[:1]
    return replace(one, turns=turns)


def _domain(one: Demonstration, pool: Sequence[Demonstration]) -> str:
    if one.category:
        return one.category
    words = _words(one.instruction)

    def likeness(other: Demonstration) -> float:
        theirs = _words(other.instruction)
        return len(words & theirs) / max(len(words | theirs), 1)

    return max(pool, key=likeness).category if pool else ""


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
