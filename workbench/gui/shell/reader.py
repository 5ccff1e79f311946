"""Reading what a view shows off the window's thread: the latest state of it, and never twice at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import QElapsedTimer, QObject, QTimer
from PySide6.QtWidgets import QWidget

from workbench.gui.shell.session import Session

if TYPE_CHECKING:
    from workbench.services.project import Project

T = TypeVar("T")
PACE = 3                             # a paced reader waits so many times as long as the last reading took


class Reader(QObject, Generic[T]):
    """One reading at a time, and another after it if something changed meanwhile.

    ``question()`` runs on the window's thread when a reading begins, and gives the work for the database lane;
    ``arrived`` gets its result. A ``paced`` reader reads less often what takes long to read, so that a job's results
    do not crowd out the job.
    """

    def __init__(
        self, session: Session, view: QWidget, question: Callable[[], Callable[[Project], T]],
        arrived: Callable[[T], None], failed: Callable[[Exception], None] | None = None, *,
        wait_ms: int, paced: bool = False,
    ) -> None:
        super().__init__(view)
        self._session, self._view = session, view
        self._question, self._arrived_at_view, self._failed_at_view = question, arrived, failed or session.error.emit
        self._wait_ms, self._paced = wait_ms, paced
        self._under_way = self._at_once = self._stale = self._was_read = False
        self._took = QElapsedTimer()
        self._soon = QTimer(self, singleShot=True, interval=wait_ms)
        self._soon.timeout.connect(self._begin)

    @property
    def stale(self) -> bool:
        """Whether what was read last is out of date, and another reading follows."""
        return self._stale

    def busy(self) -> bool:
        return self._under_way or self._soon.isActive()

    def read(self) -> None:
        """Now, or as soon as the reading that is under way has come back."""
        self._stale = self._at_once = True
        if not self._under_way:
            self._begin()

    def read_soon(self) -> None:
        """Shortly, so that many calls are one reading; a view that is hidden is read when it is shown again."""
        self._stale = True
        if self._view.isVisible() or not self._was_read:
            self._start_waiting()

    def catch_up(self) -> None:
        """The view is shown: read what went stale while it was hidden."""
        if self._stale:
            self._start_waiting()

    def _start_waiting(self) -> None:
        if not self._under_way and not self._soon.isActive():
            self._soon.start()

    def _begin(self) -> None:
        if self._under_way or not self._stale or self._session.project is None:
            return
        self._soon.stop()
        self._under_way, self._stale, self._at_once = True, False, False
        self._took.start()
        self._session.ask(self._question(), self._arrived, self._failed, owner=self)

    def _arrived(self, result: T) -> None:
        self._ended()
        self._was_read = True
        self._arrived_at_view(result)
        self._go_on()

    def _failed(self, error: Exception) -> None:
        self._ended()
        self._failed_at_view(error)
        self._go_on()

    def _ended(self) -> None:
        self._under_way = False
        if self._paced:
            self._soon.setInterval(max(self._wait_ms, PACE * self._took.elapsed()))

    def _go_on(self) -> None:
        if self._at_once:
            self._begin()
        elif self._stale:
            self._start_waiting()
