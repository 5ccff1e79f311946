"""The queue over real children. Most jobs count tokens: that needs no weights, so that the children start fast."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.random_model import write_random_model
from tests.jobs.workplace import Workplace
from workbench.alignment.harness_options import HarnessOptions
from workbench.alignment.options import AlignmentOptions
from workbench.domain import Backend, CandidateScore, Changes, JobState, Kind, ModelRef, Server
from workbench.errors import JobError, ProjectError
from workbench.jobs.events import Counted, Event, Failed, Finished, Scored, StateChanged, Stopped
from workbench.jobs.kind import JobSpec
from workbench.jobs.kinds.align import AlignSpec
from workbench.jobs.kinds.count import CountResult
from workbench.jobs.kinds.evaluate import EvaluateSpec
from workbench.jobs.wire import encode_spec
from workbench.services.project import Project
from workbench.services.trust import trust
from workbench_db import jobs as stored


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    return write_random_model(tmp_path_factory.mktemp("models") / "random")


@pytest.fixture
def place(tmp_path: Path, model: ModelRef) -> Iterator[Workplace]:
    place = Workplace.make(tmp_path / "project", model)
    yield place
    place.project.close()


def counting(event: Event) -> bool:
    return isinstance(event, Counted)


def test_a_job_waits_runs_and_finishes_and_each_step_is_told(place: Workplace) -> None:
    job = place.submit(place.count_spec())
    assert place.ended(job) == Finished(CountResult(2))
    states = [event.state for event in place.events(job) if isinstance(event, StateChanged)]
    assert states == [JobState.WAITING, JobState.RUNNING]
    info = place.info(job)
    assert (info.state, info.done, info.total, info.unit) == (JobState.FINISHED, 2, 2, "texts")
    assert info.title == "Count the tokens of 2 texts"
    assert info.started
    assert info.ended


def test_listeners_hear_after_the_writing_and_no_more_after_leaving(place: Workplace) -> None:
    states: list[tuple[str, JobState]] = []

    def listen(job_id: int, event: Event, changes: Changes) -> None:
        assert changes.concerns(Kind.JOB, job_id) or isinstance(event, Counted)
        states.append((event.kind, place.project.jobs.get(job_id).state))

    leave = place.run(lambda: place.project.jobs.listen(listen))
    place.ended(place.submit(place.count_spec()))
    place.run(leave)
    assert ("finished", JobState.FINISHED) in states
    heard = len(states)
    place.ended(place.submit(place.count_spec()))
    assert len(states) == heard


def test_a_listener_that_fails_does_not_stop_the_others(place: Workplace, caplog: pytest.LogCaptureFixture) -> None:
    def broken(job_id: int, event: Event, changes: Changes) -> None:
        raise ZeroDivisionError

    leave = place.run(lambda: place.project.jobs.listen(broken))
    assert isinstance(place.ended(place.submit(place.count_spec())), Finished)
    place.run(leave)
    assert "a listener failed" in caplog.text


def test_short_jobs_run_one_after_the_other_in_the_same_warm_process(place: Workplace) -> None:
    jobs = [place.submit(place.count_spec(texts)) for texts in (3, 4, 5)]
    for job, texts in zip(jobs, (3, 4, 5), strict=True):
        assert place.ended(job) == Finished(CountResult(texts))
    order = [id for id, event, _ in place.heard if isinstance(event, Finished)]
    assert order == jobs
    warm = place.project.jobs._warm.pid
    place.ended(place.submit(place.count_spec()))
    assert place.project.jobs._warm.pid == warm is not None


def test_a_process_in_which_something_went_wrong_is_not_used_again(place: Workplace, tmp_path: Path) -> None:
    place.ended(place.submit(place.count_spec()))
    warm = place.project.jobs._warm.pid
    place.ended(place.submit(replace(place.count_spec(), model=ModelRef("gone", str(tmp_path / "gone")))))
    assert place.project.jobs._warm.pid is None
    assert isinstance(place.ended(place.submit(place.count_spec())), Finished)
    assert place.project.jobs._warm.pid != warm


def test_a_running_job_is_cancelled_and_the_next_one_starts(place: Workplace) -> None:
    long, short = place.submit(place.long_spec()), place.submit(place.count_spec())
    place.until(long, counting)
    place.run(lambda: place.project.jobs.cancel(long))
    assert place.ended(long) == Stopped()
    assert place.info(long).state is JobState.STOPPED
    assert isinstance(place.ended(short), Finished)


def test_a_waiting_job_is_cancelled_without_ever_starting(place: Workplace) -> None:
    long, waiting = place.submit(place.long_spec()), place.submit(place.count_spec())
    place.run(lambda: place.project.jobs.cancel(waiting))
    place.run(lambda: place.project.jobs.cancel(long))
    place.ended(long)
    assert place.info(waiting).state is JobState.STOPPED
    assert place.info(waiting).started is None


def test_pause_and_resume_show_in_the_state_and_lose_nothing(place: Workplace) -> None:
    job = place.submit(place.count_spec(3_000, 50))
    place.until(job, counting)
    place.run(lambda: place.project.jobs.pause(job))
    assert place.info(job).state is JobState.PAUSED

    def resume() -> JobState:
        place.project.jobs.resume(job)
        return place.project.jobs.get(job).state         # nothing can end it before: both stand on the lane

    assert place.run(resume) is JobState.RUNNING
    place.ended(job)
    counted = [id for event in place.events(job) if isinstance(event, Counted) for id, _ in event.counts]
    assert counted == list(range(1, 3_001))


def test_waiting_jobs_run_in_the_order_they_are_given(place: Workplace) -> None:
    first = place.submit(place.long_spec())
    jobs = [place.submit(place.count_spec()) for _ in range(3)]
    wanted = [jobs[2], jobs[0], jobs[1]]
    changes = place.run(lambda: place.project.jobs.reorder(wanted))
    assert changes.concerns(Kind.JOB, jobs[0])
    assert [info.id for info in place.run(place.project.jobs.all)] == [first, *wanted]
    place.run(lambda: place.project.jobs.cancel(first))
    for job in jobs:
        place.ended(job)
    assert [id for id, event, _ in place.heard if isinstance(event, Finished)] == wanted


@pytest.mark.parametrize(("deadly", "said"), [(signal.SIGKILL, "was killed"), (signal.SIGSEGV, "crashed in native")])
def test_a_child_that_dies_fails_its_job_with_words_and_the_queue_goes_on(
    place: Workplace, deadly: signal.Signals, said: str
) -> None:
    job = place.submit(place.long_spec())
    place.until(job, counting)
    os.kill(place.project.jobs._hosts[job].pid, deadly)
    failed = place.ended(job)
    assert isinstance(failed, Failed)
    assert said in place.info(job).detail
    assert any(said in line.message for line in place.run(lambda: place.project.jobs.log(job)))
    assert isinstance(place.ended(place.submit(place.count_spec())), Finished)


def test_a_known_error_is_the_jobs_detail(place: Workplace, tmp_path: Path) -> None:
    spec = replace(place.count_spec(), model=ModelRef("gone", str(tmp_path / "gone")))
    job = place.submit(spec)
    failed = place.ended(job)
    assert isinstance(failed, Failed)
    assert failed.known
    assert place.info(job).detail == failed.message


def test_a_job_of_an_older_program_that_cannot_be_read_fails_and_does_not_block(place: Workplace) -> None:
    def insert() -> int:
        with place.project.database.write() as connection:
            return stored.insert_job(connection, "count", "old", '{"kind": "count", "words": []}')

    old = place.run(insert)
    new = place.submit(place.count_spec())
    assert isinstance(place.ended(new), Finished)
    assert place.info(old).state is JobState.FAILED
    assert "not valid" in place.info(old).detail


def test_what_makes_no_sense_is_refused(place: Workplace) -> None:
    job = place.submit(place.count_spec())
    place.ended(job)
    for act in (place.project.jobs.pause, place.project.jobs.resume):
        with pytest.raises(JobError, match="is finished, so it cannot be"):
            place.run(lambda act=act: act(job))
    with pytest.raises(JobError, match="no job 99"):
        place.run(lambda: place.project.jobs.cancel(99))
    running = place.submit(place.long_spec())
    with pytest.raises(JobError, match="is running, so it cannot be removed"):
        place.run(lambda: place.project.jobs.remove(running))
    place.run(lambda: place.project.jobs.cancel(running))
    place.ended(running)


@pytest.mark.parametrize("options", [HarnessOptions(("humaneval",), allow_code=True),
                                     HarnessOptions(("own",), folders=("artifacts/tasks",))])
def test_a_job_that_may_run_code_is_not_started_by_opening_a_project(place: Workplace, options: HarnessOptions) -> None:
    def left_behind() -> int:
        spec = encode_spec(EvaluateSpec(place.model, options))
        with place.project.database.write() as connection:
            job_id = stored.insert_job(connection, "evaluate", "Somebody's tasks", spec)
        place.project.jobs.start_waiting()
        return job_id

    info = place.info(place.run(left_behind))
    assert info.state is JobState.INTERRUPTED
    assert "resume it if you trust" in info.detail
    counted = place.submit(place.count_spec())           # and the queue goes on
    assert place.ended(counted) == Finished(CountResult(2))
    assert place.info(info.id).state is JobState.INTERRUPTED


def test_what_waits_in_a_project_from_elsewhere_does_not_start_by_opening_it(place: Workplace, tmp_path: Path) -> None:
    """A copied folder stands for one from another machine: nobody has said yet that it is trusted."""
    def leave(spec: JobSpec) -> int:
        with place.project.database.write() as connection:
            return stored.insert_job(connection, spec.kind, "Left behind", encode_spec(spec))

    served = ModelRef("served", "http://127.0.0.1:9#m", Backend.OPENAI, server=Server("m"))
    ours, calling = place.run(lambda: leave(place.count_spec())), place.run(
        lambda: leave(replace(place.count_spec(), model=served)))
    place.project.close()
    copy = shutil.copytree(place.project.folder, tmp_path / "from-a-stranger")
    with closing(Project.open(copy)) as project:
        assert not project.trusted
        project.lane.run(project.jobs.start_waiting)
        found = {job: project.lane.run(lambda job=job: project.jobs.get(job)) for job in (ours, calling)}
        assert {info.state for info in found.values()} == {JobState.INTERRUPTED}
        assert "resume it if you want it" in found[ours].detail
        assert "calls a server" in found[calling].detail
        project.lane.run(lambda: project.jobs.resume(ours))
        assert project.lane.run(lambda: project.jobs.get(ours)).state is JobState.RUNNING
    trust(copy)
    with closing(Project.open(copy)) as project:
        assert project.trusted


def test_a_jobs_folder_is_always_among_its_projects_artifacts(place: Workplace) -> None:
    project, training = place.project, AlignmentOptions()
    artifacts = project.folder / "artifacts"

    def folder(where: str) -> str:
        spec = AlignSpec(place.model, place.model, (), (), where, training)
        with project.database.write() as connection:
            job_id = stored.insert_job(connection, "align", "Train", encode_spec(spec))
        found = project.jobs.spec(job_id)
        assert isinstance(found, AlignSpec)
        return found.folder

    def check() -> None:
        assert folder(str(artifacts / "align-1")) == str(artifacts / "align-1")
        for elsewhere in ("/home/ada/old/artifacts/align-1", r"C:\projects\old\artifacts\align-1", "/x/../align-1"):
            assert folder(elsewhere) == str(artifacts / "align-1")
        for nowhere in ("/", "..", "/home/ada/.."):
            with pytest.raises(JobError, match="not a folder"):
                folder(nowhere)

    place.run(check)


def test_a_removed_job_is_gone_with_its_log(place: Workplace) -> None:
    job = place.submit(place.count_spec())
    place.ended(job)
    changes = place.run(lambda: place.project.jobs.remove(job))
    assert changes.concerns(Kind.JOB, job)
    assert place.run(place.project.jobs.all) == []
    assert place.heard[-1][1] == StateChanged(None)


def test_a_project_that_is_closed_leaves_its_job_interrupted_and_it_can_be_resumed(
    place: Workplace, model: ModelRef, tmp_path: Path
) -> None:
    job = place.submit(place.long_spec())
    waiting = place.submit(place.count_spec())
    place.until(job, counting)
    host = place.project.jobs._hosts[job]
    place.project.close()
    assert not host.alive
    place.project = Project.open(tmp_path / "project")
    again = Workplace.around(place.project, model)
    assert again.info(job).state is JobState.INTERRUPTED
    assert again.info(waiting).state is JobState.WAITING
    again.run(lambda: again.project.jobs.resume(job))
    again.until(job, counting)
    again.run(lambda: again.project.jobs.cancel(job))
    again.ended(job)


def test_results_that_cannot_be_written_end_the_job_with_the_reason(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job = place.submit(place.long_spec())
    place.until(job, counting)
    host = place.project.jobs._hosts[job]
    score = Scored(CandidateScore(1, ()))

    def full(*_: object) -> None:
        raise ProjectError("The disk is full.", remedy="Free some space.")

    with monkeypatch.context() as patch:
        patch.setattr("workbench_db.scores.insert_scores", full)
        place.project.jobs._hear(job, score)
        failed = place.ended(job)
    assert failed == Failed("The disk is full. Free some space.", known=True)
    assert not host.alive
    assert place.info(job).state is JobState.FAILED
    assert isinstance(place.ended(place.submit(place.count_spec())), Finished)
    assert "results could not be written" in caplog.text


def test_a_project_that_is_open_read_only_takes_no_jobs(place: Workplace, tmp_path: Path) -> None:
    reader = Project.open(tmp_path / "project", read_only=True)
    try:
        with pytest.raises(ProjectError, match="read-only"):
            reader.lane.run(lambda: reader.jobs.submit(place.count_spec()))
    finally:
        reader.close()
