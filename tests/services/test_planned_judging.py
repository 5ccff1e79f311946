"""Judging that waits for answers: it survives a restart, and judges each answer once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.jobs.random_model import write_random_model
from tests.jobs.workplace import Workplace
from workbench.domain import Contestant, DecodingSettings, JobState, ModelRef, Prompt
from workbench.domain.judge_prompt import JudgePrompt
from workbench.jobs.events import Finished, Judged
from workbench.jobs.kinds.judge import JudgePlan, JudgeResult, Price
from workbench.services.project import Project

PROMPTS = (JudgePrompt("short", "single", "", "{question}|{answer}", "[[rating]]"),)
SHORT = DecodingSettings(max_tokens=4)
SET = 1


@pytest.fixture
def model(tmp_path: Path) -> ModelRef:
    return write_random_model(tmp_path / "model")


@pytest.fixture
def reopened(tmp_path: Path, model: ModelRef) -> Iterator[Callable[[], Workplace]]:
    """Makes the project, and with every later call closes it and opens it again."""
    places: list[Workplace] = []

    def again() -> Workplace:
        if places:
            places[-1].project.close()
            places.append(Workplace.around(Project.open(tmp_path / "project", person="Ada"), model))
        else:
            places.append(Workplace.make(tmp_path / "project", model, questions=6))
        return places[-1]

    yield again
    places[-1].project.close()


def ask(place: Workplace, *, paused: bool = False) -> tuple[int, list[int]]:
    """An answering job, and a judge's and a likelihood job behind it."""
    def submit() -> tuple[int, list[int]]:
        contestant = Contestant("tiny", place.model, Prompt("Be good."), DecodingSettings(max_tokens=40))
        jobs = place.project.jobs
        job = jobs.submit(place.project.bench.answering([contestant], SET))
        (id,) = [one.id or 0 for one in place.project.bench.contestants()]
        judging = place.project.judging
        judge = jobs.submit(judging.planned(JudgePlan(SET, (id,)), place.model, prompts=PROMPTS, decoding=SHORT,
                                            price=Price(1e6, 1e6)), after=job)
        if paused:                               # before it can have answered
            place.project.jobs.pause(job)
        likelihoods = judging.likelihoods(SET, [id], planned=True)
        return job, [judge, *(jobs.submit(one, after=job) for one in likelihoods)]

    return place.run(submit)


def states(place: Workplace) -> list[JobState]:
    return [job.state for job in sorted(place.run(place.project.jobs.all), key=lambda job: job.id)]


def test_judging_follows_an_answering_that_was_broken_off_and_resumed(reopened: Callable[[], Workplace]) -> None:
    place = reopened()
    job, judges = ask(place, paused=True)
    assert states(place)[1:] == [JobState.WAITING, JobState.WAITING]
    assert "once “Answer 6 questions, 1 contestant” is done" in place.info(judges[0]).detail
    place = reopened()
    place.run(place.project.jobs.start_waiting)
    assert states(place) == [JobState.INTERRUPTED, JobState.WAITING, JobState.WAITING]
    place.run(lambda: place.project.jobs.resume(job))
    assert all(isinstance(place.ended(one), Finished) for one in (job, *judges))
    assert place.info(judges[0]).title == "Judge 6 answers"
    said = place.run(lambda: place.project.bench.judgements(SET))
    assert sorted((one.judge, one.name) for one in said) == sorted(
        [(place.model.name, "")] * 6 + [("reference", name) for name in ("exact", "f1", "log_likelihood")] * 6)


def test_a_judging_that_was_broken_off_goes_on_and_its_cost_is_that_of_all_starts(
    reopened: Callable[[], Workplace]
) -> None:
    place = reopened()
    _, (judge, likelihood) = ask(place)
    place.until(judge, lambda event: isinstance(event, Judged))
    place = reopened()
    assert states(place)[0] is JobState.FINISHED
    for one in (judge, likelihood):                          # fast as it is, it may have come farther before the end
        if place.info(one).state is JobState.INTERRUPTED:
            place.run(partial(place.project.jobs.resume, one))
    place.run(place.project.jobs.start_waiting)
    for one in (judge, likelihood):
        if place.info(one).state is not JobState.FINISHED:
            assert isinstance(place.ended(one), Finished)
    said = [one for one in place.run(lambda: place.project.bench.judgements(SET)) if one.kind == "rating"]
    assert len(said) == 6
    tokens = sum(one.details["prompt_tokens"] + one.details["completion_tokens"] for one in said)
    result = place.info(judge).result
    assert isinstance(result, JudgeResult)
    assert result.cost == tokens > 0


def test_what_waits_for_a_job_that_is_removed_is_stopped(reopened: Callable[[], Workplace]) -> None:
    place = reopened()
    job, judges = ask(place)
    place.run(lambda: place.project.jobs.cancel(job))
    place.ended(job)
    assert states(place) == [JobState.STOPPED, JobState.WAITING, JobState.WAITING]
    place.run(lambda: place.project.jobs.remove(job))
    assert states(place) == [JobState.STOPPED, JobState.STOPPED]
    assert "was removed" in place.info(judges[0]).detail
