from __future__ import annotations

import pytest

from workbench.bench.judgements import PairJudgement, parse_rating, parse_two_ratings, parse_verdict


@pytest.mark.parametrize(("words", "rating"), [
    ("Good. Rating: [[7]]", 7), ("[[8.5]] and later [[2]]", 8.5), ("Rating: [6]", 6), ("[3] but then [[4]]", 4),
    ("Rating: 7", -1), ("", -1), ("[[ten]]", -1), ("[[-3]]", -1), ("[[10.]]", 10),
])
def test_a_rating_is_read_as_fastchat_reads_it(words: str, rating: float) -> None:
    assert parse_rating(words, "fastchat") == rating


@pytest.mark.parametrize(("words", "verdict"), [
    ("So [[B]]", "B"), ("[[C]]", "tie"), ("not [[B]] but [[A]]", "A"), ("A is better", "error"),
])
def test_a_verdict_is_read_as_fastchat_reads_it(words: str, verdict: str) -> None:
    assert parse_verdict(words, "fastchat") == verdict


@pytest.mark.parametrize(("words", "verdict"), [
    ("[[8,6]]", "A"), ("[[6, 8.5]]", "B"), ("[[7,7.1]]", "tie"), ("[5,4]", "A"), ("[[5 4]]", "error"),
])
def test_two_ratings_within_a_tenth_are_a_tie(words: str, verdict: str) -> None:
    assert parse_two_ratings(words, "fastchat") == verdict


@pytest.mark.parametrize(("words", "rating"), [
    ('<think>The example says "[[5]]", it wrote Rating: [[2]].</think>\nCorrect. Rating: [[9]]', 9),
    ("It quotes the form [[5]]. Still it is right. Rating: [[9]]", 9), ("Great. Rating: [[95]]", -1),
    ("Rating: [[0]]", -1), ("Rating: [[10]]", 10), ("First [[5]], no: [[-3]]", -1), ("At first [[5]]. [[8/10]]", -1),
    ("**Rating: [[7.5]]**", 7.5), ("Rating: [6]", 6), ("Eight of ten", -1), ("<think>Perhaps [[4]]", -1),
    ("Perhaps [[4]]</think>[[6]]", 6), ("[[7]] in the form [[rating]]", 7), ("[[6,7]]", -1),
    ("<|channel|>analysis<|message|>[[2]]<|channel|>final<|message|>[[8]]", 8), ("[[nan]] [[1]]", 1), ("[[1e400]]", -1),
])
def test_the_last_rating_after_the_thinking_counts_if_it_is_on_the_scale(words: str, rating: float) -> None:
    assert parse_rating(words) == rating


@pytest.mark.parametrize(("words", "verdict"), [
    ("If only style counted [[A]], but my verdict is [[B]]", "B"), ("[[C]]", "tie"), ("not [[B]] but [[A]]", "A"),
    ("<think>[[A]]</think> [[C]]", "tie"), ("<think>[[A]]", "error"), ("A is better", "error"),
])
def test_the_last_verdict_counts(words: str, verdict: str) -> None:
    assert parse_verdict(words) == verdict


@pytest.mark.parametrize(("words", "verdict"), [
    ("[[1,2]] was the form: [[8,6]]", "A"), ("[[6, 8.5]]", "B"), ("[[80,60]]", "error"), ("[5,4]", "A"),
    ("[[7]]", "error"),
])
def test_the_last_two_ratings_count(words: str, verdict: str) -> None:
    assert parse_two_ratings(words) == verdict


@pytest.mark.timeout(10)
def test_a_hundred_thousand_digits_are_read_at_once() -> None:
    for words in ("[[" + "1" * 100_000, "[" * 100_000 + "1" * 100_000, "[[" * 50_000 + "]]" * 50_000):
        assert parse_rating(words) == -1
        assert parse_rating(words, "fastchat") == -1


@pytest.mark.parametrize(("first", "second", "winner"), [
    ("model_1", "model_1", "model_1"), ("model_1", "model_2", "tie"), ("tie", "model_2", "tie"), ("tie", "tie", "tie"),
    ("error", "model_1", "error"),
])
def test_orders_that_disagree_make_a_tie(first: str, second: str, winner: str) -> None:
    assert PairJudgement("q", "a", "b", "j", 1, first, second).winner == winner
