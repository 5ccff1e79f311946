"""The Bench page's numbers, as plain values for the charts. Pure functions: they run on a thread of their own."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.bench.length_bias import Rated, points_per_doubling
from workbench.bench.ratings import Rating, ratings, win_matrix
from workbench.bench.win_rates import position_bias
from workbench.domain import Interval
from workbench.gui.bench.reading import BenchReading
from workbench.services.bench_measures import Measure, games, values
from workbench.services.bench_numbers import AgreementRow, agreements, judge_bias
from workbench.statistics.paired import Difference, Measured, mean_interval, paired_difference
from workbench.statistics.rank_correlation import kendall_tau, tau_interval

SEED = 0                             # the same answers give the same intervals, whatever is looked at first


@dataclass(frozen=True, slots=True)
class Mean:
    """``count`` judged answers; ``unreadable`` judgements are not in the mean."""

    interval: Interval
    count: int


@dataclass(frozen=True)
class Summary:
    """``by_turn`` and ``by_category`` hold contestants' means under the names of turns and categories, in order."""

    measure: Measure
    chosen: tuple[int, ...]
    by_turn: dict[str, dict[int, Mean]] = field(default_factory=dict)
    by_category: dict[str, dict[int, Mean]] = field(default_factory=dict)
    scores: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))      # (chosen, questions)
    unreadable: dict[int, int] = field(default_factory=dict)
    difference: Difference | None = None         # last chosen over first chosen


def summarise(reading: BenchReading, measure: Measure, chosen: Sequence[int]) -> Summary:
    """Means by turn and by category with 95 % intervals, and each question's mean."""
    found = values(reading, measure)
    turns = sorted({one.turn for id in chosen for one in found[id]})
    names = [(f"Turn {turn + 1}", turn) for turn in turns] + ([("All turns", -1)] if len(turns) > 1 else [])
    if len(turns) == 2:
        names[-1] = ("Both turns", -1)
    by_turn = {name: _means({id: [one for one in found[id] if turn in (-1, one.turn)] for id in chosen})
               for name, turn in names}
    categories = list(dict.fromkeys(question.category or "No category" for question in reading.questions))
    by_category = {name: _means({id: [one for one in found[id] if one.category == name] for id in chosen})
                   for name in categories}
    of_first_two = paired_difference(found[chosen[-1]], found[chosen[0]], np.random.default_rng(SEED)) \
        if len(chosen) > 1 else None
    return Summary(measure, tuple(chosen), by_turn, {name: means for name, means in by_category.items() if means},
                   _by_question(reading, found, chosen), _unreadable(reading, measure), of_first_two)


def _means(groups: dict[int, list[Measured]]) -> dict[int, Mean]:
    made = {}
    for contestant, found in groups.items():
        interval = mean_interval(found, np.random.default_rng(SEED))
        if interval is not None:
            made[contestant] = Mean(interval, len(found))
    return made


def _by_question(reading: BenchReading, found: dict[int, list[Measured]], chosen: Sequence[int]) -> NDArray[np.float64]:
    place = {question.id: number for number, question in enumerate(reading.questions)}
    sums, counts = np.zeros((len(chosen), len(place))), np.zeros((len(chosen), len(place)))
    for row, id in enumerate(chosen):
        for one in found[id]:
            sums[row, place[one.question_id]] += one.value
            counts[row, place[one.question_id]] += 1
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _unreadable(reading: BenchReading, measure: Measure) -> dict[int, int]:
    counts: defaultdict[int, int] = defaultdict(int)
    kind = "pair" if measure.kind == "wins" else measure.kind
    for one in reading.judgements:
        if one.judge == measure.judge and one.kind == kind and not one.readable:
            answer = reading.answers.get(one.answer_id)
            if answer is not None:
                counts[answer.contestant_id] += 1
    return dict(counts)


