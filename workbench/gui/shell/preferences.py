"""What the window remembers from one start to the next: sizes, theme, recent projects. Never project data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QSettings

RECENT = 8


def settings() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "demonstration-workbench", "window")


def number(key: str) -> int:
    """A whole number that was stored; 0 where none was, or nonsense."""
    try:
        return int(str(settings().value(key, 0)))
    except ValueError:
        return 0


@dataclass(frozen=True, slots=True)
class RecentProject:
    folder: Path
    name: str
    opened: datetime
    summary: str                     # "1 284 demonstrations, 96 accepted"


def recent_projects() -> list[RecentProject]:
    """Newest first; folders that are gone are left out."""
    store = settings()
    found = []
    for index in range(store.beginReadArray("recent")):
        store.setArrayIndex(index)
        folder = Path(str(store.value("folder")))
        if folder.is_dir():
            opened = datetime.fromisoformat(str(store.value("opened")))
            found.append(RecentProject(folder, str(store.value("name")), opened, str(store.value("summary", ""))))
    store.endArray()
    return found


def remember_project(project: RecentProject) -> None:
    others = [p for p in recent_projects() if p.folder != project.folder]
    _store_recent([project, *others][:RECENT])


def clear_recent() -> None:
    _store_recent([])


def _store_recent(projects: list[RecentProject]) -> None:
    store = settings()
    store.remove("recent")
    store.beginWriteArray("recent", len(projects))
    for index, project in enumerate(projects):
        store.setArrayIndex(index)
        store.setValue("folder", str(project.folder))
        store.setValue("name", project.name)
        store.setValue("opened", project.opened.isoformat())
        store.setValue("summary", project.summary)
    store.endArray()
    store.sync()
