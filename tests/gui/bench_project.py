"""A project with a question set that contestants have answered, and judges, people and a measure judged."""

from __future__ import annotations

import random
from collections.abc import Sequence

from workbench.domain import (
    Answer,
    Contestant,
    DecodingSettings,
    Demonstration,
    Judgement,
    ModelRef,
    Prompt,
    Question,
    QuestionSet,
)
from workbench.services.project import Project

CATEGORIES = ("writing", "roleplay", "reasoning", "maths")
WORDS = ("The", "largest", "number", "that", "nobody", "can", "buy", "is", "seven", "because", "four", "and", "six",
         "make", "ten", "with", "bags", "of", "nine", "there", "are", "more")
STRANGE = ("<img src='file:///etc/passwd'> & <b>bold</b>", "def f(x):\n    return x  # 🙂\n" * 30,
           "مرحبا بالعالم، هذا جواب طويل. " * 8, "x" * 5_000, "")


def questions(count: int, turns: int = 2) -> QuestionSet:
    return QuestionSet("MT-Bench", tuple(
        Question(tuple(f"Question {n}, turn {turn + 1}: what is the largest number?" for turn in range(turns)),
                 ("Seven.",) if n % 3 == 0 else (), CATEGORIES[n * len(CATEGORIES) // count], key=str(81 + n))
        for n in range(count)))


def contestants(model: ModelRef) -> list[Contestant]:
    """No prompt, three demonstrations, six drawn with a temperature, and one from a file."""
    shown = tuple(Demonstration.pair(f"Say {n}.", f"{n}.") for n in range(6))
    return [Contestant("No demonstrations", model),
            Contestant("3 demonstrations", model, Prompt("Be brief.", shown[:3], name="Base prompt", version=3)),
            Contestant("6 demonstrations, draft 14", model, Prompt("Be brief.", shown, name="House style", version=14),
                       DecodingSettings(temperature=0.7, top_p=0.9, seed=3)),
            Contestant("vicuna-13b", ModelRef("vicuna-13b", ""))]


def fill(project: Project, count: int = 16, turns: int = 2, repeats: int = 1, seed: int = 1,
         asked: QuestionSet | None = None, names: Sequence[str] = ()) -> int:
    """Answers, a judge's ratings (some unreadable), its pairs in both orders, votes of two people, and a measure.

    Runs on the lane; returns the question set's id.
    """
    draw = random.Random(seed)
    set_id = project.questions.add(asked or questions(count, turns)).created[0]
    stored = project.questions.get(set_id).questions
    who = contestants(ModelRef("base-7b", "/nowhere/base-7b"))
    who += [Contestant(name, ModelRef(name, "")) for name in names]
    given = [Answer(place, question.id or 0, turn, repeat, _text(draw, n, place), draw.randint(5, 90), draw.random(),
                    "stop")
             for place in range(len(who)) for n, question in enumerate(stored)
             for repeat in range(repeats) for turn in range(len(question.turns))]
    project.bench.store_answers(who, given, "Answers brought in")
    answers = project.bench.answers(set_id)
    ids = [one.id for one in project.bench.contestants(set_id)]
    said = []
    for answer in answers:
        skill = 4.5 + 0.8 * ids.index(answer.contestant_id)
        rating = -1.0 if draw.random() < 0.02 else float(min(10, max(1, round(draw.gauss(skill, 1.5)))))
        assert answer.id is not None
        said.append(Judgement("base-13b", "rating", answer.id, score=rating, prompt_name="single-v1",
                              words=f"The answer is right in part. Rating: [[{rating:g}]]"))
        said.append(Judgement("reference", "measure", answer.id, name="log_likelihood",
                              score=draw.gauss(-30 + skill, 3)))
    said += _pairs(draw, answers, ids)
    project.bench.store_judgements(said, "Judgements brought in")
    return set_id


def _text(draw: random.Random, question: int, place: int) -> str:
    if question < len(STRANGE) and place == 2:
        return STRANGE[question]
    words = [draw.choice(WORDS) for _ in range(draw.randint(12, 60))]
    return "With bags of 4 and 6 you can make many numbers. " + " ".join(words) + "."


def _pairs(draw: random.Random, answers: Sequence[Answer], ids: Sequence[int | None]) -> list[Judgement]:
    by_turn: dict[tuple[int, int, int], list[Answer]] = {}
    for answer in answers:
        by_turn.setdefault((answer.question_id, answer.turn, answer.repeat), []).append(answer)
    said = []
    pairs = [sorted(draw.sample(found, 2), key=lambda one: one.contestant_id) for found in by_turn.values()]
    pairs += [[found[0], draw.choice(found[1:])] for found in by_turn.values()]      # against the baseline
    for a, b in pairs:
        assert a.id is not None
        assert b.id is not None
        better = "other" if draw.random() < 0.65 else "answer"
        swapped = better if draw.random() < 0.8 else "tie"
        said.append(Judgement("base-13b", "pair", a.id, b.id, verdict=better if better == swapped else "tie",
                              first=better, second=swapped, words="[[B]]", words_swapped="[[A]]",
                              prompt_name="pair-v2"))
        for person in ("anna", "ben") if draw.random() < 0.5 else ():
            said.append(Judgement(person, "pair", a.id, b.id, verdict=draw.choice(("answer", "other", "tie")),
                                  by_person=True, details={"reasons": ["More useful"]}))
    return said
