"""How a download goes: a line on the Models page, with the way to stop it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import shiboken6
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.errors import Cancelled
from workbench.gui.shell.status_bar import ProgressBar
from workbench.gui.widgets.buttons import ghost
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.services.model_sources import HubModel, download
from workbench.wording import gigabytes, time_left

SAY_EVERY_S = 0.25


class DownloadLine(QWidget):
    """One download at a time, on a thread of its own. What has come is kept when it is stopped or the program ends."""

    finished = Signal(object)                        # the Path of the folder or GGUF file
    failed = Signal(object)                          # the error; None when it was stopped

    _said = Signal(int, int, float)                  # done, total, seconds since the start
    _ended = Signal(object, object)                  # path, error

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(38)
        self._stop = threading.Event()
        self._began = 0
        self.running = False
        self._title, self._rest = label("", "strong"), ElidedLabel("", "small")
        self._bar = ProgressBar(160)
        self.stop_button = ghost("Stop", "stop")
        self.stop_button.setToolTip("Stop the download; what has come is kept")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 0, 12, 0)
        row.setSpacing(10)
        row.addWidget(self._title)
        row.addWidget(self._bar)
        row.addWidget(self._rest, 1)
        row.addWidget(self.stop_button)
        self.stop_button.clicked.connect(self.stop)
        self._said.connect(self._show)
        self._ended.connect(self._end)
        self.hide()

    def start(self, model: HubModel, gguf: str) -> None:
        if self.running:
            return
        self.running, self._stop, self._began = True, threading.Event(), -1
        self._title.setText(gguf or model.repo.rpartition("/")[2])
        self._rest.setText("Connecting…")
        self.setAccessibleName(f"Download of {model.repo}")
        self._bar.set_part(0)
        self.show()
        threading.Thread(target=self._work, args=(model, gguf, self._stop), daemon=True, name="download").start()

    def stop(self) -> None:
        self._rest.setText("Stopping…")
        self._stop.set()

    def _work(self, model: HubModel, gguf: str, stop: threading.Event) -> None:
        """On the download's thread."""
        began = said = time.monotonic()

        def report(done: int, total: int) -> None:
            nonlocal said
            if stop.is_set():
                raise Cancelled
            now = time.monotonic()
            if (now - said >= SAY_EVERY_S or done == total) and shiboken6.isValid(self):
                said = now
                self._said.emit(done, total, now - began)

        path: Path | None = None
        error: Exception | None = None
        try:
            path = download(model, report, gguf=gguf, wait=stop.wait)
        except Exception as reason:
            error = reason
        if shiboken6.isValid(self):
            self._ended.emit(path, error)

    def _show(self, done: int, total: int, seconds: float) -> None:
        if self._began < 0:
            self._began = done                       # what was there already does not count as speed
        rate = (done - self._began) / seconds if seconds > 1 else 0.0
        parts = [f"{gigabytes(done)} of {gigabytes(total)}"]
        if rate > 0:
            parts += [f"{gigabytes(rate)} a second", time_left((total - done) / rate)]
        self._bar.set_part(done / max(total, 1))
        if not self._stop.is_set():
            self._rest.setText(", ".join(parts))

    def _end(self, path: Path | None, error: Exception | None) -> None:
        self.running = False
        self.hide()
        if path is not None:
            self.finished.emit(path)
        else:
            self.failed.emit(None if isinstance(error, Cancelled) else error)
