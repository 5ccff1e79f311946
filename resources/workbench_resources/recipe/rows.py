"""Training rows: token ids with the weight of predicting each, from episodes and from practice at copying.

Practice comes first, because looking things up in the context grows from copying: runs that repeat, then
``key link value`` lines whose keys come again, then lines whose keys are only of the same kind.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerFast

from workbench_resources.recipe import words
from workbench_resources.recipe.episodes import TRAINING_WEIGHTS, Shot, episode, instruction
from workbench_resources.recipe.tokenizer import ANSWER, BOS, FENCE, NEXT_QUERY, QUERY

QUERY_WEIGHT = 0.05


@dataclass(frozen=True)
class Row:
    """``ids`` of one training sequence; ``weights[i]`` is the weight of predicting ``ids[i]`` (0 for the first)."""

    ids: list[int]
    weights: list[float]

    def __len__(self) -> int:
        return len(self.ids)


class Encoder:
    """Encodes pieces of text, remembering the recent ones, and lays shots out in URIAL's form."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self.tokenizer = tokenizer
        self._backend = tokenizer.backend_tokenizer
        self._known: dict[str, list[int]] = {}
        self.size = len(tokenizer)
        self.begin = int(tokenizer.convert_tokens_to_ids(BOS))
        pools = (words.THINGS, words.PLACES, words.COLOURS, words.NAMES, words.JOBS, words.SONGS, words.LABELS)
        self.words = [self(" " + word)[0] for pool in pools for word in pool]
        self.kinds = [[self(" " + word)[0] for word in pool] for pool in words.KINDS.values()]
        self.links = [self(text)[0] for text in (" is", ":", " =", " in", " likes", " says", " by", " at", " near")]
        self.ends = [self(text)[0] for text in (".", ",", "\n", FENCE)]

    def __call__(self, text: str) -> list[int]:
        found = self._known.get(text)
        if found is None:
            if len(self._known) > 100_000:
                self._known.clear()
            found = self._known[text] = self._backend.encode(text, add_special_tokens=False).ids
        return found

    def shots(self, shots: Sequence[Shot], rules: str = "") -> Row:
        """An episode: full weight on good answers with their closing fence, little on queries, none on poor answers."""
        ids, weights = [self.begin], [0.0]

        def add(text: str, weight: float) -> None:
            pieces = self(text)
            ids.extend(pieces)
            weights.extend([weight] * len(pieces))

        # The blank line after the rules belongs to the piece that opens the next query, as it does in running text.
        add(rules.removesuffix("\n\n"), 0.0)
        for index, shot in enumerate(shots):
            add(NEXT_QUERY if index or rules else QUERY, 0.0)
            add(shot.query, QUERY_WEIGHT)
            add(FENCE, QUERY_WEIGHT)
            add(ANSWER, 0.0)
            add(shot.answer, float(shot.good))
            add(FENCE, float(shot.good))
        return Row(ids, weights)

    def prompt(self, shots: Sequence[tuple[str, str]], query: str, rules: str = "") -> list[int]:
        """Token ids up to where the answer to ``query`` begins."""
        text = rules + "".join(
            f"{NEXT_QUERY if index else QUERY}{asked}{FENCE}{ANSWER}{answer}{FENCE}"
            for index, (asked, answer) in enumerate(shots)
        )
        text += f"{NEXT_QUERY if shots else QUERY}{query}{FENCE}{ANSWER}"
        return [self.begin, *self(text)]


def run_row(encoder: Encoder, rng: random.Random) -> Row:
    """Random tokens, then the same again (once or twice); only the repeats count."""
    size = rng.randrange(4, 40)
    pool = encoder.words if rng.random() < 0.6 else range(3, encoder.size)
    run = [rng.choice(pool) for _ in range(size)]
    gap = [rng.choice(encoder.words) for _ in range(rng.randrange(0, 6))]
    times = 2 if size > 20 else 3
    ids, weights = [encoder.begin], [0.0]
    for index in range(times):
        ids += run
        weights += [float(index > 0 and place > 0) for place in range(size)]
        ids += gap
        weights += [0.0] * len(gap)
    return Row(ids, weights)


def pair_row(encoder: Encoder, rng: random.Random) -> Row:
    """``key link value end`` lines with few keys; a value counts where its key has been seen before."""
    keys = rng.sample(encoder.words, rng.randrange(2, 7))
    table = {key: [key] for key in keys}
    return _lines(encoder, rng, table)


def kind_row(encoder: Encoder, rng: random.Random) -> Row:
    """As ``pair_row``, but the keys change and it is their kind that decides the value."""
    kinds = rng.sample(encoder.kinds, rng.choice((2, 2, 3)))
    return _lines(encoder, rng, {kind[0]: kind for kind in kinds})


def _lines(encoder: Encoder, rng: random.Random, table: dict[int, list[int]]) -> Row:
    values = dict(zip(table, rng.sample(encoder.words, len(table)), strict=True))
    link, end = rng.choice(encoder.links), rng.choice(encoder.ends)
    ids, weights = [encoder.begin], [0.0]
    seen: set[int] = set()
    for _ in range(rng.randrange(10, 26)):
        group = rng.choice(list(table))
        ids += [rng.choice(table[group]), link, values[group], end]
        weights += [0.0, 0.0, float(group in seen), 0.0]
        seen.add(group)
    return Row(ids, weights)


def family_row(encoder: Encoder, rng: random.Random) -> Row:
    """An episode, mostly of up to nine shots; a quarter of them with a rules text before it."""
    shots = rng.choice((12, 16, 20)) if rng.random() < 0.15 else rng.choice((2, 4, 6, 9, 9))
    return _episode_row(encoder, rng, shots)


def single_row(encoder: Encoder, rng: random.Random) -> Row:
    """One shot alone: what a model should expect before it has seen a demonstration."""
    return _episode_row(encoder, rng, 1)


def _episode_row(encoder: Encoder, rng: random.Random, shots: int) -> Row:
    rules = instruction(rng) if rng.random() < 0.25 else ""
    return encoder.shots(episode(rng, shots, weights=TRAINING_WEIGHTS, wide=0.35), rules)


Maker = Callable[[Encoder, random.Random], Row]
PRACTICE: dict[str, Maker] = {"runs": run_row, "pairs": pair_row, "kinds": kind_row}
MAKERS: dict[str, Maker] = {**PRACTICE, "singles": single_row, "families": family_row}
