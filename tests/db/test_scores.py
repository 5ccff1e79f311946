import pytest
from sqlalchemy.exc import IntegrityError

from workbench.domain import (
    AnswerScore,
    CandidateScore,
    Demonstration,
    Interval,
    ModelFacts,
    ModelRef,
    Question,
    QuestionSet,
    RankedCandidate,
    SearchRound,
    SetEvaluation,
)
from workbench_db import demonstration_table, demonstrations, jobs, models, questions, scores
from workbench_db.session import Connection, Database


def _job(connection: Connection) -> int:
    """A job beside two demonstrations and two questions."""
    demonstrations.insert_demonstrations(connection, [Demonstration.pair("a", "b"), Demonstration.pair("c", "d")])
    questions.insert_set(connection, QuestionSet("set", (Question(("one",)), Question(("two",)))))
    return jobs.insert_job(connection, "search", "", "{}")


def _score(id: int | None, logprob: float) -> CandidateScore:
    return CandidateScore(id, (AnswerScore(1, 0, logprob, 4), AnswerScore(2, 1, logprob - 1, 5)), 11, -3.5, -4.5, 6)


def test_scores_come_back_as_they_went_in_round_by_round(database: Database) -> None:
    with database.write() as connection:
        job = _job(connection)
        written = [(0, _score(None, -9.1)), (0, _score(2, -8.7)), (1, _score(1, -7.3)),
                   (1, CandidateScore(2, (), 3, None, None, 0))]
        scores.insert_scores(connection, job, written)
        assert scores.scores(connection, job) == written
        assert scores.scores(connection, job, 1) == written[2:]
        assert scores.scored_demonstrations(connection, job, 0) == [None, 2]


def test_a_repeated_step_replaces_its_scores(database: Database) -> None:
    with database.write() as connection:
        job = _job(connection)
        scores.insert_scores(connection, job, [(0, _score(None, -9.0)), (0, _score(1, -8.0))])
        scores.insert_scores(connection, job, [(0, _score(None, -5.0)), (0, _score(1, -4.0))])
        assert scores.scores(connection, job) == [(0, _score(None, -5.0)), (0, _score(1, -4.0))]
        assert connection.exec_driver_sql("SELECT count(*) FROM scores").scalar() == 4


def test_a_score_of_a_question_that_is_not_stored_is_a_bug(database: Database) -> None:
    with database.write() as connection:
        job = _job(connection)
    with pytest.raises(IntegrityError), database.write() as connection:
        scores.insert_scores(connection, job, [(0, CandidateScore(1, (AnswerScore(99, 0, -1.0, 1),)))])


def test_rounds_and_evaluations_come_back_as_they_went_in(database: Database) -> None:
    ranking = (RankedCandidate(2, -6.0, Interval(1.0, 0.5, 1.5)), RankedCandidate(1, -7.0, Interval(0.0, -1.0, 1.0)))
    found = SearchRound(1, ranking, 2, -6.0, 120, 2)
    sets = [SetEvaluation("base", "", (), -9.0, (AnswerScore(1, 0, -9.0, 3),)),
            SetEvaluation("random", "7", (1, 2), -8.5, (AnswerScore(1, 0, -8.5, 3),))]
    with database.write() as connection:
        job = _job(connection)
        for _ in range(2):
            scores.insert_round(connection, job, found)
            for evaluation in sets:
                scores.insert_evaluation(connection, job, evaluation)
        assert scores.rounds(connection, job) == [found]
        assert scores.evaluations(connection, job) == sets


def test_the_latest_gains_are_shown_and_stay_when_the_job_is_forgotten(database: Database) -> None:
    with database.write() as connection:
        job = _job(connection)
        scores.update_latest_gains(connection, job, {2: Interval(0.5, 0.25, 0.75)})
        scores.update_latest_gains(connection, job, {})
        jobs.delete_job(connection, job)
        assert [row.gain for row in demonstration_table.rows(connection, [1, 2])] == [None, Interval(0.5, 0.25, 0.75)]


def test_token_counts_follow_the_current_model(database: Database) -> None:
    facts = ModelFacts("LlamaForCausalLM", 1000, 2, 64, 4, 4, 512, 2048, "float32", 4096, ("a.safetensors",), "ab",
                       True, ("a problem",))
    with database.write() as connection:
        _job(connection)
        one = models.insert_model(connection, ModelRef("one", "/one"), facts)
        two = models.insert_model(connection, ModelRef("two", "/two"), None)
        demonstrations.store_token_counts(connection, one, [(1, 10), (2, 20), (99, 5)])
        demonstrations.store_token_counts(connection, two, [(1, 7)])
        shown = "SELECT tokens FROM demonstrations ORDER BY id"
        assert list(connection.exec_driver_sql(shown).scalars()) == [10, 20]
        assert demonstrations.uncounted(connection, two) == [2]
        models.set_current(connection, two)
        assert list(connection.exec_driver_sql(shown).scalars()) == [7, None]
        current = models.current_model(connection)
        assert current
        assert current.ref == ModelRef("two", "/two", id=two)
        known = models.by_path(connection, "/one")
        assert known
        assert (known.facts, known.current) == (facts, False)
        models.delete_model(connection, one)
        assert [model.ref.name for model in models.all_models(connection)] == ["two"]
        assert connection.exec_driver_sql("SELECT count(*) FROM token_counts").scalar() == 1
