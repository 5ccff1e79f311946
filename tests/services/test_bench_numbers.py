from __future__ import annotations

import math
import random

import pytest

from workbench.domain import Answer, Contestant, Judgement, ModelRef, Question
from workbench.domain.bench import Verdict
from workbench.services.bench_measures import PEOPLE, Measure, measures
from workbench.services.bench_numbers import (
    ALL,
    Bench,
    agreements,
    compare,
    differences,
    judge_bias,
    ladder,
    length_controlled_rates,
    pair_judgements,
    table,
    win_table,
)
from workbench.services.token_shifts import answer_shift, shift_table

QUESTIONS = tuple(Question((f"q{n}", f"r{n}"), (), "math" if n % 2 else "writing", str(n), n) for n in range(1, 13))
NAMES = ("good", "fair", "poor")


def bench(judgements: list[Judgement], lengths: tuple[int, int, int] = (30, 20, 10)) -> Bench:
    """Three contestants with answers 1000·contestant + 10·question + turn."""
    keys = [(c, q.id or 0, turn) for c in (1, 2, 3) for q in QUESTIONS for turn in (0, 1)]
    answers = {1000 * c + 10 * q + turn: Answer(c, q, turn, 0, "x" * (lengths[c - 1] + q), id=1000 * c + 10 * q + turn)
               for c, q, turn in keys}
    contestants = tuple(Contestant(name, ModelRef(name, ""), id=number) for number, name in enumerate(NAMES, 1))
    return Bench("set", QUESTIONS, contestants, answers, tuple(judgements))


def ratings(judge: str = "j") -> list[Judgement]:
    r = random.Random(0)
    return [Judgement(judge, "rating", 1000 * c + 10 * q + turn, score=float(9 - 2 * c - turn + r.randrange(2)))
            for c in (1, 2, 3) for q in range(1, 13) for turn in (0, 1)]


def pair(a: int, b: int, q: int, first: Verdict, second: Verdict, judge: str = "j", **more: object) -> Judgement:
    verdict: Verdict = "error" if "error" in (first, second) else first if first == second else "tie"
    return Judgement(judge, "pair", 1000 * a + 10 * q, 1000 * b + 10 * q, verdict=verdict, first=first, second=second,
                     **more)   # type: ignore[arg-type]


def test_means_by_turn_and_category_and_differences_in_order() -> None:
    said = [*ratings(), Judgement("j", "rating", 1010, score=-1.0)]
    rows = {(row.contestant_id, row.group): row for row in table(bench(said), Measure("j", "rating"))}
    assert {group for _, group in rows} == {ALL, "Turn 1", "Turn 2", "math", "writing"}
    assert rows[1, ALL].count == 24
    for contestant in (1, 2, 3):
        first, second = rows[contestant, "Turn 1"].interval.mean, rows[contestant, "Turn 2"].interval.mean
        assert rows[contestant, ALL].interval.mean == pytest.approx((first + second) / 2)
        assert rows[contestant, ALL].interval.low <= rows[contestant, ALL].interval.mean
    found = differences(bench(said), Measure("j", "rating"))
    assert [(row.contestant_id, row.other_id) for row in found] == [(1, 2), (1, 3), (2, 3)]
    assert all(row.difference.p < 0.01 and row.difference.interval.low > 0 for row in found)


def test_games_are_counted_by_name_and_judge() -> None:
    games = [pair(1, 2, 1, "answer", "answer"), pair(1, 2, 2, "answer", "other"), pair(2, 3, 1, "tie", "tie"),
             pair(1, 3, 1, "error", "answer"), pair(1, 2, 3, "other", "other", "another")]
    data = bench(games)
    assert [(game.model_1, game.model_2, game.winner) for game in pair_judgements(data, "j")] == [
        ("good", "fair", "model_1"), ("good", "fair", "tie"), ("fair", "poor", "tie"), ("good", "poor", "error")]
    rows = {row.model: (row.wins, row.losses, row.ties) for row in win_table(data, "j")}
    assert rows == {"good": (1, 0, 1), "fair": (0, 1, 2), "poor": (0, 0, 1)}
    assert [row.model for row in win_table(data, "j", baseline="fair")] == ["good", "poor"]
    assert ladder(data, "j")[0].model == "good"


