"""Watching over a job's child: starts it, hears its events, ends it in time, and says what happened when it dies."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread, Timer

import workbench
from workbench.domain import ModelRef
from workbench.jobs.events import Alive, Event, Failed, Finished, Stopped
from workbench.jobs.failures import from_exit
from workbench.jobs.kind import JobSpec
from workbench.jobs.wire import Word, decode_event, encode_order

CANCEL_SECONDS = 0.6                 # how long a job may take to stop by itself, before its process is killed
STDERR_LINES = 200

Listener = Callable[[Event], None]


def child_command(stay: bool) -> list[str]:
    """How the child is started; the packaged program starts itself."""
    program = [sys.executable, "_job"] if getattr(sys, "frozen", False) else [sys.executable, "-m", "workbench.jobs"]
    return [*program, "--stay"] if stay else program


class Host:
    """One child process that runs jobs one after the other; a job's last event is Finished, Failed or Stopped.

    With ``stay`` it waits for another job after the first, the model still loaded, until it is closed.
    Listeners are called on the host's reading thread. All methods may be called from any thread and return at once.
    """

    def __init__(self, stay: bool = False) -> None:
        self._lock = Lock()
        self._listener: Listener | None = None
        self._cancelling: Timer | None = None
        self._orders: SimpleQueue[bytes | None] = SimpleQueue()
        self._errors: deque[str] = deque(maxlen=STDERR_LINES)
        self._heard = time.monotonic()
        self.stays = stay
        self.memory = 0                              # bytes resident, as last heard
        self.model: ModelRef | None = None           # of the last job
        self._process = subprocess.Popen(
            child_command(stay), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=child_environment(),
            start_new_session=os.name == "posix",    # Ctrl+C in a terminal is for the parent alone
        )
        self._stderr_reader = self._thread("job-stderr", self._read_stderr)
        self._reader = self._thread("job-events", self._read_events)
        self._thread("job-orders", self._write_orders)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def busy(self) -> bool:
        with self._lock:
            return self._listener is not None

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def silent_seconds(self) -> float:
        """Since the child was last heard; it gives a sign of life every two seconds."""
        return time.monotonic() - self._heard

    def run(self, spec: JobSpec, listener: Listener) -> None:
        """Start a job; ``listener`` hears all its events. One at a time."""
        with self._lock:
            if self._listener is not None:
                raise RuntimeError("this host runs a job already")
            self._listener = listener
        self.model = spec.model
        self._orders.put(encode_order(spec=spec))

    def pause(self) -> None:
        self._say("pause")

    def resume(self) -> None:
        self._say("resume")

    def cancel(self) -> None:
        """Ask the job to stop; kill its process if it has not within CANCEL_SECONDS. Its last event is Stopped."""
        with self._lock:
            if self._listener is None or self._cancelling is not None:
                return
            timer = self._cancelling = Timer(CANCEL_SECONDS, lambda: self._kill_if_cancelling(timer))
            timer.daemon = True
            timer.start()
        self._say("cancel")

    def _kill_if_cancelling(self, timer: Timer) -> None:
        """The job may have stopped, and another begun, while the timer went off."""
        with self._lock:
            late = self._cancelling is timer
        if late:
            self.kill()

    def kill(self) -> None:
        """End the process now, with all that it started. The job hears Stopped if it was cancelled, else Failed."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def close(self) -> None:
        """Kill the child and wait until its last event has been delivered. Not to be called from a listener."""
        self.kill()
        self._reader.join()

    def wait(self) -> None:
        """Until the child has ended and all its events were delivered."""
        self._reader.join()

    def _say(self, word: Word) -> None:
        self._orders.put(encode_order(word=word))

    def _thread(self, name: str, target: Callable[[], None]) -> Thread:
        thread = Thread(target=target, name=name, daemon=True)
        thread.start()
        return thread

    def _write_orders(self) -> None:
        """On a thread of its own: a large specification fills the pipe until the child has started to read."""
        assert self._process.stdin
        with contextlib.suppress(OSError):           # the child is gone: _read_events says so
            while (order := self._orders.get()) is not None:
                self._process.stdin.write(order)
                self._process.stdin.flush()
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _read_events(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._heard = time.monotonic()
            try:
                event = decode_event(line)
            except ValueError as error:
                self._errors.append(f"unreadable event ({error}): {line[:200]!r}")
                self.kill()
                break
            if isinstance(event, Alive):
                self.memory = event.memory
            elif isinstance(event, Finished | Failed | Stopped):
                self._end(event)
            else:
                self._tell(event)
        self._process.stdout.close()
        code = self._process.wait()
        self._stderr_reader.join()
        self._orders.put(None)
        self._end(from_exit(code, "".join(self._errors)))

    def _read_stderr(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self._errors.append(line.decode("utf-8", "replace"))
        self._process.stderr.close()

    def _tell(self, event: Event) -> None:
        with self._lock:
            listener = self._listener
        if listener is not None:
            listener(event)

    def _end(self, event: Event) -> None:
        """Deliver a job's last event, once. A process that was killed for being slow to stop has stopped."""
        with self._lock:
            listener, self._listener = self._listener, None
            cancelling, self._cancelling = self._cancelling, None
        if cancelling is not None:
            cancelling.cancel()
            if isinstance(event, Failed):
                event = Stopped()
        if listener is not None:
            listener(event)


def child_environment() -> dict[str, str]:
    """Ours; and the child imports the same program as we do, and nothing from the folder it is started in. GPUs have
    the numbers that the driver's program gives them, unless a person has said otherwise: CUDA's own put the fastest
    first. And float32 products are of float32, where libraries would choose TF32."""
    package_root = str(Path(workbench.__file__).parents[1])
    path = os.pathsep.join(filter(None, (package_root, os.environ.get("PYTHONPATH"))))
    ours = {"PYTHONPATH": path, "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"}
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "NVIDIA_TF32_OVERRIDE": "0", **os.environ, **ours}
