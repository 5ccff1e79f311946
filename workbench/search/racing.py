"""Racing: candidates that fall behind on the first questions are not scored on the rest.

All candidates are asked the same questions in the same random order, so that differences are paired (racing with
blocking: Maron & Moore, "The Racing Algorithm", 1997; the t-test of Birattari's F-race family, 2002; halving: Jamieson
& Talwalkar, arXiv 1502.07943). Whoever is left at the end has been scored on all questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from workbench.domain import AnswerScore
from workbench.search.intervals import by_question
from workbench.search.options import Racing
from workbench.search.race_chance import chance_of_another_winner
from workbench.statistics.intervals import Floats
from workbench.statistics.student import student_tail

Answers = tuple[AnswerScore, ...]
Measure = Callable[[Sequence[int], tuple[int, ...]], Sequence[Answers]]     # (candidates, questions) → answers each

FIRST_QUESTIONS = 8
WRONG = 0.05                         # what all tests of one race together may drop the best with, at most about


@dataclass(frozen=True, slots=True)
class Race:
    """How a race ended.

    ``scores`` holds the finalists on all questions; ``dropped`` how many questions each of the others was asked.
    ``evaluations`` and ``exact`` count answers: scored, and what scoring everybody on everything would have taken.
    ``chance`` is the estimated chance that an exact round has another winner (see race_chance.py).
    """

    scores: Mapping[int, Answers]
    dropped: Mapping[int, int]
    evaluations: int
    exact: int
    chance: float

    @property
    def saved(self) -> float:
        """Share of the exact round's evaluations that were not needed."""
        return 1 - self.evaluations / self.exact


def stages(questions: int) -> tuple[int, ...]:
    """How many questions have been asked after each stage: 8, 16, 32, 64, … and all."""
    sizes = []
    size = FIRST_QUESTIONS
    while size < questions:
        sizes.append(size)
        size *= 2
    return (*sizes, questions)


def race(kind: Racing, ids: Sequence[int], questions: Sequence[int], measure: Measure, keep: int) -> Race:
    """Race ``ids`` over ``questions`` in the order given; at least ``keep`` of them get to the end."""
    ends = stages(len(questions))
    level = WRONG / (len(ids) * max(1, len(ends) - 1))           # Bonferroni: over the candidates and the stages
    running, heard = sorted(ids), {id: Answers() for id in ids}
    dropped: dict[int, int] = {}
    for start, end in pairwise((0, *ends)):
        for id, answers in zip(running, measure(running, tuple(questions[start:end])), strict=True):
            heard[id] += answers
        if end < len(questions) and len(running) > keep:
            left = set(_left(kind, running, heard, keep, len(questions), level))
            dropped |= {id: end for id in running if id not in left}
            running = [id for id in running if id in left]
    scores = {id: heard[id] for id in running}
    evaluations = sum(map(len, heard.values()))
    exact = len(ids) * len(scores[running[0]])
    return Race(scores, dropped, evaluations, exact, chance_of_another_winner(_table(heard, questions)))


def _left(
    kind: Racing, running: Sequence[int], heard: Mapping[int, Answers], keep: int, questions: int, level: float
) -> list[int]:
    """Who goes on to the next stage."""
    sums, _ = by_question([heard[id] for id in running])
    order = np.lexsort((running, -sums.sum(axis=1)))             # best first, ties by id
    if kind == "halving":
        keep = max(keep, (len(running) + 1) // 2)
        return [running[at] for at in order[:keep]]
    behind = chance_ahead(sums[order[0]] - sums, questions)
    return [running[at] for place, at in enumerate(order) if place < keep or behind[at] >= level]


def chance_ahead(differences: Floats, questions: int) -> Floats:
    """The probability that the mean over all ``questions`` is below 0, for rows of differences ``(rows, asked)``.

    One-sided paired t with the finite-population correction: what is not asked yet is all that is unknown, so that the
    standard error is s·√((1 − n/N)/n) (Cochran, "Sampling Techniques", 1977, equation 2.20).
    """
    asked = differences.shape[1]
    mean = differences.mean(axis=1)
    error = differences.std(axis=1, ddof=1) * np.sqrt((1 - asked / questions) / asked)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(mean == 0, 0.0, mean / error)               # without spread: plus or minus infinity
    return student_tail(t, asked - 1)


def _table(heard: Mapping[int, Answers], questions: Sequence[int]) -> Floats:
    """Each question's log-likelihood ``(candidates, questions)`` in the order asked, NaN where one was not asked."""
    place = {question: at for at, question in enumerate(questions)}
    table = np.full((len(heard), len(questions)), np.nan)
    for row, answers in enumerate(heard.values()):
        columns = [place[answer.question_id] for answer in answers]
        table[row, columns] = 0.0
        np.add.at(table[row], columns, [answer.logprob for answer in answers])
    return table


@dataclass(frozen=True, slots=True)
class Replay:
    """Shares over many orders of the questions: evaluations saved, races whose winner is the exact one's, and the mean
    of the chances of another winner that the races gave."""

    saved: float
    kept: float
    stated: float


def replay(
    kind: Racing, scores: Mapping[int, Answers], rng: np.random.Generator, orders: int = 100, keep: int = 1,
    pool: int = 0,
) -> Replay:
    """Race again and again over scores that are known in full: measures what racing would have done to a round.

    With ``pool`` each race is among so many of the candidates, drawn anew, so that not always the same one has to win.
    """
    table: dict[int, dict[int, Answers]] = {
        id: {q: tuple(a for a in answers if a.question_id == q) for q in {a.question_id for a in answers}}
        for id, answers in scores.items()
    }

    def measure(ids: Sequence[int], questions: tuple[int, ...]) -> list[Answers]:
        return [tuple(answer for q in questions for answer in table[id][q]) for id in ids]

    questions, ids = sorted(next(iter(table.values()))), sorted(scores)
    races, kept = list[Race](), list[bool]()
    for _ in range(orders):
        some = rng.permutation(ids)[:pool].tolist() if pool else ids
        races.append(race(kind, some, rng.permutation(questions).tolist(), measure, keep))
        kept.append(_winner(races[-1].scores) == _winner({id: scores[id] for id in some}))
    return Replay(
        float(np.mean([one.saved for one in races])), float(np.mean(kept)),
        float(np.mean([one.chance for one in races])),
    )


def _winner(scores: Mapping[int, Answers]) -> int:
    ids = sorted(scores)
    sums, _ = by_question([scores[id] for id in ids])
    return ids[int(np.argmax(sums.sum(axis=1)))]
