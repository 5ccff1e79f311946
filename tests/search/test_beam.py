from __future__ import annotations

import numpy as np
import pytest

from tests.search.world import Heard, World, demonstrations
from workbench.search.greedy import greedy, greedy_rounds
from workbench.search.intervals import mean_logprob
from workbench.search.options import SearchOptions
from workbench.search.strategies.beam import beam
from workbench.search.task import SearchTask


def task(world: World, heard: Heard, *, width: int, size: int = 3, budget: int = 0, **more: object) -> SearchTask:
    return SearchTask(world, demonstrations(12), size, budget, np.random.default_rng(7), heard,
                      options=SearchOptions(beam_width=width), **more)  # type: ignore[arg-type]


def naive_beam(world: World, width: int, size: int) -> tuple[int, ...]:
    beams: list[tuple[int, ...]] = [()]
    for _ in range(size):
        grown = [(*ids, id) for ids in beams for id in range(1, 13) if id not in ids]
        grown.sort(key=lambda ids: (-mean_logprob(world.answers(ids)), ids))
        beams = []
        for ids in grown:
            if len(beams) < width and not any(set(ids) == set(other) for other in beams):
                beams.append(ids)
    return beams[0]


@pytest.mark.parametrize("width", [1, 2, 3, 8])
@pytest.mark.parametrize("seed", range(4))
def test_it_finds_what_a_plain_loop_finds(seed: int, width: int, heard: Heard) -> None:
    assert beam(task(World(12, 8, seed=seed), heard, width=width)) == naive_beam(World(12, 8, seed=seed), width, 3)


@pytest.mark.parametrize("seed", range(4))
def test_with_a_width_of_one_it_is_greedy_search_round_for_round(seed: int) -> None:
    narrow, plain = Heard(), Heard()
    assert beam(task(World(12, 8, seed=seed), narrow, width=1)) == greedy(task(World(12, 8, seed=seed), plain, width=1))
    assert narrow.rounds == plain.rounds
    kept = [{(number, score.demonstration_id): score for number, score in one.scores} for one in (narrow, plain)]
    assert kept[0] == kept[1]


def test_a_wider_beam_finds_better_sets() -> None:
    gains = []
    for seed in range(15):
        world = World(12, 8, seed=seed)
        narrow, wide = (beam(task(world, Heard(), width=width)) for width in (1, 6))
        gains.append(mean_logprob(world.answers(wide)) - mean_logprob(world.answers(narrow)))
    assert np.mean(gains) > 0
    assert sum(gain > 1e-9 for gain in gains) > sum(gain < -1e-9 for gain in gains)


def test_its_rounds_tell_the_path_to_the_chosen_set(heard: Heard) -> None:
    for seed in range(15):                           # one in which the path is not greedy's
        heard = Heard()
        world = World(12, 8, seed=seed)
        path = beam(task(world, heard, width=4))
        if path[0] != heard.rounds[0].ranking[0].demonstration_id:
            break
    else:
        pytest.fail("no world in which the beam's path differs from greedy's")
    assert tuple(round.chosen_id for round in heard.rounds) == path
    for number, round in enumerate(heard.rounds, 1):
        assert round.objective == mean_logprob(world.answers(path[:number]))
        before = mean_logprob(world.answers(path[: number - 1]))
        assert {c.demonstration_id for c in round.ranking} == set(range(1, 13)) - set(path[: number - 1])
        assert all(c.gain.mean == pytest.approx(c.objective - before) for c in round.ranking)
    assert 8 + sum(round.evaluations for round in heard.rounds) == 8 * len(world.evaluated)


def test_no_set_is_over_the_budget_and_it_ends_when_nothing_more_fits(heard: Heard) -> None:
    world = World(12, 8)
    chosen = beam(task(world, heard, width=3, size=6, budget=170))
    assert 0 < len(chosen) < 6
    assert all(world.prompt_tokens(ids) <= 170 for ids in world.evaluated)
    assert f"The search ends after {len(chosen)} rounds" in heard.lines[-1]


def test_the_first_rounds_scores_are_taken_over(heard: Heard) -> None:
    expected = beam(task(World(12, 8), heard, width=3))
    known = {(number, score.demonstration_id): score for number, score in heard.scores if number == 1}
    resumed, again = World(12, 8), Heard()
    assert beam(task(resumed, again, width=3, known=known)) == expected
    assert again.rounds == heard.rounds
    assert all(len(ids) > 1 for ids in resumed.evaluated)


def test_a_beam_search_that_was_finished_is_not_done_again(heard: Heard) -> None:
    expected = beam(task(World(12, 8), heard, width=3))
    resumed = World(12, 8)
    assert beam(task(resumed, Heard(), width=3, finished=tuple(heard.rounds))) == expected
    assert resumed.evaluated == []


def test_the_next_round_starts_with_what_was_best_before() -> None:
    world, heard = World(12, 64), Heard()            # one candidate a step
    first = greedy_rounds(task(world, heard, width=1), 2)[0]
    order = [ids[1] for ids in world.evaluated if len(ids) == 2]
    assert order == [c.demonstration_id for c in first.ranking[1:]] != sorted(order)
