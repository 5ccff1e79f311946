"""Counting demonstrations' tokens with the current model's tokenizer, a little at a time between other work."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer

from workbench.domain import Changes, Kind
from workbench.gui.shell.session import Session
from workbench.services.project import Project
from workbench.services.tokenizers import Tokenizers, turn_tokens

CHUNK = 250                                      # demonstrations counted before other work has its turn
TELL_EVERY = 8                                   # chunks after which the views hear of it
ALL = 2**31                                      # ids looked up at a time
TITLE = "Counting tokens"


class TokenCounting(QObject):
    """Counts what has not been counted yet; ``start`` may be called as often as something may have changed."""

    def __init__(self, session: Session, tokenizers: Tokenizers, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._tokenizers = tokenizers
        self._running = self._again = False
        self._queue: list[int] = []                  # belongs to the lane, as its place
        self._place = self._total = self._done_ids = 0
        self._began = 0.0
        self._counted: list[int] = []
        self._chunks = 0

    def start(self) -> None:
        if self._session.project is None or self._session.read_only:
            return
        if self._running:
            self._again = True
            return
        self._running, self._again = True, False
        self._queue, self._place, self._total, self._done_ids = [], 0, 0, 0
        self._began = time.monotonic()
        self._step()

    def busy(self) -> bool:
        return self._running

    def _step(self) -> None:
        self._session.ask(self._count, self._done, self._failed, owner=self)

    def _count(self, project: Project) -> list[int]:
        """Count the next CHUNK; returns their ids, none when nothing is left or no tokenizer is there."""
        found = self._tokenizers.current(project)
        if found is None or found[0].id is None:
            return []
        ref, tokenizer = found
        if self._place == len(self._queue):
            self._queue, self._place = project.demonstrations.uncounted(found[0].id, ALL), 0
            self._total += len(self._queue)
        ids = self._queue[self._place:self._place + CHUNK]
        self._place += len(ids)
        counts = [(d.id, sum(turn_tokens(tokenizer, d))) for d in project.demonstrations.get(ids) if d.id is not None]
        if counts and ref.id is not None:
            project.demonstrations.store_token_counts(ref.id, counts)
        return [id for id, _ in counts]

    def _done(self, ids: list[int]) -> None:
        if not ids:
            self._tell()
            self._end()
            if self._again:
                self.start()
            return
        self._counted += ids
        self._done_ids += len(ids)
        self._chunks += 1
        if self._chunks % TELL_EVERY == 0:
            self._tell()
            self._say_progress()
        QTimer.singleShot(0, self, self._step)

    def _say_progress(self) -> None:
        done, seconds = self._done_ids, time.monotonic() - self._began
        if done < self._total:
            rate = done / seconds if seconds else 0.0
            self._session.progress.emit(TITLE, done, self._total, rate)

    def _end(self) -> None:
        self._running = False
        self._session.progress.emit("", 0, 0, 0.0)

    def _failed(self, error: Exception) -> None:
        self._end()
        self._session.error.emit(error)

    def _tell(self) -> None:
        counted, self._counted = self._counted, []
        if counted:
            self._session.changed.emit(Changes({Kind.DEMONSTRATION: frozenset(counted)}))
