"""A strategy from an installed package, in the form, on the command line and in the report."""

from __future__ import annotations

from pathlib import Path

import pytest
import shiboken6
from pytestqt.qtbot import QtBot

from tests.cli.conftest import Run
from tests.jobs.random_model import write_random_model
from tests.jobs.workplace import Workplace
from tests.packages.conftest import Install
from workbench.domain import ModelRef
from workbench.errors import JobError
from workbench.search.strategies import offered, strategy, title_of

PACKAGE = Path(__file__).with_name("extra_strategy")


@pytest.fixture
def installed(install: Install) -> None:
    install("extra_strategy")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = write_random_model(tmp_path / "random")
    place = Workplace.make(tmp_path / "project", ModelRef("random", model.path), candidates=4, questions=4)
    place.run(lambda: place.project.models.register(tmp_path / "random", "random"))
    place.project.close()
    return tmp_path / "project"


def test_a_packages_strategy_is_searched_with_and_reported(
    installed: None, folder: Path, tmp_path: Path, run: Run
) -> None:
    code, found, err = run("search", folder, "--strategy", "longest", "--rounds", "2", "--random-sets", "2", "--json")
    assert (code, err) == (0, "")
    assert found["summary"]["chosen"] == [3, 4]                 # "thing 14" and "thing 21"
    assert found["summary"]["heldout"]["sets"]["chosen"] < 0
    (job,) = run("jobs", "list", folder, "--json")[1]
    assert job["title"] == "Longest answers, 4 candidates, 4 questions"


def test_its_set_is_reported_beside_those_of_other_strategies(
    installed: None, folder: Path, tmp_path: Path, run: Run
) -> None:
    code, found, _ = run("search", folder, "--rounds", "1", "--random-sets", "1", "--embedding-baselines", "--json")
    assert code == 0
    assert "longest answers" in found["summary"]["heldout"]["sets"]
    assert run("export", folder, tmp_path / "report.md", "--report", 1, "--format", "markdown")[0] == 0
    assert "longest answers" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_the_form_offers_it(qtbot: QtBot, installed: None, folder: Path) -> None:
    from workbench.gui.rankings.form import RunForm
    from workbench.gui.shell.session import Session
    from workbench.services.project import Project
    from workbench.services.searches import default_request, read_choices

    project = Project.open(folder)
    try:
        choices = project.lane.run(lambda: read_choices(project))
        request = default_request(choices)
        form = RunForm(Session(), choices, request, lambda request: None)
        form.strategy.setCurrentIndex(form.strategy.findText("Longest answers first"))
        assert form.request().strategy == "longest"
        shiboken6.delete(form)                       # before the package goes, not some time after
    finally:
        project.close()


def test_without_the_package_its_name_is_unknown_and_old_results_keep_it() -> None:
    assert "longest" not in offered()
    assert title_of("longest") == "longest"
    with pytest.raises(JobError, match="no search strategy “longest” here"):
        strategy("longest")


def test_the_page_on_adding_a_strategy_shows_this_very_package() -> None:
    page = (PACKAGE.parents[2] / "docs" / "adding-a-strategy.md").read_text(encoding="utf-8")
    block = page.split("```python\n")[1].split("```")[0]
    assert (PACKAGE / "extra_strategy.py").read_text(encoding="utf-8").endswith(block)
