"""A pool of small tasks to train students on: each has a hidden rule, named by the tag ``task:…``."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from workbench_resources.recipe.rules import example, new_rule

FAMILIES = ("label", "slot", "style", "house")           # whose rules have queries enough
RULES = 40                           # of each family: with few, a student learns them by heart
EXAMPLES = 14                        # of each rule: up to ten demonstrations and some to spare


def rows(seed: int) -> list[dict[str, Any]]:
    """One demonstration a row, all of them right; rules are of the kind that the models were not trained on."""
    rng = random.Random(seed)
    found = []
    for family in FAMILIES:
        for number in range(1, RULES + 1):
            rule, made = new_rule(family, rng, "test"), dict[str, str]()
            for draw in rng.sample(range(1_000_000), 400):
                one = example(rule, draw)
                made.setdefault(one.query, one.answer)
                if len(made) == EXAMPLES:
                    break
            found += [{"instruction": query, "output": answer, "category": family, "tags": [f"task:{family} {number}"],
                       "source": "recipe", "licence": "CC0-1.0", "language": "en"} for query, answer in made.items()]
    return found


def write(path: Path, seed: int) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(seed))
    path.write_text(text, encoding="utf-8")
