"""Answer jobs, from the queue to the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.listening import result_of
from tests.jobs.workplace import BASE, Workplace
from workbench.domain import Contestant, DecodingSettings, ModelRef, Question, QuestionSet
from workbench.jobs.events import Answered, Finished, Stopped, Text
from workbench.jobs.kinds.answer import AnswerResult

SHORT = DecodingSettings(max_tokens=6, temperature=1.0)


@pytest.fixture
def place(tmp_path: Path, model: ModelRef) -> Iterator[Workplace]:
    made = Workplace.make(tmp_path / "project", model, candidates=1, questions=1)
    asked = QuestionSet("asked", (Question(("say a", "say b"), key="1"), Question(("say c",), key="2")))
    made.run(lambda: made.project.questions.add(asked))
    yield made
    made.project.close()


def submit(place: Workplace, *contestants: Contestant, repeats: int = 2) -> int:
    return place.run(lambda: place.project.jobs.submit(place.project.bench.answering(contestants, 3, repeats=repeats)))


def test_answers_are_streamed_stored_with_what_made_them_and_not_asked_twice(place: Workplace) -> None:
    base, none = Contestant("base", place.model, BASE, SHORT), Contestant("none", place.model, None, SHORT)
    job = submit(place, base, none)
    ended = place.ended(job)
    assert isinstance(ended, Finished)
    assert result_of([ended], AnswerResult).answers == 12
    found = place.run(lambda: place.project.bench.answers(3))
    assert [(one.repeat, one.turn) for one in found[:4]] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert len(found) == 12
    assert all(one.facts["sha256"] and one.facts["torch"] for one in found)
    assert all(one.logprob is not None and one.logprob < 0 and one.seconds > 0 for one in found)
    streamed: dict[tuple[int | None, int | None, int, int], str] = {}
    for event in place.events(job):
        if isinstance(event, Text):
            key = event.contestant_id, event.question_id, event.turn, event.repeat
            streamed[key] = streamed.get(key, "") + event.text
    assert streamed == {one.key: one.text for one in found if one.text}
    again = place.ended(submit(place, none))
    assert isinstance(again, Finished)
    assert result_of([again], AnswerResult).answers == 0
    shown = place.run(lambda: place.project.bench.prompt_of(found[1].id or 0))
    assert found[0].text in shown.text
    assert "say b" in shown.text


def test_a_cancelled_job_keeps_its_answers_and_goes_on_after_them(place: Workplace) -> None:
    job = submit(place, Contestant("base", place.model, BASE, DecodingSettings(150, 1.0)), repeats=30)
    place.until(job, lambda event: isinstance(event, Answered))
    place.run(lambda: place.project.jobs.cancel(job))
    assert isinstance(place.ended(job), Stopped)
    before = place.run(lambda: place.project.bench.answers(3))
    assert 0 < len(before) < 90
    heard = len(place.heard)
    place.run(lambda: place.project.jobs.resume(job))
    ended = place.ended(job, after=heard)
    assert isinstance(ended, Finished)
    assert result_of([ended], AnswerResult).answers == 90 - len(before)
    after = place.run(lambda: place.project.bench.answers(3))
    assert len(after) == 90
    assert [one for one in after if one.key in {known.key for known in before}] == before
