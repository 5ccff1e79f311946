"""A child that has just finished a job, kept with its model loaded: the next job need not load it again."""

from __future__ import annotations

from threading import Timer

from workbench.domain import ModelRef
from workbench.jobs.supervisor import Host
from workbench.services.lane import Lane

WARM_SECONDS = 120.0                 # then its memory is given back


class WarmHost:
    """At most one idle child. Everything here runs on the lane."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._host: Host | None = None
        self._cooling: Timer | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        return self._host.pid if self._host else None

    def take(self, model: ModelRef, *, any_model: bool) -> Host | None:
        """The idle child, if it lives and has this model loaded; with ``any_model`` it may have to load another one,
        which still is quicker than a new process. A child with the wrong model is ended: two may not fit in memory."""
        host = self._host
        if host is None or not host.alive or not (any_model or host.model == model):
            self.drop()
            return None
        self._stop_cooling()
        self._host = None
        return host

    def keep(self, host: Host) -> None:
        """Keep this one in place of the one before."""
        self.drop()
        if not host.alive:
            return
        self._host = host
        self._cooling = Timer(WARM_SECONDS, self._cool)
        self._cooling.daemon = True
        self._cooling.start()

    def drop(self) -> None:
        self._stop_cooling()
        if self._host is not None:
            self._host.kill()
            self._host = None

    def close(self) -> None:
        self._closed = True
        self.drop()

    def _cool(self) -> None:
        """On the timer's thread."""
        if not self._closed:
            self._lane.submit(self.drop)

    def _stop_cooling(self) -> None:
        if self._cooling is not None:
            self._cooling.cancel()
            self._cooling = None
