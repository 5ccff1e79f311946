"""The bench's numbers: means with intervals, differences, win rates, ratings, agreement, biases, correlations.

Pure functions over what was read once, so that a page can call them on a thread of its own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from workbench.bench.judgements import PairJudgement
from workbench.bench.length_bias import Rated, longer_wins, points_per_doubling
from workbench.bench.length_control import FOLDS, LengthControlled, length_controlled
from workbench.bench.ratings import Rating, ratings
from workbench.bench.win_rates import WinRate, position_bias, win_rates
from workbench.domain import Answer, Contestant, Interval, Judgement, Question
from workbench.services.bench_measures import BenchData, Measure, games, values
from workbench.statistics.agreement import Vote, agreement, cohens_kappa, krippendorffs_alpha
from workbench.statistics.paired import Difference, Measured, holm, mean_interval, paired_difference
from workbench.statistics.rank_correlation import kendall_tau, tau_interval

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
    """``group`` is ALL, "Turn 1", … or a category. ``count`` answers are in the mean."""

    contestant_id: int
    group: str
    interval: Interval
    count: int


def table(data: BenchData, measure: Measure) -> list[ScoreRow]:
    """Means with 95 % intervals of each contestant: of all, by turn, by category."""
    rows = []
    for contestant, found in values(data, measure).items():
        groups: defaultdict[str, list[Measured]] = defaultdict(list)
        for one in found:
            groups[ALL].append(one)
        for one in sorted(found, key=lambda one: one.turn):
            groups[f"Turn {one.turn + 1}"].append(one)
        for one in found:
            groups[one.category].append(one)
        for name, members in groups.items():
            interval = mean_interval(members, np.random.default_rng(SEED))
            assert interval is not None
            rows.append(ScoreRow(contestant, name, interval, len(members)))
    return rows


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """``contestant_id`` minus ``other_id``, on the questions that both have answered. ``p`` is the difference's after
    Holm's correction for all pairs of contestants."""

    contestant_id: int
    other_id: int
    difference: Difference
    p: float


def differences(data: BenchData, measure: Measure) -> list[DifferenceRow]:
    """Every two contestants, the one with the higher mean first."""
    found = {id: members for id, members in values(data, measure).items() if members}
    mean = {id: math.fsum(one.value for one in members) / len(members) for id, members in found.items()}
    rows = []
    for a, b in combinations(sorted(found, key=lambda id: (-mean[id], id)), 2):
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


def length_controlled_rates(data: BenchData, judge: str, baseline_id: int) -> dict[int, LengthControlled]:
    """Contestant → its length-controlled win rate against the baseline; those with fewer than FOLDS games are left out.

    Each answer counts as an instruction, as in AlpacaEval; a game that could not be read does not count.
    """
    found: defaultdict[int, list[tuple[float, int, int]]] = defaultdict(list)
    shares = {"answer": 1.0, "other": 0.0, "tie": 0.5, "both_bad": 0.5}
    for one in data.judgements:
        if one.kind != "pair" or one.judge != judge or one.verdict not in shares or one.other_answer_id is None:
            continue
        answer, other, share = data.answers[one.answer_id], data.answers[one.other_answer_id], shares[one.verdict]
        if answer.contestant_id == baseline_id:
            answer, other, share = other, answer, 1 - share
        if other.contestant_id == baseline_id:
            found[answer.contestant_id].append((share, len(answer.text), len(other.text)))
    return {id: length_controlled([share for share, _, _ in rows], [own for _, own, _ in rows],
                                  [other for _, _, other in rows], np.random.default_rng(SEED))
            for id, rows in found.items() if len(rows) >= FOLDS}


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
    """Kendall's tau-b of two measures: over ``answers`` answers with its 95 % interval, and over the contestants'
    means. NaN where there is no order."""

    x: Measure
    y: Measure
    answers: int
    tau: float
    low: float
    high: float
    contestants_tau: float


def correlation(data: BenchData, x: Measure, y: Measure) -> CorrelationRow:
    """How well one measure's order of the answers predicts another's."""
    along, up = values(data, x), values(data, y)
    xs, ys, means = list[float](), list[float](), list[tuple[float, float]]()
    for contestant, found in along.items():
        of_y = {(one.question_id, one.turn, one.repeat): one.value for one in up[contestant]}
        both = sorted((key, one.value, of_y[key]) for one in found
                      if (key := (one.question_id, one.turn, one.repeat)) in of_y)
        if both:
            xs += [a for _, a, _ in both]
            ys += [b for _, _, b in both]
            means.append((math.fsum(a for _, a, _ in both) / len(both), math.fsum(b for _, _, b in both) / len(both)))
    low, high = tau_interval(xs, ys, np.random.default_rng(SEED), rounds=200) if len(xs) > 1 else (math.nan, math.nan)
    return CorrelationRow(x, y, len(xs), kendall_tau(xs, ys), low, high,
                          kendall_tau([a for a, _ in means], [b for _, b in means]))
