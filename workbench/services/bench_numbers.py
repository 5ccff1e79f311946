"""The bench's numbers: means with intervals, differences, win rates, ratings, agreement, biases, correlations.

Pure functions over what was read once, so that a page can call them on a thread of its own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.bench.judgements import PairJudgement
from workbench.bench.length_bias import Rated, longer_wins, points_per_doubling
from workbench.bench.length_control import LEAST_GAMES, LengthControlled, length_controlled
from workbench.bench.ratings import Rating, ratings, win_matrix
from workbench.bench.win_rates import WinRate, position_bias, win_rates
from workbench.domain import Answer, Contestant, Interval, Judgement, Question
from workbench.services.bench_measures import BenchData, Measure, games, values
from workbench.statistics.agreement import Vote, agreement, cohens_kappa, krippendorffs_alpha
from workbench.statistics.paired import Difference, Measured, mean_interval, paired_difference
from workbench.statistics.rank_correlation import kendall_tau, tau_interval
from workbench.statistics.significance import holm

if TYPE_CHECKING:
    from workbench.services.project import Project

SEED = 0                             # the same answers give the same intervals, whatever is looked at first
ALL = "All"


@dataclass(frozen=True, slots=True)
class Bench:
    """The answers of some contestants to one question set, with what was said of them; see BenchData."""

    name: str
    questions: tuple[Question, ...]
    contestants: tuple[Contestant, ...]
    answers: Mapping[int, Answer]
    judgements: tuple[Judgement, ...]

    @property
    def names(self) -> dict[int, str]:
        return {one.id: one.name for one in self.contestants if one.id is not None}


def bench_data(project: Project, question_set_id: int, contestant_ids: Collection[int] | None = None) -> Bench:
    """Read all that the numbers need."""
    found = project.questions.get(question_set_id)
    contestants = tuple(one for one in project.bench.contestants(question_set_id)
                        if contestant_ids is None or one.id in contestant_ids)
    ids = [one.id for one in contestants if one.id is not None]
    answers = {one.id: one for one in project.bench.answers(question_set_id, ids) if one.id is not None}
    return Bench(found.name, found.questions, contestants, answers,
                 tuple(project.bench.judgements(question_set_id, ids)))


# — scores —

@dataclass(frozen=True, slots=True)
class ScoreRow:
    """``group`` is ALL, "Turn 1", … or a category. ``count`` answers to ``questions`` are in the mean."""

    contestant_id: int
    group: str
    interval: Interval
    count: int
    questions: int


def table(data: BenchData, measure: Measure) -> list[ScoreRow]:
    """Means with 95 % intervals of each contestant: of all, by turn, by category."""
    rows = []
    for contestant, found in values(data, measure).items():
        groups = {ALL: found}
        groups |= {f"Turn {turn + 1}": [one for one in found if one.turn == turn]
                   for turn in sorted({one.turn for one in found})}
        groups |= {name: [one for one in found if one.category == name] for name in {one.category: 0 for one in found}}
        rows += [ScoreRow(contestant, name, mean.interval, mean.count, mean.questions)
                 for name, members in groups.items() if (mean := _mean(members, measure)) is not None]
    return rows


@dataclass(frozen=True, slots=True)
class Mean:
    """Of ``count`` judged answers to ``questions``; what could not be read is not among them."""

    interval: Interval
    count: int
    questions: int


def _mean(members: Sequence[Measured], measure: Measure) -> Mean | None:
    interval = mean_interval(members, np.random.default_rng(SEED), bounds=measure.bounds)
    return None if interval is None else Mean(interval, len(members), len({one.question_id for one in members}))


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


def summarise(data: BenchData, measure: Measure, chosen: Sequence[int]) -> Summary:
    """Means by turn and by category with 95 % intervals, and each question's mean."""
    found = values(data, measure)
    turns = sorted({one.turn for id in chosen for one in found[id]})
    names = [(f"Turn {turn + 1}", turn) for turn in turns]
    if len(turns) > 1:
        names.append(("Both turns" if len(turns) == 2 else "All turns", -1))
    by_turn = {name: _means({id: [one for one in found[id] if turn in (-1, one.turn)] for id in chosen}, measure)
               for name, turn in names}
    categories = list(dict.fromkeys(question.category or "No category" for question in data.questions))
    by_category = {name: _means({id: [one for one in found[id] if one.category == name] for id in chosen}, measure)
                   for name in categories}
    of_first_two = paired_difference(found[chosen[-1]], found[chosen[0]], np.random.default_rng(SEED)) \
        if len(chosen) > 1 else None
    return Summary(measure, tuple(chosen), by_turn, {name: means for name, means in by_category.items() if means},
                   _by_question(data, found, chosen), _unreadable(data, measure), of_first_two)


