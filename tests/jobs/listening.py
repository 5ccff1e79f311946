"""A listener that a test can wait on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Condition
from typing import TypeVar

from workbench.jobs.events import Event, Failed, Finished, Stopped
from workbench.jobs.result import Result

PATIENCE = 60.0
ResultT = TypeVar("ResultT", bound=Result)


class Heard:
    """All events in order; ``until`` waits for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._arrival = Condition()

    def __call__(self, event: Event) -> None:
        with self._arrival:
            self.events.append(event)
            self._arrival.notify_all()

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        with self._arrival:
            assert self._arrival.wait_for(lambda: any(map(wanted, self.events)), PATIENCE), self.events
            return next(event for event in self.events if wanted(event))

    def last(self) -> Event:
        return self.until(lambda event: isinstance(event, Finished | Failed | Stopped))

    def quiet(self, seconds: float) -> None:
        """Wait until nothing has come for so long."""
        with self._arrival:
            before = -1
            while len(self.events) > before:
                before = len(self.events)
                self._arrival.wait_for(lambda before=before: len(self.events) > before, seconds)

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


def result_of(events: Sequence[Event], kind: type[ResultT]) -> ResultT:
    """What a job has found that has said these events."""
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert isinstance(finished.result, kind)
    return finished.result
