"""A model backend from an installed package: added, scored with in a job, and named where it is gone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.cli.conftest import Run
from tests.gui import waiting
from tests.jobs.random_model import write_random_model
from tests.jobs.workplace import Workplace
from tests.packages.conftest import Install, forget
from workbench.domain import Backend, ModelRef, Prompt
from workbench.errors import ModelError
from workbench.gui.models.page import ModelsPage
from workbench.gui.shell.session import Session
from workbench.jobs.kinds.score import ScoreSpec
from workbench.jobs.wire import decode_spec, encode_spec
from workbench.models import load
from workbench.services.project import Project

PACKAGE = Path(__file__).with_name("extra_backend")


@pytest.fixture
def installed(install: Install) -> None:
    install("extra_backend")


def test_a_packages_model_is_added_and_scored_with(installed: None, tmp_path: Path, run: Run) -> None:
    write_random_model(tmp_path / "random")
    random = ModelRef("random", str(tmp_path / "random"))
    place = Workplace.make(tmp_path / "project", random, candidates=2, questions=2)
    place.project.close()
    (tmp_path / "english.letters").write_text("thing and reply")
    code, found, err = run("models", "add", tmp_path / "project", tmp_path / "english.letters", "--json")
    assert (code, err) == (0, "")
    code, found, err = run("score", tmp_path / "project", "--model", found["model_id"], "--json")
    assert (code, err) == (0, "")
    (job,) = run("jobs", "list", tmp_path / "project", "--json")[1]
    assert run("export", tmp_path / "project", tmp_path / "report.md", "--report", job["id"], "--format",
               "markdown")[0] == 0
    assert "english" in (tmp_path / "report.md").read_text(encoding="utf-8")
    forget()
    sys.path.remove(str(PACKAGE))
    project = Project.open(tmp_path / "project", person="Ada")
    (model,) = [model for model in project.models.all() if model.ref.name == "english"]
    assert (model.state, model.ref.backend) == ("unavailable", "letters")
    assert "Install the package" in model.reason
    project.close()
    with pytest.raises(ModelError, match="nothing here can run"):
        load(model.ref)


def test_the_models_page_offers_its_files_adds_one_and_takes_a_dropped_one(
    installed: None, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / "english.letters", tmp_path / "french.letters", tmp_path / "notes.txt"]
    for file in files:
        file.write_text(file.stem)
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *words, **named: (asked.append(words), (
        str(files[0]), ""))[1])
    session = Session()
    session.adopt(Project.create(tmp_path / "project", "p"))
    try:
        page = ModelsPage(session)
        qtbot.addWidget(page)
        page.show()
        page.shown()
        waiting.rest(page, qtbot)
        (action,) = [action for action in page.findChildren(QAction) if action.text() == "LETTERS file…"]
        action.trigger()
        waiting.rest(page, qtbot)
        assert "LETTERS models (*.letters)" in asked[0]
        dropped = QMimeData()
        dropped.setUrls([QUrl.fromLocalFile(str(file)) for file in files[1:]])
        page.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, dropped, Qt.MouseButton.LeftButton,
                                  Qt.KeyboardModifier.NoModifier))
        waiting.rest(page, qtbot)
        table = page.table.model()
        assert sorted(table.index(row, 0).data() for row in range(table.rowCount())) == ["english", "french"]
        assert table.index(0, 2).data() == "Letters"
    finally:
        session.close_project()
        session.join()


def test_a_job_keeps_the_name_of_a_backend_that_only_a_package_knows() -> None:
    spec = ScoreSpec(ModelRef("m", "/m", Backend("of_a_package")), Prompt(), (), ())
    assert decode_spec(encode_spec(spec)).model.backend == "of_a_package"


def test_the_page_on_adding_a_backend_shows_this_very_package() -> None:
    page = (PACKAGE.parents[2] / "docs" / "adding-a-model-backend.md").read_text(encoding="utf-8")
    block = page.split("```python\n")[1].split("```")[0]
    assert (PACKAGE / "extra_backend.py").read_text(encoding="utf-8").endswith(block)
