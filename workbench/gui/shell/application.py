"""The program with its window."""

from __future__ import annotations

import contextlib
import importlib
import logging
import logging.handlers
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from workbench.gui.shell import look, places
from workbench.gui.shell.garbage import GarbageCollection
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.gui.widgets import theme
from workbench.gui.widgets.focus import FocusRing

log = logging.getLogger("workbench.window")

WARM_AFTER_MS = 1500                             # after a project was opened: its first page has been painted then


def application() -> QApplication:
    """The one QApplication, themed as the person chose."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("demonstration-workbench")
    app.setApplicationDisplayName("Demonstration Workbench")
    app.setDesktopFileName("demonstration-workbench")
    theme.apply(app)
    look.restore()
    app.setWindowIcon(window_icon())
    return app


def window_icon() -> QIcon:
    from PySide6.QtCore import QRectF, Qt

    from workbench.gui.shell.top_bar import paint_mark

    icon = QIcon()
    for side in (16, 24, 32, 48, 64, 128, 256):
        pixels = QPixmap(side, side)
        pixels.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixels)
        paint_mark(painter, QRectF(0, 0, side, side))
        painter.end()
        icon.addPixmap(pixels)
    return icon


def run(folder: Path | None = None, *, sample: bool = False) -> int:
    """Show the window, open ``folder`` or the sample project in it, and stay until it is closed."""
    app = application()
    session = Session()
    file = start_log()
    window = MainWindow(session, log=file, focus_ring=FocusRing(app))
    sys.excepthook = reporting_hook(window)
    quit_on_interrupt(app)
    GarbageCollection(app)
    window.show()
    session.project_opened.connect(lambda: QTimer.singleShot(WARM_AFTER_MS, app, load_charts))
    if sample:
        QTimer.singleShot(0, window.projects.open_sample)
    elif folder is not None:
        QTimer.singleShot(0, lambda: window.projects.open(folder))
    return app.exec()


def load_charts() -> None:
    """Import what draws the charts, on a thread of its own: half a second that the first page with one would wait.

    It makes no object of Qt when it is imported, so that the thread does not matter; the window is at most 35 ms late.
    """
    threading.Thread(target=importlib.import_module, args=("pyqtgraph",), name="loads-charts").start()


def start_log() -> Path | None:
    """Log to a file that never grows beyond two megabytes; None where it cannot be written."""
    file = places.log_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(file, maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger("workbench").addHandler(handler)
    logging.getLogger("workbench").setLevel(logging.INFO)
    return file


def reporting_hook(
    window: MainWindow,
) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """An exception that nobody caught goes to the log, to stderr, and into a dialog; the window stays."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        log.error("fault", exc_info=(kind, error, trace))
        window.show_bug(error)

    window.session.bug.connect(lambda error: log.error("fault in the background", exc_info=error))
    return hook


def quit_on_interrupt(app: QApplication) -> None:
    """Ctrl+C in the terminal closes the window in order. Python runs signal handlers only when its code runs."""
    with contextlib.suppress(ValueError):            # not the main thread: somebody else handles signals
        signal.signal(signal.SIGINT, lambda *_: app.closeAllWindows())
        signal.signal(signal.SIGTERM, lambda *_: app.closeAllWindows())
    timer = QTimer(app, interval=400)
    timer.timeout.connect(lambda: None)
    timer.start()
