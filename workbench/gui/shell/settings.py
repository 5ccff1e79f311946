"""What the window remembers from one start to the next, each thing declared once. Never project data.

A setting is read and written through its declaration. What is stored may be broken (a file that was edited by hand or
cut off, a newer version's values): then the default holds, and the window starts.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from PySide6.QtCore import QByteArray, QSettings

from workbench.gui.widgets import theme

T = TypeVar("T")
RECENT_MOST = 8


def store() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "demonstration-workbench", "window")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """``read`` makes the value of what the file holds, and raises where that is nonsense; ``write`` is its inverse."""

    key: str
    default: T
    read: Callable[[Any], T]
    write: Callable[[T], object] = lambda value: value

    def get(self) -> T:
        stored = store().value(self.key)
        if stored is None:
            return self.default
        try:
            return self.read(stored)
        except (ValueError, TypeError, LookupError, OSError, AttributeError):
            return self.default

    def set(self, value: T) -> None:
        store().setValue(self.key, self.write(value))


@dataclass(frozen=True, slots=True)
class ProjectSetting(Generic[T]):
    """A setting that each project has for itself, by the path of its folder."""

    key: str
    default: T
    read: Callable[[Any], T]

    def of(self, folder: Path) -> Setting[T]:
        return Setting(f"{self.key}/{quote(str(folder.resolve()), safe='')}", self.default, self.read)


@dataclass(frozen=True, slots=True)
class RecentProject:
    folder: Path
    name: str
    opened: datetime
    summary: str                     # "1 284 demonstrations, 96 accepted"


# -- types of values

def _flag(key: str, default: bool) -> Setting[bool]:
    return Setting(key, default, lambda stored: {"true": True, "false": False}[str(stored)],
                   lambda value: "true" if value else "false")


def _choice(key: str, default: str, choices: tuple[str, ...]) -> Setting[str]:
    return Setting(key, default, lambda stored: choices[choices.index(stored)])


def _number(key: str, allowed: range) -> Setting[int]:
    return Setting(key, 0, lambda stored: allowed[allowed.index(int(stored))])


def _names(key: str) -> Setting[frozenset[str]]:
    return Setting(key, frozenset(), lambda stored: frozenset(stored.split()), lambda names: " ".join(sorted(names)))


def _folder(key: str) -> Setting[Path | None]:
    """A folder in which a dialog starts; None where none was chosen yet, or it is gone."""
    return Setting(key, None, _existing_folder, str)


def _existing_folder(stored: str) -> Path:
    folder = Path(stored)
    if not folder.is_dir():
        raise FileNotFoundError(stored)
    return folder


def _panes(name: str) -> Setting[list[int]]:
    """The sizes of the panes of a splitter, in logical pixels; empty as long as nobody moved it."""
    return Setting(f"splitter/{name}", [], lambda stored: [int(size) for size in stored])


def _geometry(stored: QByteArray) -> QByteArray:
    if not isinstance(stored, QByteArray):
        raise TypeError(stored)
    return stored


def _read_recent(stored: str) -> tuple[RecentProject, ...]:
    return tuple(RecentProject(Path(entry["folder"]), str(entry["name"]), datetime.fromisoformat(entry["opened"]),
                               str(entry["summary"])) for entry in json.loads(stored))


def _write_recent(projects: tuple[RecentProject, ...]) -> str:
    return json.dumps([{"folder": str(project.folder), "name": project.name, "opened": project.opened.isoformat(),
                        "summary": project.summary} for project in projects])


# -- per person

THEME = _choice("theme", "system", theme.MODES)
TEXT_STEP = _number("text_step", theme.TEXT_STEPS)
GEOMETRY = Setting("geometry", QByteArray(), _geometry)
RAIL = _choice("rail", "", ("", "open", "collapsed"))                   # "": as the window's width has it
RECENT: Setting[tuple[RecentProject, ...]] = Setting("recent_projects", (), _read_recent, _write_recent)

PROJECTS_FOLDER = _folder("folder")
IMPORT_FOLDER = _folder("import/folder")
EXPORT_FOLDER = _folder("export/folder")
MODEL_FOLDER = _folder("model_folder")

COSY_ROWS = _flag("demonstrations/cosy", True)
HIDDEN_COLUMNS = _names("demonstrations/hidden")

DEMONSTRATIONS_PANES = _panes("demonstrations")
PROMPT_PANES = _panes("prompt")
RANKINGS_COLUMNS = _panes("rankings-top")
RANKINGS_ROWS = _panes("rankings-rows")
ALIGNMENT_PANES = _panes("alignment")
ALIGNMENT_TOP = _panes("alignment-top")
ALIGNMENT_ROWS = _panes("alignment-rows")
ALIGNMENT_COMPARISON = _panes("alignment-compare")
BENCH_TOP = _panes("bench-top")
BENCH_ANSWERS = _panes("bench-answers")
BENCH_ROWS = _panes("bench-rows")
BENCH_BROWSER = _panes("bench-browser")
BENCH_BROWSER_RIGHT = _panes("bench-browse")
BENCH_SHIFT = _panes("bench/shift")
BENCH_JUDGED = _panes("bench/judged")
BENCH_JUDGED_RIGHT = _panes("bench/judged/right")
MODELS_PANES = _panes("models")
JOBS_PANES = _panes("jobs")

# -- per project

CURRENT_PROMPT: ProjectSetting[int | None] = ProjectSetting("prompt", None, int)


def recent_projects() -> list[RecentProject]:
    """Newest first; folders that are gone, or cannot be read, are left out."""
    return [project for project in RECENT.get() if _is_folder(project.folder)]


def remember_project(project: RecentProject) -> None:
    others = [other for other in recent_projects() if other.folder != project.folder]
    RECENT.set((project, *others)[:RECENT_MOST])


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:                  # of another account, or on a server that does not answer
        return False
