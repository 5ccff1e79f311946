from datetime import UTC, datetime

from workbench_db import jobs
from workbench_db.session import Database


def test_jobs_wait_in_order_and_can_be_put_in_another(database: Database) -> None:
    with database.write() as connection:
        first, second, third = (jobs.insert_job(connection, kind, kind, "{}") for kind in ("score", "count", "search"))
        jobs.reorder(connection, [third, first])
        assert [job.id for job in jobs.jobs_in_state(connection, "waiting")] == [third, first, second]
        nexts = jobs.next_waiting(connection), jobs.next_waiting(connection, ["count"])
        jobs.set_state(connection, third, "running")
        jobs.set_state(connection, first, "finished")
        fourth = jobs.insert_job(connection, "score", "", "{}")
        assert [job.id for job in jobs.all_jobs(connection)] == [third, second, fourth, first]
    assert [job.id for job in nexts if job] == [third, second]


def test_a_job_remembers_when_it_first_started_and_when_it_ended(database: Database) -> None:
    before = datetime.now(UTC)
    with database.write() as connection:
        id = jobs.insert_job(connection, "score", "Score", '{"seed": 1}', detail="tiny", person="Ada")
        jobs.set_state(connection, id, "running")
        first = jobs.get_job(connection, id)
        jobs.set_progress(connection, id, 3, 10, "candidates", rate=2.0, seconds_left=3.5)
        jobs.set_state(connection, id, "failed", detail="out of memory")
        failed = jobs.get_job(connection, id)
        jobs.set_state(connection, id, "running")
        again = jobs.get_job(connection, id)
    assert first
    assert failed
    assert again
    assert (first.spec, first.detail, first.ended) == ('{"seed": 1}', "tiny", None)
    assert first.started
    assert before <= first.started <= datetime.now(UTC)
    assert (failed.done, failed.total, failed.rate, failed.detail) == (3, 10, None, "out of memory")
    assert failed.ended
    assert failed.ended >= first.started
    assert (again.started, again.ended) == (first.started, None)


def test_jobs_that_ran_when_their_process_died_are_interrupted(database: Database) -> None:
    with database.write() as connection:
        ids = [jobs.insert_job(connection, "score", "", "{}") for _ in range(4)]
        for id, state in zip(ids, ("running", "paused", "waiting", "finished"), strict=True):
            jobs.set_state(connection, id, state)
        assert jobs.mark_interrupted(connection) == ids[:2]
        assert [jobs.get_job(connection, id).state for id in ids] == [  # type: ignore[union-attr]
            "interrupted", "interrupted", "waiting", "finished"]


def test_a_deleted_job_takes_its_log_and_points_along(database: Database) -> None:
    with database.write() as connection:
        id, other = (jobs.insert_job(connection, "train", "", "{}") for _ in range(2))
        for job in (id, other):
            jobs.append_log(connection, job, "info", "started")
            jobs.append_log(connection, job, "warning", "slow")
            jobs.add_metric(connection, job, "loss", 1, 0.5)
            jobs.add_metric(connection, job, "loss", 1, 0.25)
            jobs.add_artifact(connection, job, "artifacts/x", "checkpoint", "ab")
            jobs.set_summary(connection, job, {"chosen": [1, 2]})
            jobs.set_facts(connection, job, {"torch": "2.13"})
        assert [(line.level, line.message) for line in jobs.log_lines(connection, id)] == [
            ("info", "started"), ("warning", "slow")]
        assert jobs.metric(connection, id, "loss") == [(1, 0.25)]
        assert jobs.artifacts(connection, id)[0].role == "checkpoint"
        jobs.delete_job(connection, id)
        assert jobs.get_job(connection, id) is None
        assert jobs.log_lines(connection, id) == jobs.metric(connection, id, "loss") == []
        kept = jobs.get_job(connection, other)
        assert kept
        assert (kept.summary, kept.facts) == ({"chosen": [1, 2]}, {"torch": "2.13"})
        assert len(jobs.log_lines(connection, other)) == 2
