from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

import numpy as np
import pytest
from scipy import stats

from tests.search.world import Heard, World, demonstrations
from workbench.domain import AnswerScore
from workbench.search.greedy import greedy, greedy_rounds
from workbench.search.options import Racing, SearchOptions
from workbench.search.race_chance import chance_of_another_winner
from workbench.search.racing import WRONG, Answers, Race, chance_ahead, race, replay, stages
from workbench.search.task import SearchTask

RACES: tuple[Racing, ...] = ("t_race", "halving")


def table(values: np.ndarray) -> dict[int, Answers]:
    """Answers of candidate i + 1 to question j from an array ``(candidates, questions)``."""
    return {i + 1: tuple(AnswerScore(j, 0, float(v), 3) for j, v in enumerate(row)) for i, row in enumerate(values)}


def run_race(
    kind: Racing, values: np.ndarray, order: Sequence[int], keep: int = 1
) -> tuple[Race, list[tuple[int, int]]]:
    scores, asked = table(values), list[tuple[int, int]]()

    def measure(ids: Sequence[int], questions: tuple[int, ...]) -> list[Answers]:
        asked.extend((id, question) for id in ids for question in questions)
        return [tuple(scores[id][question] for question in questions) for id in ids]

    return race(kind, list(scores), order, measure, keep), asked


