"""Which projects are trusted on this machine: those that were made here, and those of which somebody said so.

A project may come from anybody. What it holds can be read and changed, but what another person or machine has left
waiting in its queue does not start before somebody asks for it. What is trusted is kept with the person's own data (a
file for each project, named by its path's hash) and never in a project, where a stranger could write it.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import platformdirs


def is_trusted(folder: Path) -> bool:
    return _note(folder).is_file()


def trust(folder: Path) -> None:
    """Trust the project in this folder from now on. Where that cannot be written down, its queue asks again next time.
    """
    note = _note(folder)
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{folder.resolve()}\n", "utf-8", "surrogateescape")
    except OSError:
        logging.getLogger(__name__).warning("%s cannot be written", note, exc_info=True)


def _note(folder: Path) -> Path:
    data = Path(platformdirs.user_data_dir("demonstration-workbench", appauthor=False))
    return data / "trusted" / hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
