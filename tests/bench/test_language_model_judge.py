from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from workbench.bench.language_model_judge import Reply, Request, judge_matches
from workbench.bench.matches import GivenAnswers, Match, against_baseline, all_pairs, single
from workbench.domain import Question
from workbench.domain.bench import UNREADABLE, Judgement
from workbench.domain.judge_prompt import JudgePrompt

QUESTIONS = {1: Question(("Why?", "And?"), id=1), 2: Question(("How?",), id=2)}
PROMPTS = (
    JudgePrompt("one", "single", "Be fair.", "{question}|{answer}", "[[rating]]"),
    JudgePrompt("one-later", "single", "Be fair.", "{question_2}|{answer_2}", "[[rating]]"),
    JudgePrompt("two", "pairwise", "Be fair.", "A:{answer_a} B:{answer_b} {question}", "[[A]]"),
    JudgePrompt("two-later", "pairwise", "Be fair.", "A:{answer_a_2} B:{answer_b_2} {question_2}",
                "[[rating_a,rating_b]]"),
)
GIVEN = (
    GivenAnswers(7, 1, 0, (10, 11), ("good", "good")), GivenAnswers(8, 1, 0, (20, 21), ("bad", "bad")),
    GivenAnswers(8, 2, 0, (22,), ("fair",)), GivenAnswers(7, 2, 1, (12,), ("good",)),
)


class Scripted:
    """Says what ``words`` makes of each request, the last request's first."""

    name = "scripted"

    def __init__(self, words: Callable[[str], str]) -> None:
        self.words, self.asked = words, list[Request]()

    def ask(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        self.asked += requests
        for place in reversed(range(len(requests))):
            on_reply(place, Reply(self.words(requests[place].user), 5, 2))


def judged(judge: Scripted, matches: Sequence[Match]) -> dict[tuple[int, int | None], Judgement]:
    found: list[Judgement] = []
    judge_matches(judge, matches, GIVEN, QUESTIONS, PROMPTS, found.append)
    return {(j.answer_id, j.other_answer_id): j for j in found}


def test_matches_are_those_of_fastchats_three_modes() -> None:
    assert single(GIVEN) == [Match(0, None, 0), Match(1, None, 0), Match(2, None, 0), Match(3, None, 0),
                             Match(0, None, 1), Match(1, None, 1)]
    assert all_pairs(GIVEN) == [Match(0, 1, 0), Match(0, 1, 1)]          # not across repeats
    assert against_baseline(GIVEN, 7) == [Match(1, 0, 0), Match(1, 0, 1)]
    assert against_baseline(GIVEN, 9) == []


def test_each_answer_is_rated_with_its_turns_prompt() -> None:
    judge = Scripted(lambda user: "no idea" if "bad" in user else "Rating: [[8]]")
    found = judged(judge, single(GIVEN))
    assert found[10, None].score == 8
    assert found[10, None].prompt_name == "one"
    assert found[11, None].prompt_name == "one-later"
    assert found[20, None].score == UNREADABLE
    assert found[20, None].words == "no idea"
    assert not found[20, None].readable
    assert found[10, None].details == {"asked": "Why?|good", "prompt_tokens": 5, "completion_tokens": 2,
                                       "prompt_sha256": PROMPTS[0].content_hash}
    assert judge.asked[0] == Request("Be fair.", "Why?|good")


def test_a_pair_is_asked_in_both_orders_and_the_winner_is_the_same_answer() -> None:
    judge = Scripted(lambda user: "[[A]]" if user.startswith("A:good") else "[[B]]")
    found = judged(judge, all_pairs(GIVEN))
    pair = found[10, 20]
    assert (pair.verdict, pair.first, pair.second) == ("answer", "answer", "answer")
    assert (pair.words, pair.words_swapped) == ("[[A]]", "[[B]]")
    assert (pair.details["asked"], pair.details["asked_swapped"]) == ("A:good B:bad Why?", "A:bad B:good Why?")


@pytest.mark.parametrize(("words", "verdict"), [
    ("[[A]]", "tie"),                    # whatever stands first: the orders disagree
    ("[[C]]", "tie"), ("I cannot say", "error"),
])
def test_orders_that_disagree_make_a_tie_and_unreadable_words_an_error(words: str, verdict: str) -> None:
    assert judged(Scripted(lambda user: words), [Match(0, 1, 0)])[10, 20].verdict == verdict


def test_two_ratings_decide_where_the_prompt_asks_for_them() -> None:
    judge = Scripted(lambda user: "[[9,3]]" if user.startswith("A:good") else "[[3,9]]")
    assert judged(judge, [Match(1, 0, 1)])[21, 11].verdict == "other"


def test_the_last_verdict_counts_unless_fastchats_reading_is_asked_for() -> None:
    judge = Scripted(lambda user: "<think>[[3]]</think> The form is [[5]]. Rating: [[9]]")
    assert judged(judge, [Match(0, None, 0)])[10, None].score == 9
    found: list[Judgement] = []
    judge_matches(judge, [Match(0, None, 0)], GIVEN, QUESTIONS, PROMPTS, found.append, "fastchat")
    assert (found[0].score, found[0].details["reading"]) == (3, "fastchat")
