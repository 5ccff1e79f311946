"""A window without a screen, with a real project in a temporary folder, and nobody's own settings."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partialmethod
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import workbench_resources as resources
from tests.gui.waiting import rest, settled
from workbench.domain import Demonstration, Prompt, Status
from workbench.gui.alignment.page import AlignmentPage
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.gui.widgets import theme
from workbench.services.project import Project

PATIENCE = 90_000                    # milliseconds; a wait that succeeds ends as soon as it can


class PatientBot(QtBot):
    """Waits as long as a busy machine may need, unless a test says otherwise."""

    waitUntil = partialmethod(QtBot.waitUntil, timeout=PATIENCE)            # noqa: N815
    waitSignal = partialmethod(QtBot.waitSignal, timeout=PATIENCE)          # noqa: N815
    waitExposed = partialmethod(QtBot.waitExposed, timeout=PATIENCE)        # noqa: N815


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture(autouse=True)
def no_collection_on_other_threads() -> Iterator[None]:
    """As in the program (workbench/gui/garbage.py): a cycle with Qt objects is not taken apart on the database lane."""
    gc.disable()
    yield
    gc.enable()


DEMONSTRATIONS = tuple(
    Demonstration.pair(f"Instruction {n}: say something about number {n}.", f"Number {n} comes before {n + 1}.",
                       category=("Advice", "Coding", "Writing")[n % 3], source=("Imported", "Hand-written")[n % 2],
                       tags=("short",) if n % 4 == 0 else ())
    for n in range(12))


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, cache and data folders below the test's own folder."""
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    """The application in the light theme."""
    theme.apply(qapp)
    theme.set_mode("light")
    yield qapp
    theme.set_mode("light")


@pytest.fixture(scope="session")
def made_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed project, made once and copied by each test."""
    folder = tmp_path_factory.mktemp("made") / "project"
    project = Project.create(folder, "House style", person="tester")

    def fill() -> None:
        ids = project.demonstrations.add(DEMONSTRATIONS).created
        project.demonstrations.set_status(ids[:2], Status.ACCEPTED)
        project.demonstrations.set_status(ids[2:3], Status.REJECTED)
        project.prompts.create(Prompt(rules="Answer briefly.", demonstrations=DEMONSTRATIONS[:2], name="draft"))

    project.lane.run(fill)
    project.close()
    return folder


@pytest.fixture
def project_folder(tmp_path: Path, made_project: Path) -> Path:
    """A closed project with twelve demonstrations (two accepted, one rejected) and a prompt of two."""
    return shutil.copytree(made_project, tmp_path / "project")


@pytest.fixture
def session(app: QApplication, qtbot: QtBot) -> Iterator[Session]:
    """A session without a project; faults in its background work fail the test."""
    made = Session()
    bugs: list[BaseException] = []
    made.bug.connect(bugs.append)
    yield made
    made.close_project()
    made.join()
    assert not bugs, bugs


@pytest.fixture
def opened(session: Session, project_folder: Path, settle: Callable[[], None]) -> Session:
    """A session with the project open."""
    session.adopt(Project.open(project_folder, person="tester"))
    settle()
    return session


@pytest.fixture
def settle(session: Session, qtbot: QtBot) -> Callable[[], None]:
    """Runs the event loop until nothing that was handed to the session is under way, and everything is laid out."""
    return lambda: settled(session, qtbot)


@pytest.fixture
def tiny_model(tmp_path: Path) -> Path:
    """A model's folder: a real Llama with random weights."""
    source = Path(__file__).parents[1] / "jobs" / "random_model.py"
    spec = importlib.util.spec_from_file_location("random_model", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path / "models" / "tiny"
    module.write_random_model(folder)
    return folder


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> MainWindow:
    """The window, shown, without a project. Open one through ``session``."""
    made = MainWindow(session)
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture(scope="session")
def made_with_models(made_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The closed project with the two carried models, made once."""
    folder = shutil.copytree(made_project, tmp_path_factory.mktemp("aligned") / "project")
    project = Project.open(folder, person="tester")
    for name in ("tiny-student", "tiny-teacher"):
        path = resources.path("models", name)
        project.lane.run(lambda path=path: project.models.register(path))
    project.close()
    return folder


@pytest.fixture
def with_models(made_with_models: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made_with_models, tmp_path / "with-models")


@pytest.fixture
def alignment_page(session: Session, with_models: Path, qtbot: QtBot) -> AlignmentPage:
    """The page by itself, shown, of a project with two models and no runs."""
    session.adopt(Project.open(with_models, person="tester"))
    made = AlignmentPage(session)
    qtbot.addWidget(made)
    made.form._waiting.setInterval(0)            # nobody types here
    session.changed.connect(made.refresh)
    made.resize(1270, 820)
    made.show()
    made.shown()
    rest(made, qtbot)
    return made


@pytest.fixture
def alignment_in_window(window: MainWindow, session: Session, with_models: Path, qtbot: QtBot) -> AlignmentPage:
    """The page in the window."""
    session.adopt(Project.open(with_models, person="tester"))
    session.open_page("alignment")
    made = window.page("alignment")
    assert isinstance(made, AlignmentPage)
    rest(made, qtbot)
    return made
