"""Where the window keeps what is not in a project: its log, and the sample project."""

from __future__ import annotations

from pathlib import Path

import platformdirs

APP = "demonstration-workbench"


def log_file() -> Path:
    return Path(platformdirs.user_log_dir(APP, appauthor=False)) / "window.log"


def sample_folder() -> Path:
    """The sample project lies among the person's data, so that what they do in it is kept."""
    return Path(platformdirs.user_data_dir(APP, appauthor=False)) / "sample-project"


def projects_folder() -> Path:
    """Where new projects are offered to be made."""
    return Path(platformdirs.user_documents_dir()) / "Workbench projects"


def short_path(path: Path) -> str:
    """With "~" for the home folder."""
    try:
        return "~/" + path.relative_to(Path.home()).as_posix()
    except ValueError:
        return str(path)
