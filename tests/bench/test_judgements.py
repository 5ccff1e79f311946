from __future__ import annotations

import pytest

from workbench.bench.judgements import PairJudgement, parse_rating, parse_two_ratings, parse_verdict


@pytest.mark.parametrize(("words", "rating"), [
    ("Good. Rating: [[7]]", 7), ("[[8.5]] and later [[2]]", 8.5), ("Rating: [6]", 6), ("[3] but then [[4]]", 4),
    ("Rating: 7", -1), ("", -1), ("[[ten]]", -1), ("[[-3]]", -1), ("[[10.]]", 10),
])
def test_a_rating_is_read_as_fastchat_reads_it(words: str, rating: float) -> None:
    assert parse_rating(words) == rating


@pytest.mark.parametrize(("words", "verdict"), [
    ("So [[B]]", "B"), ("[[C]]", "tie"), ("not [[B]] but [[A]]", "A"), ("A is better", "error"),
])
def test_a_verdict_is_read_as_fastchat_reads_it(words: str, verdict: str) -> None:
    assert parse_verdict(words) == verdict


@pytest.mark.parametrize(("words", "verdict"), [
    ("[[8,6]]", "A"), ("[[6, 8.5]]", "B"), ("[[7,7.1]]", "tie"), ("[5,4]", "A"), ("[[5 4]]", "error"),
])
def test_two_ratings_within_a_tenth_are_a_tie(words: str, verdict: str) -> None:
    assert parse_two_ratings(words) == verdict


@pytest.mark.parametrize(("first", "second", "winner"), [
    ("model_1", "model_1", "model_1"), ("model_1", "model_2", "tie"), ("tie", "model_2", "tie"), ("tie", "tie", "tie"),
    ("error", "model_1", "error"),
])
def test_orders_that_disagree_make_a_tie(first: str, second: str, winner: str) -> None:
    assert PairJudgement("q", "a", "b", "j", 1, first, second).winner == winner
