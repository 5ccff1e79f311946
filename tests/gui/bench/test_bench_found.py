"""Charts of the search by a judge and of token shifts, and what is read for them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from workbench.domain import (
    Answer,
    Contestant,
    Demonstration,
    Interval,
    JobState,
    Judgement,
    ModelRef,
    Prompt,
    Question,
    QuestionSet,
    RankedCandidate,
    SearchRound,
    TokenScore,
)
from workbench.gui.bench.recipes.judged import JudgedPane
from workbench.gui.bench.recipes.shift import ShiftPane
from workbench.jobs.kind import JobSpec
from workbench.jobs.kinds.judged_search import JudgedSearchSpec
from workbench.jobs.kinds.shift import ShiftSpec
from workbench.jobs.wire import encode_spec
from workbench.services.project import Project
from workbench.services.recipe_findings import Found, JudgedCandidate, JudgedRound, Shifted, ShiftedAnswer, read_found
from workbench.services.token_shifts import ShiftRow, Stretch
from workbench_db import jobs, scores

MODEL = ModelRef("base-7b", "/nowhere")


def shown(pane: JudgedPane | ShiftPane, qtbot: QtBot) -> list[str]:
    said = list[str]()
    qtbot.addWidget(pane)
    pane.said.connect(said.append)
    return said


def candidate(id: int, judged: float, nats: float | None) -> JudgedCandidate:
    return JudgedCandidate(id, f"Candidate {id}", Interval(judged, judged - 0.1, judged + 0.1), nats)


def test_a_round_shows_every_candidate_by_both_objectives(qtbot: QtBot) -> None:
    rounds = (JudgedRound(1, Interval(0.5, 0.2, 0.7), 0.3, (candidate(4, 0.9, -2.0), candidate(7, 0.4, -3.5)), 4),
              JudgedRound(2, None, 0.9, (candidate(7, 0.95, -2.0),), 7))
    found, pane, wanted = Found("rules", 2, rounds=rounds), JudgedPane(), list[object]()
    said = shown(pane, qtbot)
    pane.show_found(found, 0)
    assert "Round 1 of 2" in said[0]
    assert "“Candidate 4” was chosen" in said[0]
    assert [row[:2] for row in pane.ladder.table().rows] == [("Candidate 4", 0.9), ("Candidate 7", 0.4)]
    assert pane.scatter.table().rows == (("Candidate 4", -2.0, 0.9), ("Candidate 7", -3.5, 0.4))
    assert "τ 0.50, 95 % interval 0.20 to 0.70" in pane._heads[1]._hint.text()
    assert [row[1:3] for row in pane.rounds.table().rows] == [(0, 0.3), (1, 0.9), (2, 0.95)]
    pane.demonstration_wanted.connect(wanted.append)
    pane.round_wanted.connect(wanted.append)
    pane.answers_wanted.connect(lambda *both: wanted.append(both))
    pane.ladder.picked.emit(7)
    pane.opens.set_current(1)
    pane.ladder.picked.emit(7)
    pane.rounds.picked.emit(("round", 1))
    assert wanted == [(1, 7), 7, 1]
    pane.show_found(found, 1)
    assert "no order to compare" in pane._heads[1]._hint.text()


def test_a_round_that_goes_on_shows_what_is_scored_so_far(qtbot: QtBot) -> None:
    pane = JudgedPane()
    said = shown(pane, qtbot)
    pane.show_found(Found("f1", 2, True, (JudgedRound(1, None, 0.3, (candidate(4, 0.9, None),), None),)), 0)
    assert "the round goes on" in said[0]
    assert len(pane.ladder.table().rows) == 1
    assert "once all rounds are done" in pane._waiting.text()


def test_a_language_model_is_named_with_how_many_of_its_ratings_could_not_be_read(qtbot: QtBot) -> None:
    pane = JudgedPane()
    said = shown(pane, qtbot)
    pane.show_found(Found("language_model", 2, rounds=(JudgedRound(1, None, 3.0, (candidate(4, 5.0, -1.0),), 4),),
                          judge="base-13b", unreadable=7), 0)
    assert "by base-13b" in said[0]
    assert "7 judgements without a readable rating counted as 1" in said[0]


def test_shifts_are_told_by_place_and_token_by_token(qtbot: QtBot) -> None:
    one, none = Interval(1, 1, 1), Interval(0, 0, 0.2)
    row = ShiftRow(1, "base-7b", 4, Interval(0.5, 0.4, 0.6), Interval(0.25, 0.2, 0.3), Interval(0.25, 0.2, 0.3),
                   Interval(0.3, 0.2, 0.4), ((0.1, one), (1.0, none)),
                   (Stretch(0, 3, one, none, none), Stretch(3, 1, none, none, one)))
    answers = tuple(ShiftedAnswer(f"Question {n}, turn 1", (TokenScore("Dear", -6.0, 9), TokenScore(" me", -0.1, 0)),
                                  (TokenScore("Dear", -0.1), TokenScore(" me", -0.2))) for n in (1, 2))
    pane = ShiftPane()
    said = shown(pane, qtbot)
    other = replace(row, contestant_id=2, unshifted=one, marginal=none, shifted=none)
    pane.show_found((Shifted("one shot against base-7b", row, answers), Shifted("tuned against base-7b", other, ())), 0)
    assert "50 % unshifted, 25 % marginal, 25 % shifted of 4 tokens · KL 0.30 nats per token (0.20 to 0.40)" in said[0]
    assert [pane.answers.itemText(n) for n in range(2)] == ["Question 1, turn 1", "Question 2, turn 1"]
    assert pane.strip.changes() == pytest.approx([5.9, -0.1])
    assert pane.text.toPlainText() == "Dear me"
    assert [(list(spans), token) for spans, token in pane.text._marks] == [([], "warn"), ([(0, 4)], "bad")]
    assert ("one shot", 3, 1, 0.8, 1) in pane.places.table().rows
    assert ("tuned", 0.1, 1, 1, 1) in pane.kl.table().rows
    assert [row[:3] for row in pane.shares.table().rows][:2] == [
        ("Unshifted", "one shot", 0.5), ("Unshifted", "tuned", 1)]
    wanted: list[int] = []
    pane.contestant_wanted.connect(wanted.append)
    pane.shares.picked.emit(("contestant", 1))
    assert wanted == [1]
    pane.show_found((Shifted("tuned against base-7b", other, ()),), 0)
    assert pane.text.toPlainText() == ""                 # nothing of the one before is left


def job(project: Project, spec: JobSpec, summary: dict[str, object]) -> int:
    def insert() -> int:
        with project.database.write() as connection:
            job_id = jobs.insert_job(connection, spec.kind, "A recipe", encode_spec(spec))
            jobs.set_summary(connection, job_id, summary)
            jobs.set_state(connection, job_id, JobState.FINISHED)
        return job_id

    return project.lane.run(insert)


def test_what_jobs_have_found_is_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    project = Project.create(tmp_path_factory.mktemp("found") / "project", person="Ada")
    try:
        project.lane.run(lambda: project.questions.add(QuestionSet("asked", (Question(("Why?",), ("So.",), key="1"),))))
        questions = project.lane.run(lambda: project.questions.get(1)).questions
        contestants = [Contestant("one shot", MODEL, Prompt("Be brief."))]
        answers = [Answer(0, questions[0].id or 0, 0, 0, "So.")]
        project.lane.run(lambda: project.bench.store_answers(contestants, answers, "stored"))
        said = Judgement("token_shift", "measure", 1, name="kl", score=0.5, prompt_name="base-7b",
                         details={"tokens": [["So", 0.9, 4, -0.1, -3.0], [".", 0.1, 0, -0.2, -0.3]]})
        project.lane.run(lambda: project.bench.store_judgements([said], "said"))
        shift = job(project, ShiftSpec(MODEL, tuple(project.lane.run(project.bench.contestants)), questions, ()), {})
        search = job(project, JudgedSearchSpec(MODEL, Prompt(), (Demonstration.pair("a", "b", id=3),), questions,
                                               by="f1"),
                     {"chosen": [3], "rounds": [{"number": 1, "tau": None, "low": None, "high": None,
                                                 "candidates": [[3, 0.5, -2.0]]}]})
        ranked = RankedCandidate(3, 0.5, Interval(0.25, 0.25, 0.25))
        project.lane.run(lambda: store_round(project, search, SearchRound(1, (ranked,), 3, 0.5, 9, 1)))
        found = project.lane.run(lambda: read_found(project, project.jobs.get(shift)))
        assert [one.name for one in found.shifts] == ["one shot against base-7b"]
        assert found.shifts[0].row.shifted.mean == 0.5
        assert found.shifts[0].answers[0].base[0] == TokenScore("So", -3.0, 4)
        judged = project.lane.run(lambda: read_found(project, project.jobs.get(search)))
        assert judged.rounds == (JudgedRound(1, None, 0.25, (
            JudgedCandidate(3, "a", Interval(0.5, 0.5, 0.5), -2.0),), 3),)
        assert not judged.empty
        assert project.lane.run(lambda: read_found(project, project.jobs.get(job_without(project)))).empty
    finally:
        project.close()


def store_round(project: Project, job_id: int, found: SearchRound) -> None:
    with project.database.write() as connection:
        scores.insert_round(connection, job_id, found)


def job_without(project: Project) -> int:
    with project.database.write() as connection:
        return jobs.insert_job(connection, "judged_search", "New", encode_spec(
            JudgedSearchSpec(MODEL, Prompt(), (), ())))
