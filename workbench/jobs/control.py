"""What a person asks of a running job: pause, go on, stop. Heeded at step boundaries."""

from __future__ import annotations

from threading import Condition

from workbench.errors import Cancelled


class Control:
    """Set by the thread that reads the orders, looked at by the thread that works."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._paused = self._cancelled = False

    def pause(self) -> None:
        with self._condition:
            self._paused = True

    def resume(self) -> None:
        with self._condition:
            self._paused = False
            self._condition.notify_all()

    def cancel(self) -> None:
        with self._condition:
            self._cancelled = True
            self._condition.notify_all()

    def reset(self) -> None:
        """For the next job of the same process."""
        with self._condition:
            self._paused = self._cancelled = False

    def checkpoint(self) -> bool:
        """Wait while paused; True if there was a wait. Raises Cancelled."""
        with self._condition:
            waited = self._paused and not self._cancelled
            while self._paused and not self._cancelled:
                self._condition.wait()
            if self._cancelled:
                raise Cancelled
        return waited
