"""What jobs wrote, read back for the rankings page. Rows are written as a job's events would write them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.jobs.workplace import BASE, Workplace
from workbench.domain import (
    AnswerScore,
    CandidateScore,
    Interval,
    ModelRef,
    RankedCandidate,
    SearchRound,
    SetEvaluation,
)
from workbench.jobs.events import Evaluated, Event, Finished, RoundFinished, Scored
from workbench.jobs.kinds.score import ScoreResult, ScoreSpec
from workbench.jobs.kinds.search import SearchSpec
from workbench.jobs.wire import encode_spec
from workbench.services.job_results import store
from workbench.services.job_resume import continued
from workbench_db import jobs as stored_jobs

MODEL = ModelRef("m", "/models/m", sha256="ab" * 32)
QUESTIONS = 6


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    place = Workplace.make(tmp_path / "project", MODEL, candidates=4, questions=QUESTIONS)
    yield place
    place.project.close()


def answers(shift: float, *, slope: float = 0.0, first: int = 1) -> tuple[AnswerScore, ...]:
    return tuple(AnswerScore(first + n, 0, -5 + shift + slope * n, 3) for n in range(QUESTIONS))


def add_job(place: Workplace, spec: ScoreSpec | SearchSpec, events: list[Event]) -> int:
    def write() -> int:
        with place.project.database.write() as connection:
            job = stored_jobs.insert_job(connection, spec.kind, "a run", encode_spec(spec))
            for event in events:
                store(connection, job, spec.kind, event)
        return job

    return place.run(write)


def score_events() -> list[Event]:
    return [
        Scored(CandidateScore(None, answers(0), 100)),
        Scored(CandidateScore(1, answers(0.5), 11, -6.0, -8.0, 4)),
        Scored(CandidateScore(2, answers(-0.5, slope=0.3), 12)),
        Scored(CandidateScore(3, (), 9000)),                    # did not fit into the context
        Finished(ScoreResult(3, 1, QUESTIONS)),
    ]


def test_the_table_of_a_score_job_is_sorted_by_gain_and_leaves_out_what_was_not_scored(place: Workplace) -> None:
    job = add_job(place, place.score_spec(), score_events())
    table = place.run(lambda: place.project.results.gains(job))
    assert table.round == 0
    assert table.demonstration_ids == (1, 2)
    assert table.titles == ("say 0", "say 1")
    assert [one.mean for one in table.mean] == pytest.approx([0.5, 0.25])
    assert table.gain[1] == pytest.approx([-0.5, -0.2, 0.1, 0.4, 0.7, 1.0])
    assert table.win_rate == pytest.approx((1.0, 4 / 6))
    assert table.tokens == (11, 12)
    assert table.difficulty == (0.75, None)
    assert table.previous_rank == (None, None)
    assert [question.id for question in table.questions] == list(range(1, QUESTIONS + 1))


def test_reading_it_twice_gives_the_same_intervals(place: Workplace) -> None:
    job = add_job(place, place.score_spec(), score_events())
    assert place.run(lambda: place.project.results.gains(job)) == place.run(lambda: place.project.results.gains(job))


def test_a_finished_score_job_shows_its_gains_in_the_demonstrations_table(place: Workplace) -> None:
    add_job(place, place.score_spec(), score_events())
    rows = place.run(lambda: place.project.demonstrations.rows([1, 2, 3]))
    assert [row.gain and round(row.gain.mean, 3) for row in rows] == [0.5, 0.25, None]


def test_a_run_that_has_nothing_yet_is_an_empty_table(place: Workplace) -> None:
    job = add_job(place, place.score_spec(), [])
    table = place.run(lambda: place.project.results.gains(job))
    assert (table.demonstration_ids, table.gain.shape, table.questions) == ((), (0, 0), ())
    assert place.run(lambda: place.project.results.ranking(job)) == []
    assert place.run(place.project.results.runs) == []
    assert place.run(lambda: place.project.results.held_out(job)) is None


def ranked(*pairs: tuple[int, float]) -> tuple[RankedCandidate, ...]:
    return tuple(RankedCandidate(id, -5 + gain, Interval(gain, gain - 0.1, gain + 0.1)) for id, gain in pairs)


def search_events() -> list[Event]:
    first = SearchRound(1, ranked((2, 0.9), (1, 0.5), (3, 0.1)), 2, -4.1, 120, 18)
    return [
        Scored(CandidateScore(None, answers(0), 100), 1), Scored(CandidateScore(1, answers(0.5), 11), 1),
        Scored(CandidateScore(2, answers(0.9), 12), 1), Scored(CandidateScore(3, answers(0.1), 13), 1),
        RoundFinished(first),
        Scored(CandidateScore(None, answers(0.9), 120), 2), Scored(CandidateScore(3, answers(1.5), 13), 2),
    ]


def test_a_search_in_its_second_round_shows_gains_over_what_it_has_chosen(place: Workplace) -> None:
    job = add_job(place, place.search_spec(), search_events())
    newest = place.run(lambda: place.project.results.gains(job))
    assert (newest.round, newest.demonstration_ids, newest.previous_rank) == (2, (3,), (3,))
    assert newest.mean[0].mean == pytest.approx(0.6)
    first = place.run(lambda: place.project.results.gains(job, 1))
    assert first.demonstration_ids == (2, 1, 3)
    run, = place.run(place.project.results.runs)
    assert (run.kind, run.model, run.candidates, run.rounds, run.state) == ("search", "m", 4, 1, "waiting")


def test_a_ranking_is_there_before_its_round_is_finished(place: Workplace) -> None:
    job = add_job(place, place.search_spec(), search_events())
    assert [c.demonstration_id for c in place.run(lambda: place.project.results.ranking(job, 1))] == [2, 1, 3]
    open_round = place.run(lambda: place.project.results.ranking(job))
    assert [(c.demonstration_id, round(c.gain.mean, 6)) for c in open_round] == [(3, 0.6)]


def test_only_the_first_rounds_gains_are_shown_in_the_demonstrations_table(place: Workplace) -> None:
    second = RoundFinished(SearchRound(2, ranked((3, 0.6)), 3, -3.5, 133, 12))
    add_job(place, place.search_spec(), [*search_events(), second])
    rows = place.run(lambda: place.project.demonstrations.rows([1, 2, 3, 4]))
    assert [row.gain and row.gain.mean for row in rows] == [0.5, 0.9, 0.1, None]


def evaluated(strategy: str, label: str, ids: tuple[int, ...], shift: float) -> Evaluated:
    found = answers(shift, slope=0.05 * shift, first=QUESTIONS + 1)
    return Evaluated(SetEvaluation(strategy, label, ids, float(np.mean([a.logprob for a in found])), found))


def held_out_events() -> list[Event]:
    return [
        evaluated("base", "base", (), 0), evaluated("greedy", "chosen", (2, 3), 1.5),
        evaluated("top_k", "best by single gain", (2, 1), 1.2), evaluated("random", "random 0", (1, 4), 0.2),
        evaluated("random", "random 1", (4, 3), 0.4),
    ]


def test_the_held_out_report_compares_the_chosen_set_with_the_random_ones(place: Workplace) -> None:
    job = add_job(place, place.search_spec(), held_out_events())
    found = place.run(lambda: place.project.results.held_out(job))
    assert found
    assert found.base
    assert found.chosen
    assert found.chosen.demonstration_ids == (2, 3)
    assert [one.label for one in found.baselines] == ["best by single gain", "random 0", "random 1"]
    assert found.difference
    assert found.random_mean
    assert found.difference.mean == pytest.approx(found.chosen.mean - found.random_mean)
    assert found.difference.low < 0 < found.difference.mean       # two random sets do not tell how far sets are apart


def test_half_a_report_is_a_report(place: Workplace) -> None:
    job = add_job(place, place.search_spec(), held_out_events()[:2])
    found = place.run(lambda: place.project.results.held_out(job))
    assert found
    assert found.difference is None
    assert found.random_mean is None


# — what a job is told when it starts, perhaps again —


def start(place: Workplace, job: int, spec: ScoreSpec | SearchSpec) -> ScoreSpec | SearchSpec:
    def build() -> ScoreSpec | SearchSpec:
        with place.project.database.write() as connection:
            told = continued(connection, job, spec)
        assert isinstance(told, ScoreSpec | SearchSpec)
        return told

    return place.run(build)


def test_a_resumed_score_job_is_told_what_is_done(place: Workplace) -> None:
    spec = place.score_spec()
    told = start(place, add_job(place, spec, score_events()[:3]), spec)
    assert isinstance(told, ScoreSpec)
    assert set(told.done) == {None, 1, 2}


def test_a_resumed_search_is_told_its_rounds_the_winner_and_the_open_round(place: Workplace) -> None:
    spec = place.search_spec()
    told = start(place, add_job(place, spec, [*search_events(), *held_out_events()]), spec)
    assert isinstance(told, SearchSpec)
    assert [found.number for found in told.finished_rounds] == [1]
    assert {(number, score.demonstration_id) for number, score in told.known} == {(1, 2), (2, None), (2, 3)}
    assert [one.label for one in told.evaluated][:2] == ["base", "chosen"]


def test_a_search_takes_over_what_a_score_job_of_the_same_thing_measured(place: Workplace) -> None:
    score = add_job(place, place.score_spec(), score_events())
    spec = place.search_spec()
    job = add_job(place, spec, [])
    told = start(place, job, spec)
    assert isinstance(told, SearchSpec)
    assert {(number, one.demonstration_id) for number, one in told.known} == {(1, None), (1, 1), (1, 2)}
    assert place.run(lambda: place.project.results.gains(job, 1)).demonstration_ids == (1, 2)
    log = place.run(lambda: place.project.jobs.log(job))
    assert [line.message for line in log] == [f"Job {score} scored the same candidates: taken over."]


@pytest.mark.parametrize("changed", ["model", "base", "question", "turns", "strategy", "unfinished"])
def test_it_takes_nothing_over_that_was_measured_otherwise(place: Workplace, changed: str) -> None:
    add_job(place, place.score_spec(), score_events()[: 4 if changed == "unfinished" else 5])
    spec = place.search_spec()
    match changed:
        case "model":
            spec = replace(spec, model=replace(spec.model, sha256="cd" * 32))
        case "base":
            spec = replace(spec, base=replace(BASE, rules="Be bad."))
        case "question":
            spec = replace(spec, questions=spec.questions[1:])
        case "turns":
            spec = replace(spec, turns="all")
        case "strategy":
            spec = replace(spec, strategy="random")
    told = start(place, add_job(place, spec, []), spec)
    assert isinstance(told, SearchSpec)
    assert told.known == ()


def test_an_edited_candidate_is_measured_again(place: Workplace) -> None:
    add_job(place, place.score_spec(), score_events())
    spec = place.search_spec()
    edited = replace(spec.candidates[0], turns=spec.candidates[1].turns[:1] + spec.candidates[0].turns[1:])
    spec = replace(spec, candidates=(edited, *spec.candidates[1:]))
    told = start(place, add_job(place, spec, []), spec)
    assert isinstance(told, SearchSpec)
    assert {one.demonstration_id for _, one in told.known} == {None, 2}
