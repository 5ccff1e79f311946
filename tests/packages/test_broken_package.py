"""A package that cannot be imported is named where a person looks, and harms nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.cli.conftest import Run
from tests.gui import waiting
from tests.packages.conftest import Install
from workbench.formats.registry import writers
from workbench.gui.models.page import ModelsPage
from workbench.gui.shell.session import Session
from workbench.gui.widgets.notice import Notice
from workbench.search.strategies import offered
from workbench.services.packages import failures
from workbench.services.project import Project

REASON = "of the package extra-broken cannot be used: ModuleNotFoundError: No module named 'a_library_that_is_not_ins"


@pytest.fixture
def installed(install: Install) -> None:
    install("extra_broken")
    install("extra_strategy")


def test_it_is_told_and_other_packages_work(installed: None) -> None:
    assert [(failure.package, failure.group, failure.entry) for failure in failures()] == [
        ("extra-broken", "workbench.strategies", "shortest"), ("extra-broken", "workbench.formats", "scrolls")]
    assert "longest" in offered()
    assert "jsonl" in writers()


def test_the_command_line_names_it(installed: None, tmp_path: Path, run: Run) -> None:
    assert run("new", tmp_path / "project")[0] == 0
    for command in (("version",), ("models", "list", tmp_path / "project")):
        code, text, _ = run(*command)
        assert code == 0
        assert f"The search strategy “shortest” {REASON}" in text
        assert f"The format “scrolls” {REASON}" in text
    (first, _) = run("version", "--json")[1]["cannot be used"]
    assert (first["package"], first["entry"]) == ("extra-broken", "shortest")


@pytest.mark.parametrize("broken", [True, False])
def test_the_models_page_names_it(broken: bool, install: Install, tmp_path: Path, qtbot: QtBot) -> None:
    if broken:
        install("extra_broken")
    session = Session()
    session.adopt(Project.create(tmp_path / "project", "p"))
    try:
        page = ModelsPage(session)
        qtbot.addWidget(page)
        page.show()
        page.shown()
        waiting.rest(page, qtbot)
        said = [notice.accessibleName() for notice in page.findChildren(Notice) if notice.isVisible()]
        assert any(f"The format “scrolls” {REASON}" in text for text in said) == broken
    finally:
        session.close_project()
        session.join()
