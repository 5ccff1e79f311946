"""The tour on a small part of the sample; the whole of it is ``make tour``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.alignment.options import PRESETS
from workbench.errors import ProjectError
from workbench.services.project import Project
from workbench.tour import Scale, take_tour

TRAINING = replace(PRESETS["quick"], steps=2, episodes=8, batch=2, most=5, evaluate_every=0)
SMALL = Scale(pool="category:math source:hand-written", rounds=1, random_sets=2, training=TRAINING, examples=3,
              questions=3, pages=("jobs",))


def test_it_goes_from_import_to_report_and_again_into_the_same_folder(tmp_path: Path) -> None:
    said: list[str] = []
    returned = take_tour(tmp_path, said.append, SMALL, quiet=True)
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["search"]["chosen"] == returned["search"]["chosen"]
    assert summary["counts"]["imported"] > 150
    assert summary["counts"]["skipped"] > 0
    assert summary["counts"]["refused"] == 0
    assert 0 < summary["counts"]["scored"] < 50
    heldout = summary["search"]["heldout"]
    assert heldout["difference"]["mean"] == pytest.approx(heldout["sets"]["chosen"] - heldout["random_mean"])
    assert heldout["difference"]["low"] <= heldout["difference"]["mean"] <= heldout["difference"]["high"]
    assert set(summary["seconds"]) == {"import", "score", "search", "align", "bench", "export", "screens"}
    _check_training(summary["alignment"])
    _check_bench(summary["bench"])
    assert {file.name for file in (tmp_path / "screens").iterdir()} == {"jobs-light.png", "jobs-dark.png"}
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert report.startswith("<!DOCTYPE html>")
    assert "Training: held-out answers" in report
    assert "Bench: reference log-likelihood" in report
    _check_prompt(tmp_path, summary["search"]["chosen"])


def _check_training(said: dict[str, Any]) -> None:
    assert said["options"]["steps"] == 2
    assert said["before"]["log_likelihood_8"] < 0
    assert said["before"] != said["after"]


def _check_bench(said: dict[str, Any]) -> None:
    assert (said["questions"], len(said["contestants"])) == (3, 4)          # as many as were asked for, spread over 80
    likelihood = next(one for one in said["measures"] if one["name"] == "Reference log-likelihood")
    assert set(likelihood["means"]) == set(said["contestants"])
    # of three questions Student's interval is wide: its upper end may lie above 0, where no log-likelihood can
    assert all(one["low"] <= one["mean"] <= one["high"] and one["mean"] < 0 for one in likelihood["means"].values())
    assert {"Rules kept, exact grader", "Exact match with the reference"} <= {one["name"] for one in said["measures"]}


def _check_prompt(out: Path, chosen: list[int]) -> None:
    """The exported prompt holds the chosen demonstration, before the base prompt's own three."""
    project = Project.open(out / "project", read_only=True)
    try:
        demonstration, = project.lane.run(lambda: project.demonstrations.get(chosen))
        base = project.lane.run(lambda: project.prompts.get(1)).demonstrations
    finally:
        project.close()
    text = (out / "prompt.txt").read_text(encoding="utf-8")
    assert text.count("# Query:\n```") == len(base) + 1
    assert text.index(demonstration.instruction) < text.index(base[0].instruction)


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "diary.txt").write_text("dear diary", encoding="utf-8")
    with pytest.raises(ProjectError, match="There is no project in"):
        take_tour(tmp_path, lambda line: None, SMALL, quiet=True)
    assert (tmp_path / "project" / "diary.txt").exists()