def _means(groups: dict[int, list[Measured]], measure: Measure) -> dict[int, Mean]:
    return {id: mean for id, members in groups.items() if (mean := _mean(members, measure)) is not None}


def _by_question(data: BenchData, found: dict[int, list[Measured]], chosen: Sequence[int]) -> NDArray[np.float64]:
    place = {question.id: number for number, question in enumerate(data.questions)}
    sums, counts = np.zeros((len(chosen), len(place))), np.zeros((len(chosen), len(place)))
    for row, id in enumerate(chosen):
        for one in found[id]:
            sums[row, place[one.question_id]] += one.value
            counts[row, place[one.question_id]] += 1
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _unreadable(data: BenchData, measure: Measure) -> dict[int, int]:
    counts: defaultdict[int, int] = defaultdict(int)
    kind = "pair" if measure.kind == "wins" else measure.kind
    for one in data.judgements:
        if one.judge == measure.judge and one.kind == kind and not one.readable:
            answer = data.answers.get(one.answer_id)
            if answer is not None:
                counts[answer.contestant_id] += 1
    return dict(counts)


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """``contestant_id`` minus ``other_id``, on the questions that both have answered. ``p`` is the difference's after
    Holm's correction for all pairs of contestants."""

    contestant_id: int
    other_id: int
    difference: Difference
    p: float


def differences(data: BenchData, measure: Measure, chosen: Sequence[int] | None = None) -> list[DifferenceRow]:
    """Each of ``chosen`` against every one before it; by default every two, the one with the higher mean first."""
    found = {id: members for id, members in values(data, measure).items() if members}
    if chosen is None:
        mean = {id: math.fsum(one.value for one in members) / len(members) for id, members in found.items()}
        pairs = list(combinations(sorted(found, key=lambda id: (-mean[id], id)), 2))
    else:
        pairs = [(b, a) for a, b in combinations([id for id in chosen if id in found], 2)]
    rows = []
    for a, b in pairs:
        difference = paired_difference(found[a], found[b], np.random.default_rng(SEED))
        if difference is not None:
            rows.append(DifferenceRow(a, b, difference, difference.p))
    return [replace(row, p=p) for row, p in zip(rows, holm([row.p for row in rows]), strict=True)]


# — as FastChat counts —

def pair_judgements(data: Bench, judge: str) -> list[PairJudgement]:
    """A judge's games, contestants by name."""
    ids, name = list(data.names), data.names
    return [PairJudgement(game.question, name[int(game.model_1)], name[int(game.model_2)], game.judge, game.turn,
                          game.first, game.second)
            for game in games(data, Measure(judge, "wins"), ids)]


def win_table(data: Bench, judge: str, baseline: str | None = None) -> list[WinRate]:
    """show_result.py's pairwise-all, or with a baseline its pairwise-baseline."""
    return win_rates(pair_judgements(data, judge), baseline)


def ladder(data: Bench, judge: str) -> list[Rating]:
    """Bradley–Terry ratings by a judge's games, best first."""
    return ratings(pair_judgements(data, judge), np.random.default_rng(SEED), rounds=400)


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


def play(data: BenchData, measure: Measure, chosen: Sequence[int]) -> Games:
    """Who wins against whom, and Bradley–Terry ratings with intervals over questions."""
    played = games(data, measure, chosen)
    models, wins = win_matrix(played)
    ids = tuple(int(model) for model in models)
    rated = tuple((int(one.model), one) for one in ratings(played, np.random.default_rng(SEED), rounds=400))
    readable = sum(game.readable for game in played)
    if measure.kind != "wins":
        return Games(ids, wins, rated, readable, len(played) - readable, (math.nan, math.nan, math.nan), True)
    bias = judge_bias(data, measure.judge)
    return Games(ids, wins, rated, readable, len(played) - readable, position_bias(played), False,
                 (bias.longer_won, bias.decided))


# — what a judge likes —

