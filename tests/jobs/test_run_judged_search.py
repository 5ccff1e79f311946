from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import workbench_resources as resources
from tests.jobs.listening import result_of
from workbench.bench.judge_prompting import choose
from workbench.domain import DecodingSettings, Demonstration, ModelRef, Prompt, Question, QuestionSet
from workbench.domain.judge_prompt import JudgePrompt
from workbench.errors import JobError
from workbench.formats import mt_bench
from workbench.jobs.control import Control
from workbench.jobs.events import Event, RoundFinished, Scored, Tried
from workbench.jobs.kinds import kind_of, run_job
from workbench.jobs.kinds.judged_search import JudgedSearchResult, JudgedSearchSpec
from workbench.jobs.run import LoadedModel, Run
from workbench.jobs.wire import encode_spec
from workbench.services.job_queue import JobInfo
from workbench.services.job_results import store
from workbench.services.job_resume import continued
from workbench.services.project import Project
from workbench.statistics.rank_correlation import kendall_tau
from workbench_db import jobs

TEACHER = ModelRef("tiny-teacher", str(resources.path("models", "tiny-teacher")))
ALL = mt_bench.read(resources.path("sample", "questions.jsonl"),
                    resources.path("sample", "reference_answer", "sample.jsonl")).questions.questions
OF_DAWN = [question for question in ALL if "song Dawn" in question.turns[0]][:2]
ASKED = [replace(question, id=number) for number, question in enumerate([*OF_DAWN, *ALL[40:42]], 1)]
HOUSE = "Dear friend. The {} is {}. Take care."
BASE = Prompt("", (Demonstration.pair("What sort of thing is the red fox?", HOUSE.format("fox", "zor")),))
POOL = (
    Demonstration.pair("What sort of thing is the blue pear?", HOUSE.format("pear", "mek"), id=1),
    Demonstration.pair("Where is Jon?", "Look for Jon near park.", id=2),
    Demonstration.pair("Who sang the song Dawn at the hill?", "Dear friend. The song Dawn by Leo. Take care.", id=3),
)
SHORT = DecodingSettings(max_tokens=24)


def spec_of(**more: Any) -> JudgedSearchSpec:
    made = JudgedSearchSpec(TEACHER, BASE, POOL, tuple(ASKED), rounds=2, by="rules", decoding=SHORT)
    return replace(made, **more)


def run(spec: JudgedSearchSpec) -> list[Event]:
    said: list[Event] = []
    run_job(spec, Run(said.append, Control(), LoadedModel()))
    return said


def result(said: list[Event]) -> JudgedSearchResult:
    return result_of(said, JudgedSearchResult)


def test_the_grader_chooses_what_helps_and_both_orders_are_compared() -> None:
    said = run(spec_of())
    rounds = [event.round for event in said if isinstance(event, RoundFinished)]
    assert len(rounds) == 2
    assert rounds[0].chosen_id == 3                          # only it tells who sang the song that is asked for
    assert rounds[0].ranking[0].gain.mean > 0
    assert rounds[0].objective == max(one.objective for one in rounds[0].ranking)
    assert result(said).chosen == tuple(one.chosen_id for one in rounds)
    first = result(said).rounds[0]
    assert [pair[0] for pair in first.candidates] == [one.demonstration_id for one in rounds[0].ranking]
    assert first.tau == kendall_tau([p[1] for p in first.candidates], [p[2] for p in first.candidates])
    assert all(pair[2] < 0 <= pair[1] <= 1 for pair in first.candidates)


def test_a_resumed_search_does_only_what_is_left() -> None:
    whole = run(spec_of())
    rounds = tuple(event.round for event in whole if isinstance(event, RoundFinished))
    known = tuple((event.round, event.score) for event in whole if isinstance(event, Scored))
    rest = run(spec_of(finished_rounds=rounds[:1], known=known))
    assert [event.round for event in rest if isinstance(event, RoundFinished)] == [rounds[1]]
    assert not [event for event in rest if isinstance(event, Scored)]
    assert result(rest) == result(whole)


