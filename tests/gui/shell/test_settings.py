"""What the window remembers: each setting comes back, and no stored nonsense keeps the window from starting."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray
from pytestqt.qtbot import QtBot

from workbench.domain import Prompt
from workbench.gui.shell import settings
from workbench.gui.shell.application import application
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.services.project import Project

DECLARED = [value for value in vars(settings).values() if isinstance(value, settings.Setting)]
NONSENSE = ["", "nonsense", "-99999999999", "[1, 2", '[{"folder": 7}]', ["a", "b"], ["1", ""], QByteArray(b"\x00\xff"),
            "a\0b"]


@pytest.mark.parametrize("setting", DECLARED, ids=lambda setting: setting.key)
def test_what_cannot_be_read_is_the_default_or_a_value_that_can_be_stored_again(
    setting: settings.Setting[object]
) -> None:
    for stored in NONSENSE:
        settings.store().setValue(setting.key, stored)
        value = setting.get()
        setting.set(value)
        assert setting.get() == value, stored


def test_no_two_settings_share_a_key() -> None:
    keys = [setting.key for setting in DECLARED]
    assert len(keys) == len(set(keys)) > 20


@pytest.mark.parametrize("stored", NONSENSE, ids=repr)
def test_the_window_starts_and_opens_a_project_with_broken_settings(
    stored: object, session: Session, project_folder: Path, qtbot: QtBot, settle: Callable[[], None]
) -> None:
    for setting in (*DECLARED, settings.CURRENT_PROMPT.of(project_folder)):
        settings.store().setValue(setting.key, stored)
    application()
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show()
    session.adopt(Project.open(project_folder, person="tester"))
    settle()
    assert window.current_page == "demonstrations"
    assert session.current_prompt_id is not None


def test_the_window_starts_with_a_file_of_settings_that_is_none(session: Session, qtbot: QtBot) -> None:
    file = Path(settings.store().fileName())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(range(256)) * 40)
    application()
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show()
    assert window.current_page == "welcome"


def test_settings_come_back_as_they_were_stored(tmp_path: Path) -> None:
    recent = (settings.RecentProject(tmp_path, "House, “style” = 1", datetime(2026, 11, 30, 9, 5), "12 shown"),)
    settings.RECENT.set(recent)
    settings.JOBS_PANES.set([560, 228])
    settings.HIDDEN_COLUMNS.set(frozenset({"TOKENS", "RATING"}))
    settings.COSY_ROWS.set(False)
    settings.EXPORT_FOLDER.set(tmp_path)
    settings.store().sync()
    assert settings.RECENT.get() == recent
    assert settings.JOBS_PANES.get() == [560, 228]
    assert settings.HIDDEN_COLUMNS.get() == {"TOKENS", "RATING"}
    assert settings.COSY_ROWS.get() is False
    assert settings.EXPORT_FOLDER.get() == tmp_path


def test_a_folder_that_is_gone_is_not_offered(tmp_path: Path) -> None:
    settings.IMPORT_FOLDER.set(tmp_path / "gone")
    assert settings.IMPORT_FOLDER.get() is None


def test_each_project_opens_with_its_own_prompt_though_their_folders_have_one_name(
    session: Session, made_project: Path, tmp_path: Path, settle: Callable[[], None]
) -> None:
    folders = [shutil.copytree(made_project, tmp_path / parent / "project") for parent in "ab"]
    for folder in folders:
        project = Project.open(folder, person="tester")
        project.lane.run(lambda project=project: project.prompts.create(Prompt(name="second")))
        project.close()
    first, second = _prompts(folders[0])

    def opened(folder: Path) -> int | None:
        session.close_project()
        session.join()
        session.adopt(Project.open(folder, person="tester"))
        settle()
        return session.current_prompt_id

    assert opened(folders[0]) == first
    session.current_prompt_id = second
    assert opened(folders[1]) == first
    assert opened(folders[0]) == second
    assert opened(folders[0].parent / ".." / "a" / "project") == second


def _prompts(folder: Path) -> list[int | None]:
    project = Project.open(folder, person="tester")
    ids = project.lane.run(lambda: [info.id for info in project.prompts.all()])
    project.close()
    return ids