def test_a_judge_that_takes_what_is_first_and_long_is_found_out() -> None:
    games = [pair(1, 3, q, "answer", "other") for q in range(1, 7)]           # whatever is shown first
    games += [pair(1, 3, q, "answer", "answer") for q in range(7, 13)]        # the longer one
    found = judge_bias(bench([*games, *ratings()]), "j")
    assert (found.consistent, found.favours_first, found.favours_second) == (0.5, 0.5, 0)
    assert (found.longer_won, found.decided) == (1, 6)
    assert found.per_doubling is not None
    assert found.per_doubling.low > 0
    assert judge_bias(bench([]), "nobody").judgements == 0


def test_length_control_takes_the_baselines_side_from_either_place() -> None:
    games = [pair(1, 2, q, "answer", "answer") for q in range(1, 9)]
    turned = [pair(2, 1, q, "other", "other") for q in range(1, 9)]
    one, two = (length_controlled_rates(bench(some), "j", 2) for some in (games, turned))
    assert one == two
    assert one[1].win_rate == 1
    assert length_controlled_rates(bench(games[:3]), "j", 2) == {}


def test_agreement_of_a_judge_with_people() -> None:
    said = [pair(1, 2, 1, "answer", "answer"), pair(1, 2, 2, "tie", "tie"), pair(1, 2, 3, "other", "other"),
            pair(1, 2, 1, "answer", "", "Bo", by_person=True), pair(2, 1, 2, "answer", "", "Bo", by_person=True),
            pair(1, 2, 3, "skip", "", "Bo", by_person=True)]
    said = [one if one.judge == "j" else Judgement("Bo", "pair", one.answer_id, one.other_answer_id, verdict=one.first,
                                                  first=one.first, by_person=True) for one in said]
    said += ratings() + [Judgement("Bo", "rating", one.answer_id, score=one.score, by_person=True)
                         for one in ratings()[:6]]
    row, = agreements(bench(said))
    assert (row.judge_1, row.judge_2, row.agreeing, row.compared) == ("Bo", "j", 1, 2)
    assert (row.agreeing_decided, row.decided) == (1, 1)
    assert (row.alpha, row.ratings) == (1, 6)


def test_measures_are_compared_over_answers_and_over_contestants() -> None:
    same = [Judgement("reference", "measure", one.answer_id, name="f1", score=(one.score or 0) / 10)
            for one in ratings()]
    data = bench([*ratings(), *same, Judgement("reference", "measure", 1010, name="exact", score=1.0)])
    there = measures(data)
    assert [(one.judge, one.kind, one.name) for one in there] == [
        ("j", "rating", ""), ("reference", "measure", "exact"), ("reference", "measure", "f1")]
    found = compare(data, there[0], there[2]).correlation
    assert (found.answers, found.tau, found.contestants_tau) == (72, 1, 1)
    assert (found.low, found.high) == pytest.approx((1, 1))
    assert math.isnan(compare(data, there[0], there[1]).correlation.tau)
    assert measures(bench([Judgement("Bo", "rating", 1010, score=3.0, by_person=True)])) == [Measure(PEOPLE, "rating")]


def test_shares_of_shifted_tokens_are_told_by_their_place() -> None:
    rows = [["a", 0.1, 0, -1.0, -1.1], ["b", 0.5, 2, -1.0, -2.0], *[["c", 2.0, 9, -1.0, -7.0]] * 6]
    said = [Judgement("token_shift", "measure", 1010 + turn, name="kl", score=1.0, prompt_name="base",
                      details={"tokens": rows}) for turn in (0, 1)]
    found, = shift_table(bench(said))
    assert (found.contestant_id, found.base, found.tokens) == (1, "base", 16)
    assert (found.unshifted.mean, found.marginal.mean, found.shifted.mean) == (1 / 8, 1 / 8, 6 / 8)
    assert {nats: share.mean for nats, share in found.kl_from}[0.5] == 7 / 8
    assert {nats: share.mean for nats, share in found.kl_from}[4.0] == 0
    assert found.kl.mean == pytest.approx((0.1 + 0.5 + 12) / 8)
    assert [(one.start, one.tokens, one.unshifted.mean, one.marginal.mean, one.shifted.mean)
            for one in found.by_place] == [
                (0, 2, 1, 0, 0), (1, 2, 0, 1, 0), (2, 2, 0, 0, 1), (3, 4, 0, 0, 1), (5, 6, 0, 0, 1)]
    assert [token.rank for token in answer_shift(said[0])][:2] == [0, 2]
