"""Asking for files and folders: each dialog starts where the last one of its kind ended."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.gui.shell.settings import EXPORT_FOLDER, Setting


def choose_folder(parent: QWidget, title: str, remembered: Setting[Path | None]) -> Path | None:
    """A folder; None when the person thinks better of it. The next dialog starts beside it."""
    chosen = QFileDialog.getExistingDirectory(parent, title, _start(remembered))
    return _remember(chosen, remembered)


def choose_files(parent: QWidget, title: str, remembered: Setting[Path | None], kinds: str = "") -> list[Path]:
    chosen, _ = QFileDialog.getOpenFileNames(parent, title, _start(remembered), kinds)
    if chosen:
        _remember(chosen[0], remembered)
    return [Path(name) for name in chosen]


def choose_file(parent: QWidget, title: str, remembered: Setting[Path | None], kinds: str = "") -> Path | None:
    chosen, _ = QFileDialog.getOpenFileName(parent, title, _start(remembered), kinds)
    return _remember(chosen, remembered)


def choose_target(parent: QWidget, title: str, name: str, kinds: str,
                  remembered: Setting[Path | None] = EXPORT_FOLDER) -> Path | None:
    """Where to write a file that is offered to be called ``name``; the dialog asks before it overwrites one."""
    chosen, _ = QFileDialog.getSaveFileName(parent, title, str(Path(_start(remembered)) / name), kinds)
    return _remember(chosen, remembered)


def _start(remembered: Setting[Path | None]) -> str:
    return str(remembered.get() or Path.home())


def _remember(chosen: str, remembered: Setting[Path | None]) -> Path | None:
    if not chosen:
        return None
    remembered.set(Path(chosen).parent)
    return Path(chosen)
