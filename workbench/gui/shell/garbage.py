"""Reference cycles are collected on the window's thread alone.

Python collects on whichever thread happens to allocate. A cycle that holds Qt objects must not be taken apart on the
database lane, where it can wait for the window's thread for ever.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY = 500                          # milliseconds


class GarbageCollection(QObject):
    """Lives as long as the window; takes over from Python's own collection, and gives it back when it is stopped."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(collect)
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        gc.enable()


def collect() -> None:
    """Collect what Python would have collected by now, oldest generation first."""
    for generation in (2, 1, 0):
        if gc.get_count()[generation] > gc.get_threshold()[generation]:
            gc.collect(generation)
            return
