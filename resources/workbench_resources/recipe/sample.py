"""The sample project: candidates of mixed quality, two question sets with references, and a base prompt.

Everything follows one held-out house convention that no rules text tells: only demonstrations can show it.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench_resources.recipe import house
from workbench_resources.recipe.house import Convention, Turn
from workbench_resources.recipe.rules import Example, Rule, example, new_rule
from workbench_resources.recipe.words import CATEGORIES

QUESTIONS = 10
COUNTS = {"good": 80, "wrong": 40, "rule": 32, "irrelevant": 40}
DUPLICATES = 8
MINI_WORLD = "mini-world"            # source of demonstrations that are made on request
TRIES = 2_000                        # draws after which a category has nothing new to ask
SOURCES = ("hand-written", "forum", "model draft", "scrape")
SOURCE_WEIGHTS = {
    "good": (4, 3, 3, 1),
    "wrong": (1, 3, 4, 2),
    "rule": (1, 3, 2, 3),
    "irrelevant": (1, 2, 2, 5),
}
NEAR_CATEGORY = {"label": "stem", "recall": "humanities", "slot": "extraction", "persona": "roleplay"}
BASE_CATEGORIES = ("writing", "humanities", "roleplay")
INSTRUCTION = (
    "# Instruction\n\n"
    "Below is a list of conversations between a person and an assistant.\n"
    'Users place their queries under "# Query:", and your answers are under "# Answer:".\n'
    "Be clear and helpful. Write each answer in the house style.\n\n"
)


@dataclass(frozen=True)
class Candidate:
    """One demonstration with what is known of its making."""

    instruction: str
    output: str
    category: str
    quality: str


def convention() -> Convention:
    """The convention of the sample's house; chosen for reading well, and held out from training."""
    made = Convention(
        opener="Dear friend.",
        closer="Take care.",
        unit="stars",
        function="show",
        reasoning="It must be {name}.",
        extraction="{slot} = {value}",
        verbs=(("fox", "sings"), ("owl", "waits"), ("bear", "dances"), ("duck", "hides")),
        greetings=(("sailor", "peace"), ("king", "howdy"), ("nurse", "ahoy"), ("poet", "hush")),
        labels=(("animal", "zor"), ("food", "mek"), ("tool", "blip"), ("plant", "quin")),
        singers=(("Dawn", "Leo"), ("Frost", "Sam"), ("Bells", "Mia"), ("Harp", "Ida")),
    )
    if not Rule("house", convention=made).held_out():
        raise ValueError("the sample's convention is one that the models may have been trained on")
    return made


class Asker:
    """Draws talks whose first query, and examples whose query and answer, have not been used yet."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def talk(self, category: str, used: Convention) -> list[Turn]:
        """A new talk of ``category``, answered in the convention ``used``."""
        while True:
            turns = house.talk(category, used, random.Random(self._rng.randrange(1 << 30)))
            if turns[0].query not in self._taken:
                self._taken.add(turns[0].query)
                return turns

    def example(self, rule: Rule) -> Example:
        """A new example of a rule."""
        while True:
            one = example(rule, self._rng.randrange(1 << 30))
            if one.query + one.answer not in self._taken:
                self._taken.add(one.query + one.answer)
                return one


def candidates(asker: Asker, rng: random.Random) -> list[Candidate]:
    """All candidates in a mixed order; the last are exact copies of earlier ones, strewn in."""
    right = convention()
    makers: dict[str, Callable[[], Convention]] = {
        "good": lambda: right,
        "wrong": lambda: right.misled(rng),
        "rule": lambda: _rival(right, rng),
    }
    found = []
    for quality, maker in makers.items():
        for index in range(COUNTS[quality]):
            category = CATEGORIES[index % len(CATEGORIES)]
            turn = asker.talk(category, maker())[0]
            found.append(Candidate(turn.query, turn.answer, category, quality))
    families = list(NEAR_CATEGORY)
    for index in range(COUNTS["irrelevant"]):
        family = families[index % len(families)]
        one = asker.example(new_rule(family, rng, "any"))
        found.append(Candidate(one.query, one.answer, NEAR_CATEGORY[family], "irrelevant"))
    rng.shuffle(found)
    for copy in rng.sample(found, DUPLICATES):
        found.insert(rng.randrange(found.index(copy) + 1, len(found) + 1), copy)
    return found


def _rival(right: Convention, rng: random.Random) -> Convention:
    look = house.random_style(rng)
    other = replace(right.misled(rng), opener=look.opener, closer=look.closer, frame=look.frame, truthful=True)
    return other if other.opener != right.opener and other.closer != right.closer else _rival(right, rng)


def more_demonstrations(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Up to ``count`` rows of good demonstrations, each with another query and none that the question sets ask.

    Categories take turns; small ones end when all that they can ask has been asked.
    """
    asked = [one for first in _question_sets(Asker(random.Random(0))) for one in first[0]]
    taken = {one["turns"][0] for one in asked}
    rng = random.Random(f"more {seed}")
    rows: list[dict[str, Any]] = []
    waiting = list(CATEGORIES)
    while waiting and len(rows) < count:
        for category in tuple(waiting):
            turns = (house.talk(category, convention(), rng)[0] for _ in range(TRIES))
            turn = next((turn for turn in turns if turn.query not in taken), None)
            if turn is None:
                waiting.remove(category)
            elif len(rows) < count:
                taken.add(turn.query)
                rows.append({"instruction": turn.query, "output": turn.answer, "category": category,
                             "source": MINI_WORLD, "licence": "CC0-1.0", "language": "en"})
    return rows


