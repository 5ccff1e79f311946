"""In-context learning against instruction fine-tuning (arXiv 2405.19874, the paper's section on ICL and IFT): the same
demonstrations once in the prompt and once as training data, everything else alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from workbench.bench.recipes import SERIES_NAMES, Place, Variant, drawn, sized
from workbench.domain import Contestant, DecodingSettings, Demonstration, ModelRef, Prompt
from workbench.errors import WorkbenchError

TUNING_SIZES = (3, 10, 30, 100, 300, 1_000, 4_000)
IN_CONTEXT, FINE_TUNED = "in_context", "fine_tuned"


@dataclass(frozen=True, slots=True)
class Drawn:
    """``prompt`` shows the demonstrations, in the order in which they were drawn, before the base prompt's own."""

    size: int
    seed: int
    prompt: Prompt


def draw_sets(base: Prompt, pool: Sequence[Demonstration], sizes: Sequence[int], seeds: int) -> list[Drawn]:
    """Sets as recipe 2 draws its random ones: of one seed, a set holds the smaller ones. Sizes that the pool does not
    fill are left out.

    Raises WorkbenchError: the base prompt has a demonstration without an answer, or the pool fills no size.
    """
    if not all(one.answer for one in base.demonstrations):
        raise WorkbenchError("A demonstration of the base prompt has no answer to train on.",
                             safe="Nothing was started.", remedy="Choose another prompt.")
    found = [Drawn(size, seed, prompt) for seed in range(seeds) for size in sorted(set(sizes))
             if (prompt := sized(base, drawn(pool, seed), "random", size)) is not None]
    if not any(one.size for one in found):
        raise WorkbenchError(f"The pool has {len(pool) + len(base.demonstrations)} demonstrations with answers, too "
                             "few for any of the sizes.", safe="Nothing was started.",
                             remedy="Ask for smaller sizes, or import demonstrations.")
    return found


def without_demonstrations(base: Prompt) -> Prompt:
    """What a fine-tuned model is trained and asked with: the same rules and template."""
    return replace(base, demonstrations=(), verbatim="", id=None, version=0)


def tuning(model: ModelRef, base: Prompt, sets: Sequence[Drawn], tuned: Callable[[Drawn], ModelRef],
           fits: Callable[[Prompt], bool], settings: DecodingSettings | None = None) -> list[Variant]:
    """Recipe 5: each set in context, as long as it ``fits``, and as the training data of the model that ``tuned``
    names. At size 0 both are the model under the rules alone."""
    settings = settings or DecodingSettings()
    bare, found, full = without_demonstrations(base), list[Variant](), set[int]()
    for one in sets:
        label = f"{one.size}, seed {one.seed}"
        if one.seed not in full and not fits(one.prompt):
            full.add(one.seed)
        if one.seed not in full:
            name = f"{SERIES_NAMES[IN_CONTEXT]}, {label}"
            found.append(Variant(Place(IN_CONTEXT, one.size, seed=one.seed), Contestant(
                f"{model.name}, {name}", model, replace(one.prompt, name=name), settings)))
        if one.size:
            place = Place(FINE_TUNED, one.size, seed=one.seed)
            name = f"{model.name}, {SERIES_NAMES[FINE_TUNED]}, {label}"
            found.append(Variant(place, Contestant(name, tuned(one), bare, settings)))
        elif one.seed not in full:
            found.append(replace(found[-1], place=replace(found[-1].place, series=FINE_TUNED)))
    return found