@dataclass(frozen=True, slots=True)
class JudgeBias:
    """``consistent``, ``favours_first`` and ``favours_second`` are shares of its readable games (MT-Bench, table 2);
    ``longer_won`` is the share of its decided games that the longer answer won, of ``decided``; ``per_doubling`` the
    points that twice the length brings. NaN and None where it gave no such judgements.
    """

    judge: str
    consistent: float
    favours_first: float
    favours_second: float
    longer_won: float
    decided: int
    per_doubling: Interval | None
    unreadable: int
    judgements: int


def judge_bias(data: BenchData, judge: str) -> JudgeBias:
    """Position and length bias, reported beside a judge's scores."""
    own = [one for one in data.judgements if one.judge == judge and not one.by_person and one.kind != "measure"]
    shown = [(one, data.answers[one.answer_id], data.answers[one.other_answer_id])
             for one in own if one.other_answer_id is not None]
    both = {"answer": "model_1", "other": "model_2", "tie": "tie", "error": "error"}
    pairs = [PairJudgement("", "1", "2", judge, 1, both[one.first], both[one.second])      # type: ignore[arg-type]
             for one, _, _ in shown if one.first in both and one.second in both]
    lengths = []
    for one, answer, other in shown:
        sizes = len(answer.text), len(other.text)
        lengths.append((*(sizes if one.verdict != "other" else sizes[::-1]), one.verdict in ("answer", "other")))
    rated = [Rated((data.answers[one.answer_id].question_id, data.answers[one.answer_id].turn),
                   len(data.answers[one.answer_id].text), one.score)
             for one in own if one.kind == "rating" and one.score is not None and one.readable]
    share, decided = longer_wins(lengths)
    return JudgeBias(judge, *position_bias(pairs), share, decided,
                     points_per_doubling(rated, np.random.default_rng(SEED)) if rated else None,
                     sum(not one.readable for one in own), len(own))


@dataclass(frozen=True, slots=True)
class LengthPoint:
    contestant_id: int
    question_id: int
    length: int
    value: float


def lengths(
    data: BenchData, measure: Measure, chosen: Sequence[int]
) -> tuple[list[LengthPoint], Interval | None]:
    """Each judged answer's length in characters against its value, and how many points twice the length brings."""
    found = values(data, measure)
    answers = {answer.key: answer for answer in data.answers.values()}
    points, rated = [], []
    for id in chosen:
        for one in found[id]:
            answer = answers.get((id, one.question_id, one.turn, one.repeat))
            if answer is not None:
                points.append(LengthPoint(id, one.question_id, len(answer.text), one.value))
                rated.append(Rated((one.question_id, one.turn), len(answer.text), one.value))
    return points, points_per_doubling(rated, np.random.default_rng(SEED)) if rated else None


def length_controlled_rates(data: BenchData, judge: str, baseline_id: int) -> dict[int, LengthControlled]:
    """Contestant → its length-controlled win rate against the baseline, of those with LEAST_GAMES games or more.

    Each answer counts as an instruction, as in AlpacaEval; a game that could not be read does not count.
    """
    found: defaultdict[int, list[tuple[float, int, int, int]]] = defaultdict(list)
    for one in data.judgements:
        if one.kind != "pair" or one.judge != judge or one.share is None or one.other_answer_id is None:
            continue
        answer, other, share = data.answers[one.answer_id], data.answers[one.other_answer_id], one.share
        if answer.contestant_id == baseline_id:
            answer, other, share = other, answer, 1 - share
        if other.contestant_id == baseline_id:
            found[answer.contestant_id].append((share, len(answer.text), len(other.text), answer.question_id))
    rates = {}
    for id, played in found.items():
        if len(played) >= LEAST_GAMES:
            shares, own, others, questions = zip(*played, strict=True)
            rates[id] = length_controlled(shares, own, others, np.random.default_rng(SEED), questions=questions)
    return rates


# — who agrees with whom —

@dataclass(frozen=True, slots=True)
class AgreementRow:
    """Pairs of votes on the same two answers: ``agreeing`` of ``compared``, also without ties (compute_agreement.py).

    ``kappa`` is Cohen's over the verdicts that both gave; ``alpha`` Krippendorff's over the ratings that both gave.
    NaN where there are none.
    """

    judge_1: str
    judge_2: str
    agreeing: int
    compared: int
    agreeing_decided: int
    decided: int
    kappa: float
    alpha: float
    ratings: int