@dataclass(frozen=True)
class Games:
    """``wins[i, j]``: how often i beat j, a tie being half. ``position``: shares of consistent, first and second."""

    contestants: tuple[int, ...]
    wins: NDArray[np.float64]
    ratings: tuple[tuple[int, Rating], ...]
    played: int
    unreadable: int
    position: tuple[float, float, float]
    derived: bool
    longer: tuple[float, int] = (math.nan, 0)    # share of decided games that the longer answer won, and how many


def play(reading: BenchReading, measure: Measure, chosen: Sequence[int]) -> Games:
    """Who wins against whom, and Bradley–Terry ratings with intervals over questions."""
    found = games(reading, measure, chosen)
    models, wins = win_matrix(found)
    ids = tuple(int(model) for model in models)
    rated = tuple((int(one.model), one) for one in ratings(found, np.random.default_rng(SEED), rounds=400))
    readable = sum(game.readable for game in found)
    if measure.kind != "wins":
        return Games(ids, wins, rated, readable, len(found) - readable, (math.nan, math.nan, math.nan), True)
    bias = judge_bias(reading, measure.judge)
    return Games(ids, wins, rated, readable, len(found) - readable, position_bias(found), False,
                 (bias.longer_won, bias.decided))


@dataclass(frozen=True, slots=True)
class LengthPoint:
    contestant_id: int
    question_id: int
    length: int
    value: float


def lengths(reading: BenchReading, measure: Measure, chosen: Sequence[int]) -> tuple[list[LengthPoint],
                                                                                    Interval | None]:
    """Each judged answer's length in characters against its value, and how many points twice the length brings."""
    found = values(reading, measure)
    points, rated = [], []
    for id in chosen:
        for one in found[id]:
            answer = reading.by_key.get((id, one.question_id, one.turn, one.repeat))
            if answer is not None:
                points.append(LengthPoint(id, one.question_id, len(answer.text), one.value))
                rated.append(Rated((one.question_id, one.turn), len(answer.text), one.value))
    return points, points_per_doubling(rated, np.random.default_rng(SEED)) if rated else None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two measures of the same answers: a point an answer; Kendall's tau-b over them, and over the contestants' means.

    ``agreement`` is of the two judges, where both judged the same pairs or rated the same answers.
    """

    points: tuple[tuple[int, int, float, float], ...]        # contestant, question, x, y
    tau: float
    tau_low: float
    tau_high: float
    contestants_tau: float
    agreement: AgreementRow | None = None


def compare(reading: BenchReading, x: Measure, y: Measure, chosen: Sequence[int]) -> Compared:
    along, up = values(reading, x), values(reading, y)
    points = []
    for id in chosen:
        of_x = {(one.question_id, one.turn, one.repeat): one.value for one in along[id]}
        of_y = {(one.question_id, one.turn, one.repeat): one.value for one in up[id]}
        points += [(id, key[0], of_x[key], of_y[key]) for key in sorted(of_x.keys() & of_y.keys())]
    xs, ys = [point[2] for point in points], [point[3] for point in points]
    means = [(np.mean([p[2] for p in points if p[0] == id]), np.mean([p[3] for p in points if p[0] == id]))
             for id in chosen if any(p[0] == id for p in points)]
    some = len(points) > 1
    low, high = tau_interval(xs, ys, np.random.default_rng(SEED), rounds=200) if some else (math.nan, math.nan)
    between = kendall_tau([float(a) for a, _ in means], [float(b) for _, b in means]) if len(means) > 1 else math.nan
    agreed = next((row for row in agreements(reading) if {row.judge_1, row.judge_2} == {x.judge, y.judge}), None)
    return Compared(tuple(points), kendall_tau(xs, ys) if some else math.nan, low, high, between, agreed)

def judged_by(measure: Measure) -> str:
    """ "judged by base-13b", or what was measured."""
    if measure.kind == "measure":
        return measure.label[0].lower() + measure.label[1:]
    return f"judged by {'people' if measure.judge == 'People' else measure.judge}"
