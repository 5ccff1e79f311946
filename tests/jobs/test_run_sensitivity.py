from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from tests.jobs.listening import result_of
from workbench.domain import Demonstration, ModelRef, Prompt, Question
from workbench.errors import JobError
from workbench.jobs.control import Control
from workbench.jobs.events import Event, Log, Progress
from workbench.jobs.kinds import run_job
from workbench.jobs.kinds.sensitivity import SensitivityResult, SensitivitySpec
from workbench.jobs.run import LoadedModel, Run
from workbench.jobs.wire import decode_spec, encode_spec
from workbench.scoring import SetObjective
from workbench.search.intervals import mean_logprob

DEMONSTRATIONS = tuple(Demonstration.pair(f"say {n}", f"thing {n * 13 % 7}", id=n * 10) for n in (3, 1, 2))
PROMPT = Prompt("Be good.", (*DEMONSTRATIONS, Demonstration.pair("say 1", "thing 6")))
QUESTIONS = tuple(Question((f"ask {n}",), (f"reply {n}",), id=n) for n in range(1, 7))


@pytest.fixture(scope="module")
def models() -> LoadedModel:
    return LoadedModel()


def run(spec: SensitivitySpec, models: LoadedModel) -> tuple[SensitivityResult, list[Event]]:
    events: list[Event] = []
    run_job(spec, Run(events.append, Control(), models))
    return result_of(events, SensitivityResult), events


def test_it_says_what_each_demonstration_adds_and_what_the_order_does(
    model: ModelRef, models: LoadedModel, tmp_path: Path
) -> None:
    spec = SensitivitySpec(model, PROMPT, QUESTIONS, kept_scores=str(tmp_path))
    found, events = run(spec, models)
    engine = SetObjective(models.load(model), replace(PROMPT, demonstrations=()),
                          [replace(one, id=at) for at, one in enumerate(PROMPT.demonstrations)], QUESTIONS)

    def value(ids: tuple[int, ...]) -> float:
        return mean_logprob(engine.evaluate([ids])[0])

    whole = value((0, 1, 2, 3))
    assert found.whole == pytest.approx(whole, abs=1e-4)
    assert found.gain is not None
    assert found.gain.mean == pytest.approx(whole - value(()), abs=1e-4)
    assert found.gain.low <= found.gain.mean <= found.gain.high
    bare, every = engine.evaluate([(), (0, 1, 2, 3)])
    assert found.gain.win_rate == sum(b.logprob > a.logprob for a, b in zip(bare, every, strict=True)) / 6
    assert [(added.place, added.id) for added in found.demonstrations] == [(1, 30), (2, 10), (3, 20), (4, None)]
    for at, added in enumerate(found.demonstrations):
        assert added.mean == pytest.approx(whole - value(tuple(i for i in range(4) if i != at)), abs=1e-4)
        assert added.low <= added.mean <= added.high
    assert found.orders is not None
    assert found.orders.tried == 24
    best = tuple(place - 1 for place in found.orders.best_order)
    assert value(best) == pytest.approx(max(value(order) for order in permutations(range(4))), abs=1e-4)
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total == (2 + 4 + 23) * 6
    again, events = run(spec, models)
    assert again == found
    assert any("174 of 174 answers had been scored before" in event.message for event in events
               if isinstance(event, Log))


def test_a_prompt_of_one_has_no_orders_and_one_of_none_is_refused(model: ModelRef, models: LoadedModel) -> None:
    spec = SensitivitySpec(model, replace(PROMPT, demonstrations=DEMONSTRATIONS[:1]), QUESTIONS, orders=9)
    assert decode_spec(encode_spec(spec)) == spec
    found, events = run(spec, models)
    assert len(found.demonstrations) == 1
    assert found.orders is None
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total
    with pytest.raises(JobError, match="none to leave out"):
        run(replace(spec, prompt=Prompt("Be good.")), models)