def agreements(data: BenchData) -> list[AgreementRow]:
    """Every two judges or people that said something of the same answers."""
    votes, scores = _votes(data), _ratings(data)
    judges = sorted({judge for by_judge in votes.values() for judge in by_judge} | {judge for judge, _ in scores})
    rows = []
    for a, b in combinations(judges, 2):
        compared, decided = agreement(votes, a, b), agreement(votes, a, b, with_ties=False)
        items = [item for item, by_judge in votes.items() if a in by_judge and b in by_judge]
        kappa = cohens_kappa([votes[item][a][-1] for item in items], [votes[item][b][-1] for item in items])
        both = sorted({id for judge, id in scores if judge == a} & {id for judge, id in scores if judge == b})
        if compared[1] or both:
            rows.append(AgreementRow(a, b, *compared, *decided, kappa,
                                     _alpha([[scores[judge, id] for id in both] for judge in (a, b)]), len(both)))
    return rows


def _votes(data: BenchData) -> dict[Hashable, dict[str, list[Vote]]]:
    """Two answers, the lower id first → judge → votes."""
    found: defaultdict[tuple[int, int], defaultdict[str, list[Vote]]] = defaultdict(lambda: defaultdict(list))
    for one in data.judgements:
        if one.kind == "pair" and one.other_answer_id is not None and one.verdict not in ("skip", "error", ""):
            turned = one.answer_id > one.other_answer_id
            sides: tuple[Vote, Vote] = ("model_b", "model_a") if turned else ("model_a", "model_b")
            vote: Vote = {"answer": sides[0], "other": sides[1]}.get(one.verdict, "tie")
            low, high = sorted((one.answer_id, one.other_answer_id))
            found[low, high][one.judge].append(vote)
    return {pair: dict(by_judge) for pair, by_judge in found.items()}


def _ratings(data: BenchData) -> dict[tuple[str, int], float]:
    return {(one.judge, one.answer_id): one.score for one in data.judgements
            if one.kind == "rating" and one.score is not None and one.readable}


def _alpha(rated: Sequence[Sequence[float]]) -> float:
    """NaN also where all ratings are the same, for which alpha is not defined."""
    try:
        return krippendorffs_alpha(np.array(rated, dtype=float))
    except ValueError:
        return math.nan


# — measures against each other —

@dataclass(frozen=True, slots=True)
class CorrelationRow:
    """Kendall's tau-b of two measures: over ``answers`` answers with its 95 % interval over ``questions``, and over the
    contestants' means. NaN where there is no order."""

    x: Measure
    y: Measure
    answers: int
    questions: int
    tau: float
    low: float
    high: float
    contestants_tau: float


@dataclass(frozen=True, slots=True)
class Compared:
    """Two measures of the same answers: a point an answer, the numbers over them, and how far the two judges agree,
    where both judged the same pairs or rated the same answers."""

    points: tuple[tuple[int, int, float, float], ...]        # contestant, question, x, y
    correlation: CorrelationRow
    agreement: AgreementRow | None = None


def compare(data: BenchData, x: Measure, y: Measure, chosen: Collection[int] | None = None) -> Compared:
    """How well one measure's order of the answers (by default of all contestants) predicts another's."""
    along, up = values(data, x), values(data, y)
    points: list[tuple[int, int, float, float]] = []
    means: list[tuple[float, float]] = []
    for contestant in along if chosen is None else chosen:
        of_x, of_y = ({(one.question_id, one.turn, one.repeat): one.value for one in side[contestant]}
                      for side in (along, up))
        both = sorted(of_x.keys() & of_y.keys())
        if both:
            points += [(contestant, key[0], of_x[key], of_y[key]) for key in both]
            means.append((math.fsum(of_x[key] for key in both) / len(both),
                          math.fsum(of_y[key] for key in both) / len(both)))
    xs, ys = [point[2] for point in points], [point[3] for point in points]
    tau = tau_interval(xs, ys, [point[1] for point in points])
    row = CorrelationRow(x, y, len(xs), len({point[1] for point in points}), tau.mean, tau.low, tau.high,
                         kendall_tau([a for a, _ in means], [b for _, b in means]))
    agreed = next((one for one in agreements(data) if {one.judge_1, one.judge_2} == {x.judge, y.judge}), None)
    return Compared(tuple(points), row, agreed)
