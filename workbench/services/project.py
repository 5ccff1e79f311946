"""A project: a folder with a database, artifacts and backups, open for one writer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.services.demonstrations import Demonstrations
    from workbench.services.exports import Exports
    from workbench.services.history import History
    from workbench.services.imports import Imports
    from workbench.services.job_queue import JobQueue
    from workbench.services.models import Models
    from workbench.services.prompts import Prompts
    from workbench.services.questions import QuestionSets
    from workbench.services.results import Results


class Project:
    """An open project. All but ``folder``, ``name`` and ``read_only`` belongs to the database lane.

    ``person`` is who makes the changes (the revisions' author).
    """

    folder: Path
    name: str
    read_only: bool
    person: str
    demonstrations: Demonstrations
    imports: Imports
    questions: QuestionSets
    prompts: Prompts
    models: Models
    results: Results
    jobs: JobQueue
    history: History
    exports: Exports

    @classmethod
    def create(cls, folder: Path, name: str = "", *, person: str = "") -> Project:
        """Make a new project in an empty or new folder and open it. Raises ProjectError."""
        raise NotImplementedError

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False, person: str = "") -> Project:
        """Open a project: takes the lock, upgrades an older schema after a backup, marks dead jobs interrupted.

        Raises ProjectError: not a project, locked by another program (says who), schema newer than this program.
        """
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def open_sample(folder: Path, *, person: str = "") -> Project:
    """Open the sample project in ``folder``; made from resources/sample and the tiny models if it is not there."""
    raise NotImplementedError
