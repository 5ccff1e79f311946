"""A project: a folder with a database, artifacts and backups, open for one writer."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import workbench_resources as resources
from workbench.errors import ProjectError, shown
from workbench.services.alignment import Alignment
from workbench.services.bench import Bench
from workbench.services.bench_files import BenchFiles
from workbench.services.demonstrations import Demonstrations
from workbench.services.exports import Exports
from workbench.services.history import History
from workbench.services.imports import ImportOptions, Imports
from workbench.services.job_queue import JobQueue
from workbench.services.judging import Judging
from workbench.services.lane import Lane
from workbench.services.models import Models
from workbench.services.prompts import Prompts
from workbench.services.questions import QuestionSets
from workbench.services.recipe_results import Recipes
from workbench.services.results import Results
from workbench.services.trust import is_trusted, trust
from workbench_db import backup, bench_search, lock, revisions, search_text, upgrade
from workbench_db import jobs as stored_jobs
from workbench_db import models as stored_models
from workbench_db import project as stored_project
from workbench_db.lock import ProjectLock, login_name
from workbench_db.session import Database

DATABASE = "project.db"
ARTIFACTS = "artifacts"
_PARTIAL = f"{DATABASE}.partial"
# What a program that was killed while it made a project may have left: a project can be made over it.
_LEFT_BEHIND = {ARTIFACTS, backup.FOLDER, lock.FILE_NAME, _PARTIAL, f"{_PARTIAL}-wal", f"{_PARTIAL}-shm"}


class Project:
    """An open project. All but ``folder``, ``name``, ``read_only`` and ``lane`` belongs to the database lane.

    ``person`` is who makes the changes (the revisions' author).
    """

    def __init__(self, folder: Path, database: Database, held: ProjectLock | None, person: str) -> None:
        """Not to be called from outside: see create, open and open_sample."""
        self.folder, self.database, self.person = folder, database, person or login_name()
        self.read_only = database.read_only
        self.trusted = is_trusted(folder)            # else nothing that waits in its queue starts by itself
        self._lock, self._closed = held, False
        self.lane = Lane()
        with database.read() as connection:
            self.name = stored_project.name(connection)
        self.demonstrations = Demonstrations(self)
        self.questions = QuestionSets(self)
        self.prompts = Prompts(self)
        self.history = History(self)
        self.models = Models(self)
        self.imports = Imports(self)
        self.exports = Exports(self)
        self.alignment = Alignment(self)
        self.results = Results(self)
        self.bench = Bench(self)
        self.recipes = Recipes(self)
        self.judging = Judging(self)
        self.bench_files = BenchFiles(self)
        self.jobs = JobQueue(self)

    @classmethod
    def create(cls, folder: Path, name: str = "", *, person: str = "") -> Project:
        """Make a new project in an empty or new folder and open it. Raises ProjectError."""
        folder = folder.absolute()
        if _has_database(folder):
            raise ProjectError(f"There is a project in {folder} already.", safe="It was not changed.",
                               remedy="Open it, or choose another folder.")
        if folder.exists() and not folder.is_dir():
            raise ProjectError(f"{folder} is a file.", remedy="Choose a folder.")
        if folder.is_dir() and any(path.name not in _LEFT_BEHIND for path in folder.iterdir()):
            raise ProjectError(f"The folder {folder} is not empty.", safe="Nothing was written into it.",
                               remedy="Choose an empty or a new folder.")
        _make_folders(folder)
        held = ProjectLock(folder, person or login_name())
        try:
            _make_database(folder, name or shown(folder.name))
        finally:
            held.release()
        trust(folder)
        return cls.open(folder, person=person)

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False, person: str = "") -> Project:
        """Open a project: takes the lock, upgrades an older schema after a backup, marks dead jobs interrupted.

        Raises ProjectError: not a project, locked by another program (says who), schema newer than this program.
        """
        folder = folder.absolute()
        if not _has_database(folder):
            raise ProjectError(f"There is no project in {folder}.", remedy="Choose another folder, or make a project.")
        held = None if read_only else ProjectLock(folder, person or login_name())
        database = Database(folder / DATABASE, read_only=read_only)
        try:
            upgrade.upgrade(database)
            if not read_only:
                _make_folders(folder)
                with database.write() as connection:
                    stored_jobs.mark_interrupted(connection)
            return cls(folder, database, held, person)
        except BaseException:
            database.dispose()
            if held is not None:
                held.release()
            raise

    def backup(self, reason: str = "") -> Path:
        """Copy the database into the project's ``backups`` folder; returns the copy. Raises ProjectError."""
        return backup.make(self.database, reason)

    def rebuild_search(self) -> None:
        """Make the full-text index anew, when `workbench check` says that it is not what the stored texts say."""
        with self.database.write() as connection:
            search_text.rebuild(connection)
            bench_search.rebuild(connection)

    def close(self) -> None:
        """Finish what was handed to the lane, and let go of the folder. Not on the lane; twice is once."""
        if self._closed:
            return
        self._closed = True
        with ExitStack() as last:
            if self._lock is not None:
                last.callback(self._lock.release)
            last.callback(self.database.close)
            last.callback(self.lane.close)
            self.lane.run(self.jobs.close)


def _has_database(folder: Path) -> bool:
    """Raises ProjectError where the folder may not be looked into."""
    try:
        return (folder / DATABASE).is_file()
    except OSError as error:
        raise ProjectError(f"The folder {folder} cannot be read ({error.strerror}).",
                           remedy="Change its permissions, or choose another folder.") from error


def _make_folders(folder: Path) -> None:
    try:
        for part in (ARTIFACTS, backup.FOLDER):
            (folder / part).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProjectError(f"The folder {folder} cannot be written ({error.strerror}).",
                           remedy="Change its permissions, or choose another folder.") from error


def _make_database(folder: Path, name: str) -> None:
    """Under another name first, so that what is called project.db is always whole."""
    partial = folder / _PARTIAL
    for left in (_PARTIAL, f"{_PARTIAL}-wal", f"{_PARTIAL}-shm"):
        (folder / left).unlink(missing_ok=True)
    database = Database(partial, create=True)
    try:
        upgrade.create(database)
        with database.write() as connection:
            stored_project.describe(connection, name, datetime.now(UTC))
        database.close()
    finally:
        database.dispose()
    partial.replace(folder / DATABASE)


SAMPLE_MODELS = ("tiny-teacher", "tiny-student")


def open_sample(folder: Path, *, person: str = "") -> Project:
    """Open the sample project in ``folder``; made from resources/sample and the tiny models if it is not there.

    Raises ProjectError: the folder holds something else, or cannot be written.
    """
    folder = folder.absolute()
    if not (folder / DATABASE).exists():
        _make_sample(folder, person)
        trust(folder)
    project = Project.open(folder, person=person)
    _find_moved_models(project)
    return project


def _make_sample(folder: Path, person: str) -> None:
    """In a folder beside it first, so that a sample project is never half there."""
    if folder.is_dir() and any(folder.iterdir()):
        raise ProjectError(f"The folder {folder} is not empty, and holds no project.", safe="Nothing was written.",
                           remedy="Choose an empty or a new folder for the sample project.")
    partial = folder.with_name(folder.name + ".partial")
    if (partial / DATABASE).exists():
        Project.open(partial).close()       # raises if somebody is making it at this moment
    shutil.rmtree(partial, ignore_errors=True)
    project = Project.create(partial, "Sample project", person=person)
    try:
        for name in SAMPLE_MODELS:
            project.models.register(resources.path("models", name), name)
        project.imports.run(resources.path("sample", "candidates.jsonl"))
        prompt = project.imports.run(resources.path("sample", "base_prompt.txt"), ImportOptions(source="base prompt"))
        assert prompt.prompt_id is not None
        project.prompts.rename(prompt.prompt_id, "Base prompt")
        answers = resources.path("sample", "reference_answer")
        for name, questions, references, held_out in (
                ("Sample questions", "questions.jsonl", "sample.jsonl", False),
                ("Held-out questions", "heldout_questions.jsonl", "heldout.jsonl", True)):
            project.questions.import_file(resources.path("sample", questions), answers / references, name, held_out)
        with project.database.write() as connection:
            revisions.settle(connection)
    finally:
        project.close()
    if folder.is_dir():
        folder.rmdir()
    partial.rename(folder)


def _find_moved_models(project: Project) -> None:
    """The workbench may have been installed elsewhere since the sample project was made."""
    with project.database.write() as connection:
        for model in stored_models.all_models(connection):
            if model.ref.name in SAMPLE_MODELS and not Path(model.ref.path).exists():
                path = str(resources.path("models", model.ref.name))
                if stored_models.by_path(connection, path) is None:
                    stored_models.update_model(connection, replace(model.ref, path=path), model.facts)
