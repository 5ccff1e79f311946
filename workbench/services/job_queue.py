"""Jobs: the queue, what runs, and the writing of results as they arrive."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Condition, Thread
from typing import TYPE_CHECKING

from workbench.domain import Changes, JobState, Kind
from workbench.errors import JobError, WorkbenchError
from workbench.jobs.events import Event, Failed, Finished, Progress, StateChanged, Stopped
from workbench.jobs.failures import from_exception
from workbench.jobs.kind import JobSpec
from workbench.jobs.kinds import KINDS, kind_of
from workbench.jobs.kinds.judge import JudgeSpec
from workbench.jobs.result import Result
from workbench.jobs.supervisor import Host
from workbench.jobs.wire import encode_spec
from workbench.services.decoded_jobs import DecodedJobs
from workbench.services.job_results import store
from workbench.services.job_resume import continued
from workbench.services.warm_host import WarmHost
from workbench_db import jobs

if TYPE_CHECKING:
    from workbench.services.project import Project

# one job of each runs at a time: a click is answered while a search runs
SLOTS = tuple(tuple(kind.name for kind in KINDS.values() if kind.short is short) for short in (False, True))
BATCH_SECONDS = 0.1                  # events are written together, at most ten transactions a second
KEPT_SCORES = "artifacts/scores"     # in the project's folder; may be deleted at any time
UNASKED = "It may run code, so it waits for somebody to say so: resume it if you trust where it comes from."
UNTRUSTED = ("This project was not made here (it came from elsewhere, or was copied), so what it left waiting does not "
             "start by itself: resume it if you want it.")
UNTRUSTED_SERVER = ("This project was not made here (it came from elsewhere, or was copied), and this job calls a "
                    "server or downloads: resume it if you trust where it comes from.")
SILENT_SECONDS = 30.0                # without a sign of life the job's line says so

Listener = Callable[[int, Event, Changes], None]


@dataclass(frozen=True, slots=True)
class JobInfo:
    id: int
    kind: str
    title: str                       # "Rank 212 candidates"
    detail: str                      # "Greedy search, round 4 of 8, base-7b", or the reason of a failure
    state: JobState
    done: int
    total: int
    unit: str
    rate: float | None
    seconds_left: float | None
    started: datetime | None
    ended: datetime | None
    result: Result | None            # None until it has finished


@dataclass(frozen=True, slots=True)
class LogLine:
    when: datetime
    level: str                       # info | good | warning | error
    message: str


class JobQueue:
    """``project.jobs``: one long job runs at a time, and one short one beside it; the others wait in order.

    Everything here runs on the database lane. The children's threads leave their events in a box; a postman has them
    written on the lane, and then the listeners are called there with the job's id, the event, and what changed.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._hosts: dict[int, Host] = {}            # of the jobs that run or are paused
        self._kinds: dict[int, str] = {}             # of all that this queue has started
        self._wanted: set[int] = set()               # what was submitted or resumed here, not by an earlier program
        self._decoded = DecodedJobs(project.folder / "artifacts")
        self._warm = WarmHost(project.lane)
        self._listeners: list[Listener] = []
        self._box: deque[tuple[int, Event]] = deque()
        self._arrival = Condition()
        self._closed = False
        self._postman: Thread | None = None

    def all(self) -> list[JobInfo]:
        """Running first, then waiting in their order, then the ended ones, newest first."""
        with self._project.database.read() as connection:
            return [self._info(job) for job in jobs.all_jobs(connection)]

    def get(self, job_id: int) -> JobInfo:
        """Raises JobError when there is no such job."""
        return self._info(self._stored(job_id))

    def spec(self, job_id: int) -> JobSpec:
        """What a job was told to do."""
        return self._decoded.spec(self._stored(job_id))

    def log(self, job_id: int) -> list[LogLine]:
        with self._project.database.read() as connection:
            return [LogLine(line.when, line.level, line.message) for line in jobs.log_lines(connection, job_id)]

    def submit(self, spec: JobSpec, title: str = "", *, after: int | None = None) -> int:
        """Put a job at the end of the queue; it starts when it is its turn, and job ``after`` has finished. Returns
        its id."""
        kind = kind_of(spec)
        detail = kind.detail(spec)
        if after is not None:
            detail += f", once “{self.get(after).title}” is done"
        with self._project.database.write() as connection:
            job_id = jobs.insert_job(connection, spec.kind, title or kind.title(spec), encode_spec(spec),
                                     detail=detail, person=self._project.person, after=after)
        self._wanted.add(job_id)
        self._changed(job_id, JobState.WAITING)
        self.start_waiting()
        return job_id

    def followers(self, job_id: int) -> list[int]:
        """The jobs that wait for this one to finish."""
        with self._project.database.read() as connection:
            return jobs.followers(connection, job_id)

    def pause(self, job_id: int) -> None:
        """It stops at the next step. Raises JobError when the job does not run."""
        self._expect(job_id, "paused", lambda state: state is JobState.RUNNING)
        self._hosts[job_id].pause()
        self._set_state(job_id, JobState.PAUSED)

    def resume(self, job_id: int) -> None:
        """Go on with a paused, failed, stopped or interrupted job; what was finished is not done again."""
        self._expect(job_id, "resumed", lambda state: state.resumable)
        host = self._hosts.get(job_id)
        if host is not None:
            host.resume()
            self._set_state(job_id, JobState.RUNNING)
            return
        with self._project.database.write() as connection:
            jobs.move_to_end(connection, job_id)
        self._wanted.add(job_id)
        self._set_state(job_id, JobState.WAITING, detail="")
        self.start_waiting()

    def cancel(self, job_id: int) -> None:
        """End it within a second; what was finished is kept. A job that has ended stays as it is."""
        host = self._hosts.get(job_id)
        if host is not None:
            host.cancel()                            # its last event sets the state
        elif self._stored(job_id).state == JobState.WAITING:
            self._set_state(job_id, JobState.STOPPED, detail="Cancelled before it started.")

    def reorder(self, job_ids: Sequence[int]) -> Changes:
        """The waiting jobs in a new order."""
        with self._project.database.write() as connection:
            jobs.reorder(connection, job_ids)
        for job_id in job_ids:
            self._changed(job_id, JobState.WAITING)
        return Changes.of(Kind.JOB, job_ids)

    def remove(self, job_id: int) -> Changes:
        """Forget an ended job and its results; what waits for it is stopped. Raises JobError while it runs."""
        self._expect(job_id, "removed", lambda state: not state.live)
        for follower in self.followers(job_id):
            self._set_state(follower, JobState.STOPPED, detail="The job that it waited for was removed.")
        with self._project.database.write() as connection:
            jobs.delete_job(connection, job_id)
        changes = Changes({kind: frozenset({job_id}) for kind in (Kind.JOB, Kind.SCORE, Kind.SEARCH)})
        self._tell(job_id, StateChanged(None), changes)
        return changes

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Register a listener; returns the function that takes it away again."""
        self._listeners.append(listener)
        return partial(self._unlisten, listener)

    def close(self) -> None:
        """End the children; what runs is left as interrupted and can be resumed. On the lane, before it closes."""
        with self._arrival:
            self._closed = True
            self._arrival.notify_all()
        self._warm.close()
        for host in self._hosts.values():
            host.close()
        box, left = list(self._box), set(self._hosts)
        self._box.clear()
        if not left:
            return
        with self._project.database.write() as connection:
            for job_id, event in box:
                if not isinstance(event, Failed):    # that is us, ending the child
                    store(connection, job_id, self._kinds[job_id], event)
            jobs.mark_interrupted(connection)
        self._hosts.clear()

    # — what runs —

    def start_waiting(self) -> None:
        """Start what has its turn; also in a queue that an earlier program has left."""
        for kinds in SLOTS:
            while not self._closed and not any(self._kinds[id] in kinds for id in self._hosts):
                with self._project.database.read() as connection:
                    job = jobs.next_waiting(connection, kinds)
                if job is None:
                    break
                self._start(job)

    def _start(self, job: jobs.StoredJob) -> None:
        self._kinds[job.id] = job.kind
        try:
            spec = self.spec(job.id)                 # fails for a job of an older program
            if job.id not in self._wanted and (held := self._held(spec)):
                self._set_state(job.id, JobState.INTERRUPTED, detail=held)
                return
            planned = isinstance(spec, JudgeSpec) and spec.plan is not None
            spec = self._project.judging.filled(spec) if isinstance(spec, JudgeSpec) else spec
            with self._project.database.write() as connection:
                if planned:
                    jobs.set_spec(connection, job.id, kind_of(spec).title(spec), encode_spec(spec))
                spec = continued(connection, job.id, spec, str(self._project.folder / KEPT_SCORES))
            host = self._hosts[job.id] = self._host(spec)
        except (WorkbenchError, OSError) as error:
            failed = Failed(f"The job could not be started: {error}", known=True)
            with self._project.database.write() as connection:
                changes = store(connection, job.id, job.kind, failed)
            self._tell(job.id, failed, changes)
            return
        self._start_postman()
        self._set_state(job.id, JobState.RUNNING, detail=kind_of(spec).detail(spec))
        host.run(spec, partial(self._hear, job.id))

    def _held(self, spec: JobSpec) -> str:
        """Why a job that nobody has asked for since the project was opened does not start by itself; "" if it may."""
        kind = kind_of(spec)
        if kind.runs_code(spec):
            return UNASKED
        if self._project.trusted:
            return ""
        return UNTRUSTED_SERVER if kind.calls_out(spec) else UNTRUSTED

    def _host(self, spec: JobSpec) -> Host:
        kind = kind_of(spec)
        if kind.processes(spec) > 1:                 # its devices are to be free, and its process does no other job
            self._warm.drop()
            return Host()
        warm = self._warm.take(spec.model, any_model=kind.short)
        return warm or Host(stay=kind.warm)

    def _release(self, job_id: int, event: Event) -> None:
        """A job has ended. A process in which something went wrong is not used again."""
        host = self._hosts.pop(job_id)
        if not host.stays:
            return
        if isinstance(event, Failed):
            host.kill()
        else:
            self._warm.keep(host)

    # — events on their way from the children to the database and the listeners —

    def _hear(self, job_id: int, event: Event) -> None:
        """On a child's reading thread."""
        with self._arrival:
            self._box.append((job_id, event))
            self._arrival.notify_all()

    def _start_postman(self) -> None:
        if self._postman is None:
            self._postman = Thread(target=self._deliver, name="job-postman", daemon=True)
            self._postman.start()

    def _deliver(self) -> None:
        while True:
            with self._arrival:
                self._arrival.wait_for(lambda: self._closed or self._box)
                self._arrival.wait_for(lambda: self._closed or self._ending(), BATCH_SECONDS)
                if self._closed:
                    return
                delivered = self._project.lane.submit(self._drain)
            delivered.result()

    def _ending(self) -> bool:
        return any(isinstance(event, Finished | Failed | Stopped) for _, event in self._box)

    def _drain(self) -> None:
        """On the lane: one transaction for all that has come, then the listeners."""
        with self._arrival:
            batch = _without_stale_progress(self._box)
            self._box.clear()
        if self._closed or not batch:
            return
        try:
            with self._project.database.write() as connection:
                changes = [store(connection, job_id, self._kinds[job_id], event) for job_id, event in batch]
        except Exception as error:                   # a full disk, or a bug: what came is not kept, so nothing goes on
            self._give_up({job_id for job_id, _ in batch}, error)
            return
        for (job_id, event), changed in zip(batch, changes, strict=True):
            if isinstance(event, Finished | Failed | Stopped):
                self._release(job_id, event)
            self._tell(job_id, event, changed)
        if any(isinstance(event, Finished | Failed | Stopped) for _, event in batch):
            self.start_waiting()

    def _give_up(self, job_ids: set[int], error: Exception) -> None:
        """End the jobs whose results could not be written."""
        logging.getLogger(__name__).error("results could not be written", exc_info=error)
        failed = from_exception(error)
        for job_id in job_ids:
            host = self._hosts.pop(job_id, None)
            if host is not None:
                host.close()
            try:
                with self._project.database.write() as connection:
                    changes = store(connection, job_id, self._kinds[job_id], failed)
            except WorkbenchError:                   # the next opening of the project marks it as interrupted
                changes = Changes.of(Kind.JOB, [job_id])
            self._tell(job_id, failed, changes)
        with self._arrival:
            left = [(job_id, event) for job_id, event in self._box if job_id not in job_ids]
            self._box.clear()
            self._box.extend(left)

    def _tell(self, job_id: int, event: Event, changes: Changes) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(job_id, event, changes)
            except Exception:                        # one view's bug is not to stop the writing of results
                logging.getLogger(__name__).exception("a listener failed")

    def _unlisten(self, listener: Listener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)

    # — rows —

    def _changed(self, job_id: int, state: JobState) -> None:
        self._tell(job_id, StateChanged(state), Changes.of(Kind.JOB, [job_id]))

    def _set_state(self, job_id: int, state: JobState, detail: str | None = None) -> None:
        with self._project.database.write() as connection:
            jobs.set_state(connection, job_id, state, detail=detail)
        self._changed(job_id, state)

    def _stored(self, job_id: int) -> jobs.StoredJob:
        with self._project.database.read() as connection:
            job = jobs.get_job(connection, job_id)
        if job is None:
            raise JobError(f"There is no job {job_id} in this project.")
        return job

    def _expect(self, job_id: int, verb: str, fits: Callable[[JobState], bool]) -> None:
        state = JobState(self._stored(job_id).state)
        if not fits(state) or (state is JobState.RUNNING and job_id not in self._hosts):
            raise JobError(f"Job {job_id} is {state}, so it cannot be {verb}.", safe="Nothing was changed.")

    def _info(self, job: jobs.StoredJob) -> JobInfo:
        host = self._hosts.get(job.id)
        detail = job.detail
        if host is not None and job.state == JobState.RUNNING and host.silent_seconds > SILENT_SECONDS:
            detail = f"No sign of life for {host.silent_seconds:.0f} s. {detail}"
        return JobInfo(job.id, job.kind, job.title, detail, JobState(job.state), job.done, job.total, job.unit,
                       job.rate, job.seconds_left, job.started, job.ended, self._decoded.result(job))


def _without_stale_progress(box: deque[tuple[int, Event]]) -> list[tuple[int, Event]]:
    """Of each job only the newest Progress; everything else in its order."""
    newest = {job_id: event for job_id, event in box if isinstance(event, Progress)}
    return [(job_id, event) for job_id, event in box
            if not isinstance(event, Progress) or newest[job_id] is event]