def test_a_language_model_judges_and_unreadable_words_count_as_the_lowest_rating() -> None:
    prompts = tuple(JudgePrompt(name, "single", "", text, "[[rating]]") for name, text in (
        ("plain", "{question}|{answer}"), ("reference", "{question}|{ref_answer_1}|{answer}")))
    assert choose(prompts, "single", ASKED[0], 0).name == "plain"
    said = run(spec_of(by="language_model", judge=TEACHER, prompts=prompts, rounds=1,
                       judge_decoding=DecodingSettings(max_tokens=3)))
    scores = [answer.logprob for event in said if isinstance(event, Scored) for answer in event.score.answers]
    assert set(scores) == {1.0}
    assert result(said).unreadable == 4 * len(ASKED)
    assert result(said).rounds[0].tau is None                      # all the same: no order


def test_what_was_answered_and_said_under_each_set_is_kept_and_comes_back_on_the_bench(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", person="Ada")
    try:
        project.lane.run(lambda: project.demonstrations.add(POOL))
        project.lane.run(lambda: project.questions.add(QuestionSet("asked", tuple(ASKED))))
        prompts = tuple(JudgePrompt(name, "single", "", text, "[[rating]]") for name, text in (
            ("plain", "{question}|{answer}"), ("reference", "{question}|{ref_answer_1}|{answer}")))
        spec = spec_of(by="language_model", judge=TEACHER, prompts=prompts, rounds=1,
                       judge_decoding=DecodingSettings(max_tokens=3))
        said = run(spec)
        tried = [event for event in said if isinstance(event, Tried)]
        assert [len(one.answers) for one in tried] == [len(ASKED)] * 4

        def keep() -> int:
            with project.database.write() as connection:
                job = jobs.insert_job(connection, "judged_search", "Search", encode_spec(spec))
                for event in (*said, tried[0]):                  # what was said before a crash may be said again
                    store(connection, job, "judged_search", event)
            return job

        job = project.lane.run(keep)
        assert project.lane.run(project.bench.contestants) == []             # hundreds would crowd the page
        ids, changes = project.lane.run(lambda: project.recipes.bring_back(job, 1, 3))
        assert changes.undoable
        shown = project.lane.run(lambda: project.bench.contestants(1))
        assert [one.id for one in shown] == list(ids)
        assert [len(one.prompt.demonstrations) for one in shown if one.prompt] == [1, 2]
        answers = project.lane.run(lambda: project.bench.answers(1))
        assert len(answers) == 2 * len(ASKED)
        of_third = next(one for one in tried if one.contestant.name.endswith("+ 3"))
        assert [one.text for one in answers[len(ASKED):]] == [one.text for one in of_third.answers]
        judged = [one for one in project.lane.run(lambda: project.bench.judgements(1)) if one.judge == TEACHER.name]
        assert {one.answer_id for one in judged} == {one.id for one in answers}
        assert all(one.words for one in judged)
        project.lane.run(project.history.undo)
        assert project.lane.run(project.bench.contestants) == []
    finally:
        project.close()


@pytest.mark.parametrize(("more", "why"), [
    ({"rounds": 0}, "a round at least"), ({"by": "language_model"}, "No judge was chosen"),
    ({"questions": (Question(("Why?",), id=1),)}, "no reference"),
    ({"questions": (Question(("2 + 2?",), ("4",), "math", id=1),)}, "does not know all of these questions"),
])
def test_what_cannot_be_judged_is_said_before_a_model_is_loaded(more: dict[str, Any], why: str) -> None:
    with pytest.raises(JobError, match=why):
        run(spec_of(model=ModelRef("none", "/nowhere"), **more))


def test_rounds_are_stored_and_a_judges_gains_are_not_shown_as_nats(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", person="Ada")
    try:
        project.lane.run(lambda: project.demonstrations.add(POOL))
        project.lane.run(lambda: project.questions.add(QuestionSet("asked", tuple(ASKED))))
        spec = spec_of()
        said = run(replace(spec, rounds=1))

        def keep() -> JobInfo:
            with project.database.write() as connection:
                job = jobs.insert_job(connection, "judged_search", kind_of(spec).title(spec), encode_spec(spec))
                for event in said:
                    store(connection, job, "judged_search", event)
            return project.jobs.get(job)

        info = project.lane.run(keep)
        assert info.title == "Greedy search by a judge, 3 candidates"
        assert info.detail.startswith("Chosen: 3")
        with project.database.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM search_rounds").scalar_one() == 1
            assert connection.exec_driver_sql("SELECT count(gain) FROM demonstrations").scalar_one() == 0
            again = continued(connection, info.id, spec_of())
        assert isinstance(again, JudgedSearchSpec)
        assert [one.chosen_id for one in again.finished_rounds] == [3]
        assert {number for number, _ in again.known} == {1}
    finally:
        project.close()
