"""A job that several processes do together, one for each device: the job's own process starts and leads the others.

They are told of each other as torchrun and ``accelerate launch`` do it, so that a job started by those is the same.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread

from workbench.errors import Cancelled
from workbench.jobs.events import Event, Failed
from workbench.jobs.failures import from_exit
from workbench.jobs.kind import JobSpec
from workbench.jobs.kinds import kind_of
from workbench.jobs.supervisor import child_command, child_environment
from workbench.jobs.wire import decode_event, encode_order
from workbench.models import processes
from workbench.models.threads import thread_count

FOLLOW = "--follow"                  # the argument of a process that another one leads
LAST_WORDS = 0.5                     # seconds in which a process that was lost is seen to have ended


@contextmanager
def together(spec: JobSpec, say: Callable[[Event], None]) -> Iterator[None]:
    """Around a job: with the other processes that it is to have, started here if nobody else has started them."""
    wanted = kind_of(spec).processes(spec)
    team = Team(spec, wanted, say) if wanted > 1 and processes.count() == 1 else None
    try:
        processes.join(spec.model.device)
        yield
        processes.leave()
    except BaseException as error:
        if team is not None and not isinstance(error, Cancelled):
            team.blame()             # perhaps another process was lost, and ours only noticed
        raise
    finally:
        if team is not None:
            team.end()


class Team:
    """The processes beside this one. When one of them fails or is lost, this one says why and ends: it would wait for
    an answer that does not come. They end when this one does."""

    def __init__(self, spec: JobSpec, size: int, say: Callable[[Event], None]) -> None:
        self._say, self._lock, self._ended = say, Lock(), False
        os.environ.update(processes.meet(size))
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, thread_count() // size)))
        command = [*child_command(stay=True), FOLLOW, "--nice", "0"]
        order = encode_order(spec=spec)
        self._others = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         env={**child_environment(), "RANK": str(rank), "LOCAL_RANK": str(rank)})
                        for rank in range(1, size)]
        for other in self._others:
            assert other.stdin
            other.stdin.write(order)
            other.stdin.flush()
            Thread(target=self._listen, args=(other,), name="team", daemon=True).start()

    def end(self) -> None:
        with self._lock:
            self._ended = True
        for other in self._others:
            other.kill()

    def blame(self) -> None:
        """End with the reason why one of them was lost, if one was."""
        for other in self._others:
            try:
                self._fail(from_exit(other.wait(LAST_WORDS), ""))
            except subprocess.TimeoutExpired:
                continue

    def _listen(self, other: subprocess.Popen[bytes]) -> None:
        """They find what we find; only what went wrong there is of interest."""
        assert other.stdout
        for line in other.stdout:
            event = decode_event(line)
            if isinstance(event, Failed):
                self._fail(event)
        self._fail(from_exit(other.wait(), ""))

    def _fail(self, failed: Failed) -> None:
        with self._lock:
            if not self._ended:
                self._ended = True
                self._say(failed)
                os._exit(1)
