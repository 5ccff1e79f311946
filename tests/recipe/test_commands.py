"""The recipe's command line."""

import json
from pathlib import Path

import pytest

import workbench_resources as resources
from workbench_resources.recipe.__main__ import main
from workbench_resources.recipe.rules import FAMILIES


def test_measure_prints_log_p_and_exact_match_of_every_family(capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(resources.path("models", "tiny-student"))
    assert main(["measure", folder, "--count", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"good 0", "good 8", "irrelevant 8", "rival 8", "wrong 8"} <= set(found)
    assert set(found["good 8"]) == {"all", *FAMILIES}
    log_p, exact = found["good 8"]["label"]
    assert log_p < 0.0
    assert exact in (0.0, 1.0)


def test_the_table_for_reading_has_a_line_for_each_kind_of_demonstrations(capsys: pytest.CaptureFixture[str]) -> None:
    main(["measure", str(resources.path("models", "tiny-student")), "--count", "1"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| demonstrations | all | label |")
    assert len(lines) == 2 + 8


def test_sample_writes_the_project(tmp_path: Path) -> None:
    assert main(["sample", "--out", str(tmp_path / "new")]) == 0
    assert (tmp_path / "new" / "reference_answer" / "heldout.jsonl").exists()


def test_an_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["bake"])
    assert stopped.value.code == 2
    assert "bake" in capsys.readouterr().err
