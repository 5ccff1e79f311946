"""Recipes from their start to the points of their charts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.listening import result_of
from tests.jobs.workplace import Workplace
from workbench.domain import DecodingSettings, Demonstration, Judgement, ModelRef, Prompt
from workbench.errors import WorkbenchError
from workbench.jobs.events import Finished
from workbench.jobs.kinds.recipe import RecipeResult
from workbench.services.recipe_findings import read_found

BASE = Prompt("Be good.", (Demonstration.pair("a", "b"), Demonstration.pair("c", "d")), name="base")
SHORT = DecodingSettings(max_tokens=3)


@pytest.fixture
def place(tmp_path: Path, model: ModelRef) -> Iterator[Workplace]:
    made = Workplace.make(tmp_path / "project", model, candidates=8, questions=4)
    yield made
    made.project.close()


def test_scaling_measures_references_and_answers_and_resumes_without_doing_it_again(place: Workplace) -> None:
    recipes = place.project.recipes
    job = place.recipe("scaling", BASE, sizes=(0, 2, 4), series=("random", "diverse"), repeats=2, decoding=SHORT)
    assert isinstance(place.ended(job), Finished)
    assert [one.name for one in place.run(lambda: recipes.scores(job))] == ["log_likelihood", "f1", "exact"]
    points = place.run(lambda: recipes.points(job))
    assert [one.series for one in points] == ["random"] * 3 + ["diverse"] * 3
    assert [one.x for one in points] == [0, 2, 4] * 2
    assert points[2].answers == points[5].answers == 8       # both series draw their sets at random, two of each
    assert len(points[2].contestant_ids) == len(points[5].contestant_ids) == 2
    assert points[0].interval == points[3].interval
    assert all(one.interval.low <= one.interval.mean <= one.interval.high < 0 for one in points)
    again = place.recipe("scaling", BASE, sizes=(0, 2, 4), series=("random", "diverse"), repeats=2, decoding=SHORT,
                         answers=False)
    ended = place.ended(again)
    assert isinstance(ended, Finished)
    assert result_of([ended], RecipeResult).answers == 0
    means = [one.interval.mean for one in place.run(lambda: recipes.points(again))]
    assert means == pytest.approx([one.interval.mean for one in points], abs=1e-3)


def test_a_search_by_a_measure_is_read_round_by_round_with_both_scores(place: Workplace) -> None:
    job = place.recipe("judged_search", BASE, by="f1", rounds=2, query="source:a", decoding=SHORT, questions=2)
    assert isinstance(place.ended(job), Finished)
    found = place.run(lambda: read_found(place.project, place.project.jobs.get(job)))
    assert [(one.number, len(one.candidates), one.chosen is not None) for one in found.rounds] == [
        (1, 4, True), (2, 3, True)]
    first, second = found.rounds
    best = first.best
    assert best is not None
    assert best.judged.mean == max(one.judged.mean for one in first.candidates) == pytest.approx(second.before)
    assert all(one.title.startswith("say") and one.nats is not None and one.nats < 0 for one in first.candidates)
    assert best.id not in {one.id for one in second.candidates}


def test_a_series_ranked_on_the_questions_that_are_asked_says_that_it_is_flattered(place: Workplace) -> None:
    assert isinstance(place.ended(place.submit(place.score_spec())), Finished)
    found = []
    for set_id in (1, 2):
        job = place.recipe("scaling", BASE, set_id, sizes=(4,), series=("greedy",), answers=False, questions=2)
        ended = place.ended(job)
        assert isinstance(ended, Finished)
        found.append(result_of([ended], RecipeResult).warning)
    assert "flatters" in found[0]
    assert found[1] == ""


def test_a_judges_ratings_are_points_of_the_same_chart(place: Workplace) -> None:
    project = place.project
    job = place.recipe("decoding", BASE, axes={"temperature": (0.0, 1.0)}, repeats=2, decoding=SHORT, questions=2)
    assert isinstance(place.ended(job), Finished)
    answers = place.run(lambda: project.bench.answers(1))
    assert len(answers) == 2 * (2 + 4)
    place.run(lambda: project.bench.store_judgements(
        [Judgement("judge", "rating", one.id or 0, score=float(5 + one.repeat)) for one in answers], "rated"))
    score = place.run(lambda: project.recipes.scores(job))[-1]
    assert (score.judge, score.name) == ("judge", "rating")
    points = place.run(lambda: project.recipes.points(job, score))
    assert [(one.series, one.x, one.interval.mean) for one in points] == [
        ("prompt", 0, 5), ("prompt", 1, 5.5), ("none", 0, 5), ("none", 1, 5.5)]


def test_another_job_is_no_recipe(place: Workplace) -> None:
    job = place.submit(place.count_spec())
    with pytest.raises(WorkbenchError, match="not a recipe"):
        place.run(lambda: place.project.recipes.points(job))
