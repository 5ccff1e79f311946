"""A measure and a judge from an installed package, in the form, on the command line and in the report."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.cli.conftest import Run
from tests.jobs.random_model import write_random_model
from tests.jobs.workplace import Workplace
from tests.packages.conftest import Install
from workbench.bench.measures import instant, instant_measure, measure_named
from workbench.domain import Answer, Contestant, ModelRef
from workbench.errors import JobError
from workbench.services.project import Project

PACKAGE = Path(__file__).with_name("extra_judge")


@pytest.fixture
def installed(install: Install) -> None:
    install("extra_judge")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a model, and an answer of another contestant to one of its questions."""
    model = write_random_model(tmp_path / "random")
    place = Workplace.make(tmp_path / "project", ModelRef("random", model.path), candidates=4, questions=2)
    place.run(lambda: place.project.models.register(tmp_path / "random", "random"))
    question = place.questions(1)[0].id or 0
    place.run(lambda: place.project.bench.store_answers(
        [Contestant("guest", ModelRef("guest", ""))], [Answer(0, question, 0, 0, "Thank you")], "answered"))
    place.project.close()
    return tmp_path / "project"


def test_answers_are_measured_and_reported(installed: None, folder: Path, run: Run) -> None:
    assert run("bench", "measure", folder)[0] == 0
    _, text, _ = run("bench", "numbers", folder, "--by", "polite")
    assert text.startswith("Politeness: not an MT-Bench score")
    _, found, _ = run("bench", "numbers", folder, "--by", "same_length", "--json")
    assert found["measure"]["name"] == "same_length"
    project = Project.open(folder, read_only=True)
    try:
        (polite,) = [one for one in project.lane.run(lambda: project.bench.judgements(1)) if one.name == "polite"]
    finally:
        project.close()
    assert (polite.judge, polite.score, polite.words) == ("grader", 1.0, "It thanks.")


def test_the_report_of_a_comparison_names_it(installed: None, folder: Path) -> None:
    from workbench.services.bench_measures import measures as of_answers
    from workbench.services.bench_reading import read_bench

    project = Project.open(folder)
    try:
        project.lane.run(lambda: project.judging.measure(1))
        reading = project.lane.run(lambda: read_bench(project, 1))
    finally:
        project.close()
    labels = {one.name: (one.label, one.unit, one.scale) for one in of_answers(reading)}
    assert labels["polite"] == ("Politeness", "share of polite answers", (0.0, 1.0))
    assert labels["same_length"] == ("As long as the reference", "0 to 1", (0.0, 1.0))


def test_a_search_goes_by_it_in_a_process_of_its_own(installed: None, folder: Path, run: Run) -> None:
    code, found, err = run("bench", "judged-search", folder, "--by", "same_length", "--rounds", "1", "--prompt", "none",
                           "--max-tokens", "4", "--json")
    assert (code, err) == (0, "")
    assert found["by"] == "same_length"
    assert len(found["chosen"]) == 1


def test_the_form_offers_it(installed: None, folder: Path, qtbot: QtBot) -> None:
    from workbench.gui.bench.recipes.form import KINDS, RecipeForm
    from workbench.gui.shell.session import Session
    from workbench.services.recipes import read_recipe_choices

    session = Session()
    session.adopt(Project.open(folder))
    try:
        assert session.project is not None
        project = session.project
        choices = project.lane.run(lambda: read_recipe_choices(project))
        form = RecipeForm(session, choices, 1, None, lambda request: None)
        qtbot.addWidget(form)
        form.kind.set_current(KINDS.index("judged_search"))
        form.judge.setCurrentIndex(form.judge.findText("Politeness, by its words"))
        assert form.request().by == "polite"
        assert form.start.isEnabled()
    finally:
        session.close_project()
        session.join()


def test_without_the_package_its_name_is_unknown_and_old_results_keep_it() -> None:
    assert "polite" not in instant()
    assert measure_named("same_length").title == "Same length"
    with pytest.raises(JobError, match="no measure or judge “polite” here"):
        instant_measure("polite")
