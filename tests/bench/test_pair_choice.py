from __future__ import annotations

import numpy as np
import pytest

from workbench.bench.pair_choice import Candidate, Choice, Vote, information, next_pair

CANDIDATES = [Candidate(100 * c + 10 * q + t, c, q, t) for c in (1, 2, 3) for q in (1, 2) for t in (0, 1)]


def vote(choice: Choice, person: str, share: float | None = 1.0) -> Vote:
    left, right = choice.left, choice.right
    return Vote(person, left.answer_id, right.answer_id, left.contestant_id, right.contestant_id, left.question_id,
                share)


def shown(votes: list[Vote]) -> list[frozenset[int]]:
    return [frozenset((v.answer_id, v.other_answer_id)) for v in votes]


def test_no_pair_comes_twice_to_a_person_before_all_came_once() -> None:
    generator = np.random.default_rng(0)
    votes: list[Vote] = []
    for number in range(24):
        choice = next_pair(CANDIDATES, votes, "Ada", generator)
        assert choice is not None
        assert choice.total == 12
        assert choice.seen == min(number, 12)
        votes.append(vote(choice, "Ada", [1.0, 0.0, 0.5, None][number % 4]))
    assert len(set(shown(votes[:12]))) == 12
    assert len(set(shown(votes[12:]))) == 12


def test_two_people_do_not_hinder_each_other_and_questions_are_balanced() -> None:
    generator = np.random.default_rng(1)
    votes: list[Vote] = []
    for _ in range(6):
        for person in ("Ada", "Bo"):
            choice = next_pair(CANDIDATES, votes, person, generator)
            assert choice is not None
            votes.append(vote(choice, person, 0.5))
    for person in ("Ada", "Bo"):
        own = [v for v in votes if v.person == person]
        assert len(set(shown(own))) == 6
        assert sum(v.question_id == 1 for v in own) == 3


def test_pairs_are_of_one_turn_and_two_contestants_and_sides_are_drawn_by_lot() -> None:
    lefts = set()
    for seed in range(40):
        choice = next_pair(CANDIDATES, [], "Ada", np.random.default_rng(seed))
        assert choice is not None
        left, right = choice.left, choice.right
        assert left.contestant_id != right.contestant_id
        assert (left.question_id, left.turn) == (right.question_id, right.turn)
        lefts.add(left.contestant_id < right.contestant_id)
    assert lefts == {True, False}
    assert next_pair([c for c in CANDIDATES if c.contestant_id == 1], [], "Ada", np.random.default_rng(0)) is None


def test_a_game_between_near_equals_that_were_seldom_compared_tells_most() -> None:
    beaten = [Vote("Bo", 1, 2, 1, 2, 1, 1.0)] * 30                    # 1 always beats 2
    equal = [Vote("Bo", 1, 3, 1, 3, 1, share) for share in (0.0, 1.0)] * 2
    tells = information([1, 2, 3], beaten + equal)
    assert tells[frozenset((1, 3))] > 2 * tells[frozenset((1, 2))]
    fresh = information([1, 2], [])[frozenset((1, 2))]
    known = information([1, 2], [Vote("Bo", 1, 2, 1, 2, 1, 0.5)] * 100)[frozenset((1, 2))]
    assert known < fresh / 10
    assert fresh == pytest.approx(0.5 * np.log1p(0.25 * 2))           # two prior variances of 1


def test_adaptive_choice_finds_the_best_with_fewer_votes_than_choice_by_lot() -> None:
    strength = dict(enumerate(np.linspace(0, 2.5, 6), 1))
    pool = [Candidate(100 * c + q, c, q, 0) for c in strength for q in range(8)]

    def variance(adaptive: bool, seed: int) -> float:
        generator = np.random.default_rng(seed)
        votes: list[Vote] = []
        for _ in range(40):
            if adaptive:
                choice = next_pair(pool, votes, "Ada", generator)
                assert choice is not None
                a, b = choice.left, choice.right
            else:
                q = int(generator.integers(8))
                i, j = generator.choice(list(strength), 2, replace=False)
                a, b = Candidate(100 * i + q, int(i), q, 0), Candidate(100 * j + q, int(j), q, 0)
            p = 1 / (1 + np.exp(strength[b.contestant_id] - strength[a.contestant_id]))
            votes.append(vote(Choice(a, b, 0, 0), "Ada", float(generator.random() < p)))
        return sum(information(sorted(strength), votes).values())       # what is still to be learned

    assert sum(variance(True, s) for s in range(3)) < sum(variance(False, s) for s in range(3))
