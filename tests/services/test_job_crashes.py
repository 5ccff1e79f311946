"""A search whose processes are killed: nothing acknowledged is lost, at most one step is repeated, and the end is the
one of an undisturbed search."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.jobs.random_model import write_random_model
from tests.jobs.workplace import Workplace
from workbench.domain import Interval, JobState, ModelRef, SearchRound, SetEvaluation
from workbench.jobs.events import Evaluated, Event, Failed, Finished, RoundFinished, Scored
from workbench.jobs.kinds.search import SearchResult, SearchSpec
from workbench.jobs.wire import encode_spec
from workbench.search.task import ANSWERS_PER_STEP
from workbench.services.project import Project
from workbench.services.results import GainTable, HeldOut

QUESTIONS = 16
STEP = ANSWERS_PER_STEP // QUESTIONS                  # candidates that are scored together

Found = tuple[list[SearchRound], HeldOut, list[GainTable], tuple[int, ...]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    return write_random_model(tmp_path_factory.mktemp("models") / "random")


def workplace(folder: Path, model: ModelRef) -> Workplace:
    return Workplace.make(folder, model, candidates=10, questions=QUESTIONS)


def search_spec(place: Workplace) -> SearchSpec:
    """With so many different held-out sets that a kill arrives while they are measured."""
    return replace(place.search_spec(), rounds=3, random_sets=300)


def found(place: Workplace, job: int) -> Found:
    def read() -> Found:
        results = place.project.results
        held_out = results.held_out(job)
        assert held_out is not None
        gains = [results.gains(job, number) for number in (1, 2)]
        result = place.project.jobs.get(job).result
        assert isinstance(result, SearchResult)
        return results.rounds(job), held_out, gains, result.chosen

    return place.run(read)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, model: ModelRef) -> Found:
    place = workplace(tmp_path_factory.mktemp("undisturbed") / "project", model)
    job = place.submit(search_spec(place))
    assert isinstance(place.ended(job), Finished)
    result = found(place, job)
    place.project.close()
    return result


def nth(count: int, kind: type) -> Callable[[Event], bool]:
    """Whether this is the ``count``-th event of its kind."""
    seen: list[int] = []

    def wanted(event: Event) -> bool:
        if isinstance(event, kind) and id(event) not in seen:
            seen.append(id(event))
        return len(seen) >= count and id(event) == seen[count - 1]

    return wanted


def repeated(events: list[Event], before: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    return {key(event) for event in events if key(event)} & before


def key(event: Event) -> tuple[Any, ...]:
    match event:
        case Scored():
            return ("score", event.round, event.score.demonstration_id)
        case RoundFinished():
            return ("round", event.round.number)
        case Evaluated():
            return ("set", event.evaluation.label)
    return ()


def test_a_child_killed_on_the_held_out_questions_can_be_resumed_to_the_same_end(
    tmp_path: Path, model: ModelRef, undisturbed: Found
) -> None:
    place = workplace(tmp_path / "project", model)
    job = place.submit(search_spec(place))
    place.until(job, nth(3, Evaluated))
    os.kill(place.project.jobs._hosts[job].pid, signal.SIGKILL)
    assert isinstance(place.ended(job), Failed)
    first = {key(event) for event in place.events(job) if key(event)}
    heard = len(place.heard)
    place.run(lambda: place.project.jobs.resume(job))
    assert isinstance(place.ended(job, after=heard), Finished)
    again = [event for id, event, _ in place.heard[heard:] if id == job]
    assert len(repeated(again, first)) <= STEP
    same(found(place, job), undisturbed)
    place.project.close()


def test_a_killed_program_keeps_what_it_told_and_resumes_to_the_same_end(
    tmp_path: Path, model: ModelRef, undisturbed: Found
) -> None:
    folder = tmp_path / "project"
    place = workplace(folder, model)
    file = tmp_path / "spec.json"
    file.write_text(encode_spec(search_spec(place)), encoding="ascii")
    place.project.close()
    told = _killed_in_the_second_round(folder, file)
    place = Workplace.around(Project.open(folder), model)
    job, = (info.id for info in place.run(place.project.jobs.all))
    assert place.info(job).state is JobState.INTERRUPTED
    kept = place.run(lambda: place.project.results.rounds(job)), place.run(lambda: place.project.results.gains(job, 1))
    assert kept[0]
    assert len(kept[1].demonstration_ids) == 10, "acknowledged rows are missing"
    assert told >= 12
    place.run(lambda: place.project.jobs.resume(job))
    assert isinstance(place.ended(job), Finished)
    assert not any(key(event)[:2] == ("score", 1) for event in place.events(job)), "the finished round was done again"
    same(found(place, job), undisturbed)
    place.project.close()


def _killed_in_the_second_round(folder: Path, spec: Path) -> int:
    """Start the program, kill it after the first score of round two; its child ends by itself. Returns scores told."""
    command = [sys.executable, "-m", "tests.jobs.crashing_parent", str(folder), str(spec)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        told, rounds, pid = 0, 0, 0
        for line in parent.stdout:
            kind, number = line.split()
            pid = int(number) or pid
            told += kind == "scored"
            rounds += kind == "round_finished"
            if rounds and kind == "scored" and told >= 12:
                break
        child = psutil.Process(pid)
        parent.kill()
    child.wait(timeout=60)
    return told


def same(now: Found, before: Found) -> None:
    """The same choices and rankings; numbers to the last bit where the same batch was scored again."""
    rounds, held_out, gains, chosen = now
    for one, other in zip(rounds, before[0], strict=True):
        assert (one.number, one.chosen_id, one.prompt_tokens, one.evaluations) == (
            other.number, other.chosen_id, other.prompt_tokens, other.evaluations)
        assert [c.demonstration_id for c in one.ranking] == [c.demonstration_id for c in other.ranking]
        assert one.objective == pytest.approx(other.objective, abs=1e-5)
    assert by_label(held_out) == pytest.approx(by_label(before[1]), abs=1e-5)
    assert interval(held_out.difference) == pytest.approx(interval(before[1].difference), abs=1e-5)
    assert [table.demonstration_ids for table in gains] == [table.demonstration_ids for table in before[2]]
    assert chosen == before[3]


def by_label(held_out: HeldOut) -> dict[str, float]:
    sets: list[SetEvaluation | None] = [held_out.base, held_out.chosen, *held_out.baselines]
    return {one.label: one.mean for one in sets if one}


def interval(found: Interval | None) -> tuple[float, float, float]:
    assert found
    return found.mean, found.low, found.high
