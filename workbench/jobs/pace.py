"""How fast a job goes, and how long it will still take."""

from __future__ import annotations

from math import exp

SMOOTHING_SECONDS = 8.0
_SHORTEST_SECONDS = 0.2              # shorter spans say more about the clock than about the work


class Pace:
    """An exponentially smoothed rate in units a second. Times are seconds of a monotonic clock, passed in."""

    def __init__(self, now: float, done: int = 0) -> None:
        self._at, self._done = now, done
        self._rate = self._weight = 0.0

    def restart(self, now: float, done: int) -> None:
        """After a pause: what was learnt stays, the time in between does not count."""
        self._at, self._done = now, done

    def update(self, now: float, done: int) -> float | None:
        """The rate now; None while too little is known."""
        span = now - self._at
        if span >= _SHORTEST_SECONDS:
            share = 1 - exp(-span / SMOOTHING_SECONDS)
            self._rate += share * ((done - self._done) / span - self._rate)
            self._weight += share * (1 - self._weight)
            self._at, self._done = now, done
        return self._rate / self._weight if self._weight else None

    def seconds_left(self, done: int, total: int) -> float | None:
        """None while too little is known, or nothing moves."""
        if not self._weight or self._rate <= 0:
            return None
        return max(0, total - done) * self._weight / self._rate
