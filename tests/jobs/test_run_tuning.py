"""Recipe 5: the same demonstrations in context and as training data."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.listening import result_of
from tests.jobs.workplace import Workplace
from workbench.domain import DecodingSettings, Demonstration, ModelRef, Prompt
from workbench.errors import WorkbenchError
from workbench.jobs.events import Finished, Progress, Stopped
from workbench.jobs.kinds.recipe import RecipeResult
from workbench.services.recipe_results import RecipePoint
from workbench.services.tuning import Trainings, TuningSettings

BASE = Prompt("Be good.", (Demonstration.pair("a", "b"),), name="base")
SHORT = DecodingSettings(max_tokens=3)


@pytest.fixture
def place(tmp_path: Path, model: ModelRef) -> Iterator[Workplace]:
    made = Workplace.make(tmp_path / "project", model, candidates=60, questions=4)
    yield made
    made.project.close()


def submit(place: Workplace, *sizes: int, training: TuningSettings | None = None, seeds: int = 1) -> int:
    return place.recipe("tuning", BASE, sizes=sizes, repeats=seeds, decoding=SHORT,
                        training=training or TuningSettings(2, 3e-3))


def points(place: Workplace, job: int) -> dict[tuple[str, float], RecipePoint]:
    return {(one.series, one.x): one for one in place.run(lambda: place.project.recipes.points(job))}


def trained(place: Workplace, job: int) -> int:
    ended = place.ended(job)
    assert isinstance(ended, Finished), ended
    return result_of([ended], RecipeResult).trained


def test_what_fits_is_shown_in_context_and_every_size_is_trained_on(place: Workplace) -> None:
    job = submit(place, 0, 4, 50, seeds=2)
    assert trained(place, job) == 4
    found = points(place, job)
    assert list(found) == [("in_context", 0), ("fine_tuned", 0), ("in_context", 4), ("fine_tuned", 4),
                           ("fine_tuned", 50)]
    assert found["in_context", 0].interval == found["fine_tuned", 0].interval
    assert found["fine_tuned", 4].answers == 8
    assert found["fine_tuned", 50].interval.mean > found["fine_tuned", 0].interval.mean
    spec = place.run(lambda: place.project.recipes.spec(job))
    assert "50 demonstrations" in spec.warning
    assert spec.tuning is not None
    own = {one.content_hash for one in BASE.demonstrations}
    for one in spec.tuning.trainings:
        shown = {spec.tuning.pool[at].content_hash for at in one.chosen}
        assert own < shown
        assert len(shown) == len(one.chosen)
        assert sorted(path.name for path in Path(one.folder).iterdir()) == ["model"]


def test_a_cancelled_recipe_resumes_without_training_a_finished_size_again(place: Workplace) -> None:
    job = submit(place, 2, 50, training=TuningSettings(20))
    place.until(job, lambda event: isinstance(event, Progress) and "on 50" in event.message)
    place.run(lambda: place.project.jobs.cancel(job))
    assert isinstance(place.ended(job), Stopped)
    said = len(place.heard)
    first = place.run(lambda: place.project.recipes.spec(job)).tuning
    assert first is not None
    made = Path(first.trainings[0].path) / "model.safetensors"
    before = made.stat().st_mtime_ns
    place.run(lambda: place.project.jobs.resume(job))
    ended = place.ended(job, after=said)
    assert isinstance(ended, Finished)
    assert result_of([ended], RecipeResult).trained == 1
    assert made.stat().st_mtime_ns == before
    assert len(points(place, job)) == 3


def test_another_recipe_of_the_same_demonstrations_takes_the_adapters_that_are_there(place: Workplace) -> None:
    wish = TuningSettings(epochs=1, lora_rank=2)
    first = submit(place, 3, training=wish)
    assert trained(place, first) == 1
    spec = place.run(lambda: place.project.recipes.spec(first))
    assert spec.tuning is not None
    adapter = Path(spec.tuning.trainings[0].path)
    assert (adapter / "adapter_model.safetensors").is_file()
    assert [one.model.base for one in spec.contestants] == ["", place.model.path]
    recipes = place.project.recipes
    made, = place.run(lambda: recipes.tuned(first))
    assert (made.model.path, made.registered) == (str(adapter), "")
    place.run(lambda: recipes.register(made, "after three"))
    assert place.run(lambda: recipes.tuned(first))[0].registered == "after three"
    own = next(one for one in spec.contestants if one.model.path == str(adapter))
    before = place.run(place.project.bench.contestants)
    again, = place.run(lambda: place.project.bench.add_contestants([own]))
    assert again.id == own.id                        # registered, it is no other contestant
    assert again.model.sha256 != ""
    assert len(place.run(place.project.bench.contestants)) == len(before)
    named = next(one for one in place.run(place.project.models.all) if one.ref.name == "after three")
    assert (named.state, named.ref.base) == ("ready", place.model.path)
    second = submit(place, 3, 5, training=wish)
    assert trained(place, second) == 1
    shutil.rmtree(adapter)                           # what is answered and measured needs no model any more
    assert points(place, second)["fine_tuned", 3].interval == points(place, first)["fine_tuned", 3].interval
    assert place.run(lambda: recipes.tuned(first)) == []


def test_too_small_a_pool_and_a_model_that_cannot_be_trained_are_refused(place: Workplace) -> None:
    with pytest.raises(WorkbenchError, match="61 demonstrations"):
        submit(place, 100)
    adapter, facts = replace(place.model, base=place.model.path), place.project.models.read(Path(place.model.path))
    with pytest.raises(WorkbenchError, match="cannot be fine-tuned"):
        Trainings(adapter, facts, BASE, TuningSettings(), place.project.folder)