def write_more(path: Path, count: int, seed: int = 0) -> None:
    """Write ``more_demonstrations`` as JSON lines."""
    _write_lines(path, more_demonstrations(count, seed))


def base_demonstrations(asker: Asker) -> list[tuple[str, str]]:
    """Three weak demonstrations: they have the look of the house and a little of what it knows."""
    turns = [asker.talk(category, convention())[0] for category in BASE_CATEGORIES]
    return [(turn.query, turn.answer) for turn in turns]


def base_prompt(demonstrations: list[tuple[str, str]]) -> str:
    """URIAL's text: the rules, then the demonstrations."""
    shots = [f"# Query:\n```\n{query}\n```\n\n# Answer:\n```\n{answer}\n```\n" for query, answer in demonstrations]
    return INSTRUCTION + "\n".join(shots)


def questions(asker: Asker, first_id: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A question set in MT-Bench's form, and its reference answers in FastChat's."""
    right = convention()
    asked, references = [], []
    for number in range(len(CATEGORIES) * QUESTIONS):
        category = CATEGORIES[number // QUESTIONS]
        turns = asker.talk(category, right)
        identity = first_id + number
        asked.append({"question_id": identity, "category": category, "turns": [turn.query for turn in turns]})
        choice = {"index": 0, "turns": [turn.answer for turn in turns]}
        references.append(
            {
                "question_id": identity,
                "answer_id": f"sample-{identity}",
                "model_id": "sample",
                "choices": [choice],
                "tstamp": 0.0,
            }
        )
    return asked, references


def _question_sets(asker: Asker) -> list[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """The sample's questions and the held-out ones."""
    return [questions(asker, 1), questions(asker, 101)]


def _row(one: Candidate, rng: random.Random) -> dict[str, Any]:
    source = rng.choices(SOURCES, SOURCE_WEIGHTS[one.quality])[0]
    return {
        "instruction": one.instruction,
        "output": one.output,
        "category": one.category,
        "source": source,
        "tags": [f"batch-{rng.randrange(1, 4)}"],
        "licence": "CC0-1.0",
        "language": "en",
    }


def write(out: Path, seed: int = 0) -> None:
    """Write the whole sample project to ``out`` from a seed."""
    rng = random.Random(seed)
    asker = Asker(rng)
    (asked, references), (held_out, held_out_references) = _question_sets(asker)
    pool = candidates(asker, rng)
    rows = {(one.instruction, one.output): _row(one, rng) for one in pool}
    truth = {
        (one.instruction, one.output): {
            "instruction": one.instruction,
            "output": one.output,
            "quality": one.quality,
        }
        for one in pool
    }
    (out / "reference_answer").mkdir(parents=True, exist_ok=True)
    _write_lines(out / "candidates.jsonl", [rows[one.instruction, one.output] for one in pool])
    _write_lines(out / "questions.jsonl", asked)
    _write_lines(out / "reference_answer" / "sample.jsonl", references)
    _write_lines(out / "heldout_questions.jsonl", held_out)
    _write_lines(out / "reference_answer" / "heldout.jsonl", held_out_references)
    (out / "truth.json").write_text(json.dumps(list(truth.values()), indent=1) + "\n", encoding="utf-8")
    (out / "base_prompt.txt").write_text(base_prompt(base_demonstrations(asker)), encoding="utf-8")


def _write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
