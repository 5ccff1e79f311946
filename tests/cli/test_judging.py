from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.jobs.random_model import write_random_model


@pytest.fixture
def bench(project: Path, run: Run, tmp_path: Path) -> Path:
    """A project with a model, a question set of two questions, and two contestants' answers from files."""
    questions = tmp_path / "set" / "question.jsonl"
    questions.parent.mkdir()
    rows = [{"question_id": n, "category": "math", "turns": [f"{n} + 1?", "Twice?"],
             "reference": [f"{n + 1}", f"{2 * n + 2}"]} for n in (1, 2)]
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    files = []
    for name, right in (("good", 1), ("poor", 0)):
        lines = [{"question_id": n, "model_id": name, "choices": [{"index": 0, "turns": [str(n + right), "so so"]}]}
                 for n in (1, 2)]
        files.append(tmp_path / f"{name}.jsonl")
        files[-1].write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert run("import", project, questions)[0] == 0
    assert run("bench", "import-answers", project, *files)[1].startswith("8 answers of good, poor imported; 0 refused")
    return project


def test_answers_from_files_are_measured_compared_and_exported(bench: Path, run: Run, tmp_path: Path) -> None:
    assert run("bench", "measure", bench)[1].startswith("16 measures taken. They are no MT-Bench scores.")
    code, found, _ = run("bench", "numbers", bench, "--by", "exact", "--json")
    assert code == 0
    means = {(row["contestant_id"], row["group"]): row["interval"]["mean"] for row in found["table"]}
    assert (means[1, "Turn 1"], means[1, "Turn 2"], means[2, "All"]) == (1, 0, 0)
    assert found["differences"][0]["difference"]["interval"]["mean"] == 0.5
    shown = run("bench", "numbers", bench)[1]
    assert "not an MT-Bench score" in shown
    assert "Paired differences" in shown
    assert run("bench", "numbers", bench, "--by", "nobody")[2].startswith("workbench: There is no such judge")
    out = tmp_path / "out"
    made = run("bench", "export", bench, out, "--format", "alpaca_eval")[1].splitlines()
    assert sorted(map(Path, made)) == [out / "good.json", out / "poor.json"]


def test_judgements_of_a_file_become_numbers(bench: Path, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "j_pair.jsonl"
    rows = [{"question_id": n, "model_1": "good", "model_2": "poor", "judge": ["j", "pair-v2"], "turn": 1,
             "g1_winner": "model_1", "g2_winner": second} for n, second in ((1, "model_1"), (2, "model_2"), (9, "tie"))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    code, text, _ = run("bench", "import-judgements", bench, path)
    assert code == 1                                                     # one line was refused
    assert "2 judgements by j imported; 1 refused" in text
    assert "There is no answer of good to question 9" in text
    found = run("bench", "numbers", bench, "--by", "j", "--json")[1]
    assert [(row["model"], row["wins"], row["losses"], row["ties"]) for row in found["win_rates"]] == [
        ("good", 1, 0, 1), ("poor", 0, 1, 1)]
    assert found["bias"]["consistent"] == 0.5
    shown = run("bench", "numbers", bench, "--by", "j")[1]
    assert "Bradley–Terry ratings" in shown
    assert "What the judge likes" in shown


def test_a_judge_of_the_project_judges_and_says_before_what_it_takes(bench: Path, run: Run, tmp_path: Path) -> None:
    model = write_random_model(tmp_path / "random")
    assert run("models", "add", bench, model.path)[0] == 0
    code, estimate, _ = run("bench", "judge", bench, "--mode", "pairwise-all", "--price", 1, 2, "--estimate")
    assert code == 0
    assert estimate.startswith("8 requests, about ")
    prompts = tmp_path / "judge_prompts.jsonl"
    prompts.write_text("".join(json.dumps({
        "name": name, "type": "single", "system_prompt": "", "prompt_template": text, "output_format": "[[rating]]"})
        + "\n" for name, text in (("one", "{question} {ref_answer_1} {answer}"),
                                  ("two", "{question_2} {ref_answer_1} {answer_2}"))), "utf-8")
    code, text, _ = run("bench", "judge", bench, "--judge-prompts", prompts, "--max-tokens", 3, "--contestant", "good")
    assert code == 0
    assert "4 judgements, 4 unreadable" in text
    code, _, said = run("bench", "judge", bench, "--judge-prompts", prompts, "--contestant", "good")
    assert code == 1
    assert "has judged all of this already" in said
    code, _, said = run("bench", "judge", bench, "--mode", "pairwise-baseline")
    assert said.startswith("workbench: No baseline was chosen")
