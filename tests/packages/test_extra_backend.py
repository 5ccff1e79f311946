"""A model backend from an installed package: added, scored with in a job, and named where it is gone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.jobs.random_model import write_random_model
from tests.jobs.workplace import Workplace
from tests.packages.conftest import Install, forget
from workbench.domain import Backend, ModelRef, Prompt
from workbench.errors import ModelError
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
    forget()
    sys.path.remove(str(PACKAGE))
    project = Project.open(tmp_path / "project", person="Ada")
    (model,) = [model for model in project.models.all() if model.ref.name == "english"]
    assert (model.state, model.ref.backend) == ("unavailable", "letters")
    assert "Install the package" in model.reason
    project.close()
    with pytest.raises(ModelError, match="nothing here can run"):
        load(model.ref)


def test_a_job_keeps_the_name_of_a_backend_that_only_a_package_knows() -> None:
    spec = ScoreSpec(ModelRef("m", "/m", Backend("of_a_package")), Prompt(), (), ())
    assert decode_spec(encode_spec(spec)).model.backend == "of_a_package"
