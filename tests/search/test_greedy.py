from __future__ import annotations

import numpy as np
import pytest

from tests.search.world import Heard, World, demonstrations
from workbench.domain import SearchRound
from workbench.errors import JobError
from workbench.search.greedy import greedy, greedy_rounds
from workbench.search.intervals import mean_logprob
from workbench.search.strategies import strategy
from workbench.search.task import SearchTask


def task(world: World, heard: Heard, *, count: int, size: int, budget: int = 10_000, **more: object) -> SearchTask:
    return SearchTask(world, demonstrations(count), size, budget, np.random.default_rng(7), heard, **more)  # type: ignore[arg-type]


def naive_greedy(world: World, count: int, size: int) -> tuple[int, ...]:
    chosen: tuple[int, ...] = ()
    for _ in range(size):
        best = None
        for id in range(1, count + 1):
            if id not in chosen:
                value = mean_logprob(world.answers((*chosen, id)))
                if best is None or value > best[0]:
                    best = (value, id)
        assert best
        chosen = (*chosen, best[1])
    return chosen


@pytest.mark.parametrize("seed", range(5))
def test_the_path_is_the_one_a_plain_loop_finds(seed: int, heard: Heard) -> None:
    world = World(20, 12, seed=seed)
    assert greedy(task(world, heard, count=20, size=4)) == naive_greedy(World(20, 12, seed=seed), 20, 4)


@pytest.mark.parametrize("seed", range(5))
def test_with_one_round_it_finds_what_exhaustive_search_finds(seed: int, heard: Heard) -> None:
    world = World(15, 9, seed=seed)
    pool = task(world, heard, count=15, size=1)
    assert greedy(pool) == strategy("exhaustive")(pool)


def test_exhaustive_search_is_never_worse_than_greedy(heard: Heard) -> None:
    worse = 0
    for seed in range(12):
        world = World(7, 6, seed=seed)
        best = mean_logprob(world.answers(strategy("exhaustive")(task(world, heard, count=7, size=3))))
        found = mean_logprob(world.answers(greedy(task(world, heard, count=7, size=3))))
        assert found <= best + 1e-12
        worse += found < best - 1e-12
    assert worse > 0, "a world in which greedy is always right does not test the exhaustive search"


def test_each_round_keeps_its_whole_ranking_with_gains_against_the_round_before(heard: Heard) -> None:
    world = World(20, 12, turns=2)
    first, second = greedy_rounds(task(world, heard, count=20, size=2), 2)
    assert len(first.ranking) == 20
    assert {c.demonstration_id for c in second.ranking} == set(range(1, 21)) - {first.chosen_id}
    objectives = [c.objective for c in second.ranking]
    assert objectives == sorted(objectives, reverse=True)
    for candidate in second.ranking:
        expected = mean_logprob(world.answers((first.chosen_id, candidate.demonstration_id))) - first.objective
        assert candidate.gain.mean == pytest.approx(expected)
        assert candidate.gain.low < candidate.gain.mean < candidate.gain.high
    assert (first.number, second.number) == (1, 2)
    assert second.prompt_tokens == world.prompt_tokens((first.chosen_id, second.chosen_id))
    assert second.evaluations == 19 * 24


def test_no_set_is_evaluated_twice(heard: Heard) -> None:
    world = World(20, 12)
    greedy(task(world, heard, count=20, size=3))
    assert len(world.evaluated) == len(set(world.evaluated)) == 1 + 20 + 19 + 18
    assert [score.answers for number, score in heard.scores if score.demonstration_id is None] == [
        world.answers(()), *(world.answers(tuple(r.chosen_id for r in heard.rounds[:n])) for n in (1, 2))
    ]


def test_ties_go_to_the_smaller_id_whatever_the_order_of_the_pool(heard: Heard) -> None:
    world = World(6, 5)
    world.effect[:] = 0.5
    pool = task(world, heard, count=6, size=3)
    backwards = SearchTask(world, pool.candidates[::-1], 3, 10_000, np.random.default_rng(7), heard)
    assert greedy(pool) == greedy(backwards) == (1, 2, 3)


def test_candidates_over_the_token_budget_are_skipped_and_named(heard: Heard) -> None:
    world = World(10, 5)
    chosen = greedy(task(world, heard, count=10, size=3, budget=160))
    assert world.prompt_tokens(chosen) <= 160
    assert all(world.prompt_tokens(ids) <= 160 for ids in world.evaluated)
    assert any("4 candidates do not fit into 160 tokens and are skipped: 7, 8, 9, 10." in line for line in heard.lines)


def test_without_a_budget_the_models_context_is_the_limit(heard: Heard) -> None:
    world = World(10, 5)
    world.context = 130
    assert world.prompt_tokens(greedy(task(world, heard, count=10, size=3, budget=0))) <= 130
    assert any("do not fit into the model's context" in line for line in heard.lines)


def test_it_ends_early_when_nothing_more_fits(heard: Heard) -> None:
    world = World(4, 5, tokens=30)
    rounds = greedy_rounds(task(world, heard, count=4, size=4, budget=165), 4)
    assert len(rounds) == 1
    assert "The search ends after 1 rounds" in heard.lines[-1]


def test_a_base_prompt_over_the_budget_is_refused(heard: Heard) -> None:
    with pytest.raises(JobError, match="takes 100 tokens and does not fit into 99 tokens"):
        greedy(task(World(4, 5), heard, count=4, size=2, budget=99))


def test_it_says_when_no_candidate_helps(heard: Heard) -> None:
    world = World(4, 5)
    world.effect[:] = -1
    greedy(task(world, heard, count=4, size=1))
    assert heard.lines == ["Round 1: no candidate raises the log-likelihood of the reference answers."]


@pytest.mark.parametrize("stop_after", [0, 1, 2, 9, 13, 27, 40, 42])
def test_a_search_that_was_broken_off_anywhere_ends_as_an_undisturbed_one(stop_after: int) -> None:
    questions = 16                                                # four candidates a step
    whole = Heard()
    expected = greedy_rounds(task(World(15, questions), whole, count=15, size=3), 3)

    broken, first = World(15, questions), Heard()
    broken.fail_after = stop_after
    with pytest.raises(KeyboardInterrupt):
        greedy_rounds(task(broken, first, count=15, size=3), 3)

    resumed, second = World(15, questions), Heard()
    known = {(number, score.demonstration_id): score for number, score in first.scores}
    rounds = greedy_rounds(task(resumed, second, count=15, size=3, finished=tuple(first.rounds), known=known), 3)
    assert rounds == expected
    assert not set(broken.evaluated) & set(resumed.evaluated), "what was acknowledged was scored again"
    assert _results(first, second) == _results(whole)


def _results(*parts: Heard) -> tuple[dict[tuple[int, int | None], object], list[SearchRound]]:
    scores = {(number, score.demonstration_id): score for part in parts for number, score in part.scores}
    return scores, [round for part in parts for round in part.rounds]  # type: ignore[return-value]


def test_a_step_that_was_only_partly_kept_is_done_again_as_a_whole() -> None:
    whole = Heard()
    expected = greedy_rounds(task(World(8, 16), whole, count=8, size=1), 1)
    known = {(0 + 1, score.demonstration_id): score for _, score in whole.scores[:3]}       # base, 1, 2 of step 1–4
    resumed = World(8, 16)
    assert greedy_rounds(task(resumed, Heard(), count=8, size=1, known=known), 1) == expected
    assert resumed.evaluated == [(id,) for id in range(1, 9)]
