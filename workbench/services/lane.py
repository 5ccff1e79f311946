"""The one thread that touches a project's database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Lane:
    """Runs functions one after the other on a single worker thread, in the order they were handed in."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database-lane")

    def submit(self, work: Callable[[], T]) -> Future[T]:
        return self._pool.submit(work)

    def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` on the lane and wait for it; not to be called from the lane itself."""
        return self._pool.submit(work).result()

    def close(self) -> None:
        """Finish what was handed in, then end the thread."""
        self._pool.shutdown(wait=True)
