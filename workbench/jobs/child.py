"""The child: reads orders on standard input, runs jobs one after the other, says events on standard output."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
import time
from queue import SimpleQueue
from threading import Lock, Thread, Timer
from typing import BinaryIO

from workbench.errors import Cancelled, WorkbenchError
from workbench.jobs.control import Control
from workbench.jobs.events import Alive, Event, Stopped
from workbench.jobs.failures import from_exception
from workbench.jobs.kind import JobSpec
from workbench.jobs.kinds import run_job
from workbench.jobs.run import LoadedModel, Run
from workbench.jobs.team import together
from workbench.jobs.wire import encode_event, spec_from
from workbench.models import processes

ALIVE_SECONDS = 2.0
ORPHAN_SECONDS = 1.0                 # how long an orphan may take to come to a step boundary
ORPHANED = 3                         # exit code: the parent is gone


class Speaker:
    """Writes events on the real standard output. Everything that libraries print goes to standard error instead."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._lock = out, Lock()

    @classmethod
    def take_stdout(cls) -> Speaker:
        """Keep file descriptor 1 for events and point it at standard error for everybody else, native code too."""
        sys.stdout.flush()
        out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return cls(out)

    @classmethod
    def silent(cls) -> Speaker:
        """For a process that another one speaks for."""
        cls.take_stdout()
        return cls(open(os.devnull, "wb", buffering=0))

    def say(self, event: Event) -> None:
        line = memoryview(encode_event(event))
        with self._lock:
            try:
                while line:
                    line = line[self._out.write(line) :]
            except OSError:
                os._exit(ORPHANED)                   # nobody reads; what was not heard will be done again


class Child:
    """One process's worth of jobs. With ``stay`` it waits for another after the first, until its input ends."""

    def __init__(self, speaker: Speaker, *, stay: bool = False) -> None:
        self._speaker, self._stay = speaker, stay
        self._control = Control()
        self._models = LoadedModel()
        self._specs: SimpleQueue[object] = SimpleQueue()

    def serve(self, orders: BinaryIO) -> int:
        """Run what is ordered until no more comes. Returns the exit code."""
        Thread(target=self._read_orders, args=(orders,), name="orders", daemon=True).start()
        self._start_heartbeat()
        while True:
            content = self._specs.get()
            if content is None:
                return ORPHANED
            self._attempt(content)
            if not self._stay or (processes.count() > 1 and processes.rank() == 0):
                return 0                             # one that has led others does no other job

    def run_alone(self, spec: JobSpec) -> int:
        """One job without a parent (from a file): Ctrl+C and SIGTERM cancel it."""
        signal.signal(signal.SIGINT, lambda *_: self._control.cancel())
        signal.signal(signal.SIGTERM, lambda *_: self._control.cancel())
        return 0 if self._run(spec) else 1

    def _attempt(self, content: object) -> None:
        try:
            spec = spec_from(content)
        except WorkbenchError as error:
            self._speaker.say(from_exception(error))
            return
        self._run(spec)

    def _run(self, spec: JobSpec) -> bool:
        """Whether the job finished. Its last event is Finished, Failed or Stopped."""
        try:
            with together(spec, self._speaker.say):
                run_job(spec, Run(self._speaker.say, self._control, self._models))
        except Cancelled:
            self._speaker.say(Stopped())
        except Exception as error:
            self._speaker.say(from_exception(error))
        else:
            return True
        return False

    def _read_orders(self, orders: BinaryIO) -> None:
        for line in orders:
            order = json.loads(line)
            match order.get("word"):
                case "pause":
                    self._control.pause()
                case "resume":
                    self._control.resume()
                case "cancel":
                    self._control.cancel()
                case _:
                    self._control.reset()            # a late word was meant for the job before
                    self._specs.put(order.get("spec"))
        self._orphaned()

    def _orphaned(self) -> None:
        """The parent closed our input or died: stop at the next step, and soon in any case."""
        self._control.cancel()
        self._specs.put(None)
        last = Timer(ORPHAN_SECONDS, os._exit, (ORPHANED,))
        last.daemon = True
        last.start()

    def _start_heartbeat(self) -> None:
        Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def _beat(self) -> None:
        import psutil

        process = psutil.Process()
        while True:
            time.sleep(ALIVE_SECONDS)
            self._speaker.say(Alive(int(process.memory_info().rss)))


def prepare_process(nice: int) -> None:
    """Give way to the window, report native crashes on standard error, and never go to the network."""
    faulthandler.enable()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
    if nice and hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(nice)

