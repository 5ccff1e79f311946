"""The bench from the command line, on the sample project and the tiny models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.services.project import open_sample

FEW = ("--only", "2", "--max-tokens", "8")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "sample"
    open_sample(folder).close()
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_models_answer_under_prompts_and_are_found(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "bench", "answer", sample, "--model", "tiny-student", "--prompt", "Base prompt",
                       "--prompt", "none", *FEW)
    assert code == 0
    assert "8 answers" in out
    _, out, _ = run(capsys, "bench", "contestants", sample, "--json")
    assert [one["name"] for one in json.loads(out)] == ["tiny-student, Base prompt", "tiny-student, no prompt"]
    _, out, _ = run(capsys, "bench", "search", sample, "dear friend")
    assert "tiny-student, Base prompt" in out


def test_judging_follows_answering_and_recipes(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    some = ("--model", "tiny-student", "--prompt", "none", "--only", "1", "--max-tokens", "3", "--json")
    code, out, _ = run(capsys, "bench", "answer", sample, *some, "--then-judge", "tiny-student", "--judge-max-tokens",
                       "3")
    assert code == 0
    (judging,) = json.loads(out)["judging"]
    _, out, _ = run(capsys, "jobs", "list", sample, "--json")
    jobs = {one["id"]: one for one in json.loads(out)}
    assert (jobs[judging]["kind"], jobs[judging]["state"]) == ("judge", "finished")
    code, out, _ = run(capsys, "bench", "sweep", sample, *some, "--axis", "temperature=1", "--repeats", "1",
                       "--then-judge", "likelihood")
    assert code == 0
    _, out, _ = run(capsys, "jobs", "list", sample, "--json")
    assert {one["title"].split(" of ")[0] for one in json.loads(out)} >= {"Likelihood"}
    before = len(json.loads(out))
    code, _, error = run(capsys, "bench", "answer", sample, *some, "--then-judge", "tiny-student", "--mode",
                         "pairwise-baseline")
    assert (code, "--baseline" in error) == (1, True)
    assert len(json.loads(run(capsys, "jobs", "list", sample, "--json")[1])) == before


def test_a_recipe_prints_its_chart_and_can_be_asked_for_another_score(
    sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "bench", "scaling", sample, "--model", "tiny-student", "--sizes", "0,3,5", "--series",
                       "random,unsupervised", "--seeds", "1", "--json", *FEW)
    assert code == 0
    found = json.loads(out)
    assert found["score"]["name"] == "log_likelihood"
    assert [(one["series"], one["x"]) for one in found["points"]] == [
        (series, x) for series in ("random", "unsupervised") for x in (0, 3, 5)]
    _, out, _ = run(capsys, "bench", "points", sample, str(found["job_id"]), "--score", "rules")
    assert "mini-world" in out
    code, _, error = run(capsys, "bench", "points", sample, str(found["job_id"]), "--score", "beauty")
    assert code == 1
    assert "log_likelihood, f1, exact, rules" in error


def test_demonstrations_in_context_stand_beside_a_model_trained_on_them_turn_by_turn(
    sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "bench", "tuning", sample, "--model", "tiny-student", "--prompt", "none", "--sizes", "3",
                       "--seeds", "1", "--epochs", "2", "--lora-rank", "2", "--no-answers", "--only", "2", "--json")
    assert code == 0
    found = json.loads(out)["points"]
    assert [(one["series"], one["turn"], one["x"], one["answers"]) for one in found] == [
        (series, turn, 3, 2) for series in ("in_context", "fine_tuned") for turn in (0, 1)]


def test_a_greedy_series_without_gains_and_an_axis_without_numbers_are_refused(
    sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, error = run(capsys, "bench", "scaling", sample, "--series", "greedy", *FEW)
    assert code == 1
    assert "Score them first" in error
    code, _, error = run(capsys, "bench", "sweep", sample, "--axis", "temperature=hot", *FEW)
    assert code == 1
    assert "temperature=0,0.5,1" in error


def test_the_workbenchs_own_questions_come_with_their_pool_and_prompt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "new", tmp_path / "project")
    code, out, _ = run(capsys, "questions", "add", tmp_path / "project", "general", "--pool")
    assert code == 0
    assert "80 questions" in out
    assert "60 demonstrations" in out
    _, out, _ = run(capsys, "prompts", "list", tmp_path / "project", "--json")
    assert [(one["name"], one["demonstrations"]) for one in json.loads(out)] == [("General", 3)]
    code, _, error = run(capsys, "questions", "add", tmp_path / "project", "special")
    assert code == 1
    assert "special" in error