def naive_race(kind: Racing, values: np.ndarray, order: Sequence[int], keep: int) -> set[int]:
    """Who gets to the end, with plain loops and scipy's t."""
    total, running = len(order), list(range(len(values)))
    ends = [end for end in (8, 16, 32, 64, 128, 256) if end < total]
    for end in ends:
        seen = values[:, order[:end]]
        running.sort(key=lambda i: (-seen[i].mean(), i))
        if kind == "halving":
            running = running[: max(keep, -(-len(running) // 2))]
        else:
            left = running[:keep]
            for i in running[keep:]:
                d = seen[running[0]] - seen[i]
                t = d.mean() / (d.std(ddof=1) / sqrt(end) * sqrt(1 - end / total))
                if stats.t.sf(t, end - 1) >= WRONG / len(values) / len(ends):
                    left.append(i)
            running = left
    return {i + 1 for i in running}


def spread(seed: int, candidates: int = 40, questions: int = 100, sigma: float = 0.6) -> np.ndarray:
    """Candidates of different worth, on questions of different difficulty."""
    rng = np.random.default_rng(seed)
    worth, floor = rng.normal(0, sigma, (candidates, 1)), rng.normal(-8, 3, (1, questions))
    return worth + floor + rng.normal(0, 1, (candidates, questions))


def test_the_stages_double_up_to_all_questions() -> None:
    assert [stages(n) for n in (3, 8, 9, 40, 64)] == [(3,), (8,), (8, 9), (8, 16, 32, 40), (8, 16, 32, 64)]


@pytest.mark.parametrize("keep", [1, 3])
@pytest.mark.parametrize("kind", RACES)
@pytest.mark.parametrize("seed", range(4))
def test_the_finalists_are_those_of_a_plain_loop(kind: Racing, seed: int, keep: int) -> None:
    values = spread(seed)
    order = np.random.default_rng(seed).permutation(100).tolist()
    found, asked = run_race(kind, values, order, keep)
    assert set(found.scores) == naive_race(kind, values, order, keep)
    assert 0 < len(found.dropped) == 40 - len(found.scores)
    assert found.evaluations == len(asked) == len(set(asked)) < found.exact == 4000
    assert found.saved == pytest.approx(1 - len(asked) / 4000)


@pytest.mark.parametrize("kind", RACES)
def test_finalists_are_asked_everything_and_all_are_asked_the_same_questions_first(kind: Racing) -> None:
    order = np.random.default_rng(0).permutation(100).tolist()
    found, asked = run_race(kind, spread(1), order)
    questions = {id: [question for one, question in asked if one == id] for id in range(1, 41)}
    assert all(questions[id] == order for id in found.scores)
    assert all(questions[id] == order[:count] for id, count in found.dropped.items())
    assert all(len(answers) == 100 for answers in found.scores.values())


@pytest.mark.parametrize("kind", RACES)
def test_with_few_questions_a_race_is_the_exact_round(kind: Racing) -> None:
    found, _ = run_race(kind, spread(2, questions=8), range(8))
    assert (len(found.scores), found.saved, found.chance) == (40, 0, 0)


def test_candidates_that_cannot_be_told_apart_all_reach_the_end_of_a_t_race() -> None:
    found, _ = run_race("t_race", np.zeros((5, 40)), range(40))
    assert set(found.scores) == {1, 2, 3, 4, 5}


def test_a_candidate_behind_by_the_same_on_each_question_is_dropped_at_once() -> None:
    values = np.zeros((3, 40))
    values[1] = -0.5
    found, _ = run_race("t_race", values, range(40))
    assert dict(found.dropped) == {2: 8}
    assert found.chance == 0


def test_the_chance_to_be_ahead_is_right_when_it_is_checked_on_all_questions() -> None:
    rng = np.random.default_rng(5)
    differences = rng.uniform(-1.5, 1.5, (12_000, 1)) + rng.normal(0, 1, (12_000, 60))    # nothing known beforehand
    stated = chance_ahead(differences[:, :16], 60)
    ahead = differences.mean(axis=1) < 0
    for low, high in pairwise((0.05, 0.2, 0.4, 0.6, 0.8, 0.95)):
        here = (stated >= low) & (stated < high)
        assert ahead[here].mean() == pytest.approx(stated[here].mean(), abs=0.06)


def test_a_t_race_keeps_the_winner_as_often_as_it_says_and_saves_work() -> None:
    replays = [replay("t_race", table(spread(seed)), np.random.default_rng(seed), 10) for seed in range(12)]
    assert np.mean([one.kept for one in replays]) >= 1 - WRONG
    assert np.mean([one.saved for one in replays]) > 0.25


def test_the_stated_chance_of_another_winner_is_about_the_share_seen() -> None:
    """Halving by force where candidates are close: winners are lost, and the races say about how often."""
    found = [replay("halving", table(spread(seed, sigma=0.2)), np.random.default_rng(seed), 8) for seed in range(12)]
    lost, stated = 1 - np.mean([one.kept for one in found]), np.mean([one.stated for one in found])
    assert lost > 0.1, "without lost winners nothing is tested"
    assert lost / 3 < stated < 2 * lost


def test_where_all_were_asked_everything_no_other_winner_is_possible() -> None:
    assert chance_of_another_winner(spread(0)) == 0.0


def test_the_chance_of_another_winner_is_larger_the_closer_the_dropped_were() -> None:
    scores = spread(3, candidates=20, questions=60, sigma=0.1)
    scores[0] += 0.2
    scores[10:, 8:] = np.nan
    chances = []
    for behind in (2.0, 0.5, 0.0, -2.0):
        moved = scores.copy()
        moved[10:] -= behind
        chances.append(chance_of_another_winner(moved))
    assert chances == sorted(chances)
    assert chances[0] < 0.05
    assert chances[-1] > 0.95


def test_the_chance_does_not_depend_on_the_order_of_the_candidates() -> None:
    scores = spread(4, candidates=20, questions=60, sigma=0.2)
    scores[10:, 16:] = np.nan
    turned = chance_of_another_winner(scores[::-1].copy())
    assert 0 < turned == pytest.approx(chance_of_another_winner(scores), abs=0.005)


def task(world: World, heard: Heard, racing: Racing, **more: object) -> SearchTask:
    return SearchTask(world, demonstrations(30), 3, 0, np.random.default_rng(7), heard,
                      options=SearchOptions(racing=racing), **more)  # type: ignore[arg-type]


def world() -> World:
    """Candidates that help or harm all questions about alike: early questions tell."""
    made = World(30, 60, turns=2)
    made.effect += np.random.default_rng(1).normal(0, 2, (31, 1, 1))
    return made


@pytest.mark.parametrize("racing", RACES)
def test_a_raced_search_finds_what_the_exact_one_finds_with_fewer_evaluations(racing: Racing) -> None:
    exact, raced, heard = greedy_rounds(task(world(), Heard(), "off"), 3), world(), Heard()
    found = greedy_rounds(task(raced, heard, racing), 3)
    assert [round.chosen_id for round in found] == [round.chosen_id for round in exact]
    for one, other, ran in zip(found, exact, heard.races, strict=True):
        assert one.objective == other.objective
        kept = {candidate.demonstration_id for candidate in one.ranking}
        assert one.ranking == tuple(c for c in other.ranking if c.demonstration_id in kept)
        assert 3 <= len(kept) < len(other.ranking)
        assert one.evaluations == ran.evaluations < other.evaluations == ran.exact
    assert sum(round.evaluations for round in found) == 2 * len(raced.parts)      # each question has two turns
    assert all(len(score.answers) == 120 for _, score in heard.scores)


@pytest.mark.parametrize("stop_after", [1, 2])
def test_a_raced_search_resumes_after_its_last_finished_round(stop_after: int) -> None:
    whole = Heard()
    expected = greedy_rounds(task(world(), whole, "t_race"), 3)
    done = expected[:stop_after]
    known = {(stop_after, done[-1].chosen_id): next(
        score for number, score in whole.scores
        if (number, score.demonstration_id) == (stop_after, done[-1].chosen_id))}
    resumed = world()
    assert greedy_rounds(task(resumed, Heard(), "t_race", finished=done, known=known), 3) == expected
    assert all(len(ids) > stop_after for ids, _ in resumed.parts)
    assert resumed.evaluated == []


def test_a_raced_search_follows_its_seed(heard: Heard) -> None:
    assert greedy(task(world(), heard, "t_race")) == greedy(task(world(), heard, "t_race"))
    assert heard.races[:3] == heard.races[3:]
