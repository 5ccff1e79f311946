"""Pictures of the window's pages:
``python -m workbench.gui.shell.grab PAGE OUT.png [--theme …] [--size …] [--scale …]``.

The picture is taken from the real window, with a real project open, when nothing is under way any more.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.gui.shell.main_window import MainWindow

QUIET_S = 0.25                                   # nothing under way for this long means that the page is complete
QUIET_PASSES = 10
PATIENCE_S = 90.0


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workbench.gui.shell.grab", description=__doc__)
    parser.add_argument("page", help="welcome, demonstrations, prompt, rankings, alignment, models, jobs, palette or "
                                     "shortcuts; several with commas")
    parser.add_argument("out", type=Path, help="the PNG file; with several pages a folder")
    parser.add_argument("--theme", choices=("light", "dark", "both"), default="light")
    parser.add_argument("--size", default="1440x900")
    parser.add_argument("--scale", default="1", help="device pixels per logical pixel")
    parser.add_argument("--font", default="", help="a font family, to see how others look")
    parser.add_argument("--text", type=int, default=0, help="pixels added to the size of the text")
    parser.add_argument("--project", type=Path, help="a project folder; otherwise a fresh sample project")
    parser.add_argument("--no-project", action="store_true", help="leave the window without a project")
    parser.add_argument("--show", type=json.loads, default={}, metavar="JSON",
                        help='what pages are to show: {"rankings": {"cell": [0, 4]}}')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["QT_SCALE_FACTOR"] = options.scale
    with tempfile.TemporaryDirectory(prefix="workbench-grab-") as scratch:
        return _grab(options, Path(scratch))


def _grab(options: argparse.Namespace, scratch: Path) -> int:
    from PySide6.QtCore import QSettings

    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(scratch))   # nobody's own settings
    from workbench.errors import WorkbenchError
    from workbench.gui.shell.application import application
    from workbench.gui.shell.main_window import MainWindow
    from workbench.gui.shell.session import Session
    from workbench.gui.widgets import theme

    app = application()
    session = Session()
    problems: list[BaseException] = []
    session.error.connect(problems.append)
    session.bug.connect(problems.append)

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        problems.append(error)

    sys.excepthook = hook
    window = MainWindow(session)
    window.resize(*(int(side) for side in options.size.split("x")))
    window.show()
    if options.font:
        theme.set_family(options.font)
    theme.set_text_step(options.text)
    if options.project:
        # for writing, as a person would have it open; if somebody has, for reading
        session.open_project(options.project,
                             failed=lambda error: session.open_project(options.project, read_only=True))
    elif not options.no_project:
        session.open_sample(scratch / "sample")
    settle(lambda: not session.busy, app.processEvents)
    pages = options.page.split(",")
    for name in ("light", "dark") if options.theme == "both" else (options.theme,):
        theme.set_mode(name)
        for page in pages:
            target = _target(options, pages, page, name)
            _picture(window, page, options.show.get(page, {}), target, app.processEvents)
    session.close_project()
    for problem in problems:
        print(problem if isinstance(problem, WorkbenchError) else repr(problem), file=sys.stderr)
    return 1 if problems else 0


def _target(options: argparse.Namespace, pages: list[str], page: str, name: str) -> Path:
    if len(pages) == 1 and options.theme != "both":
        return Path(options.out)
    return Path(options.out) / f"{page}-{name}.png"


def _picture(window: MainWindow, page: str, shown: dict[str, Any], out: Path, process: Callable[[], None]) -> None:
    opener = {"palette": window.open_palette, "shortcuts": window.open_shortcuts}.get(page)
    if opener is None:
        window.show_page(page, **shown)
    else:
        opener()
    settle(lambda: not window.session.busy and not window.page(window.current_page).busy(), process)
    out.parent.mkdir(parents=True, exist_ok=True)
    if not window.grab().save(str(out)):
        raise OSError(f"cannot write {out}")
    if opener is not None:
        window.close_overlays()


def settle(quiet: Callable[[], bool], process: Callable[[], None]) -> None:
    """Run the event loop until ``quiet`` has held for a while. Raises TimeoutError after a long wait."""
    start = since = time.monotonic()
    passes = 0                                   # on a busy machine one pass may take longer than QUIET_S
    while True:
        process()
        now = time.monotonic()
        if not quiet():
            since, passes = now, 0
        elif now - since >= QUIET_S and passes >= QUIET_PASSES:
            return
        passes += 1
        if now - start > PATIENCE_S:
            raise TimeoutError("the window did not come to rest")
        time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main())
