"""The commands on a project's data, run as a person runs them but for the process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from workbench.cli import main


def test_a_project_is_made_once_and_a_second_time_refused(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "project"
    assert run("new", folder, "--name", "Tales")[1].startswith("Made the project “Tales”")
    code, out, err = run("new", folder)
    assert (code, out) == (1, "")
    assert err.startswith("workbench: There is a project in")


def test_an_import_counts_what_came_what_was_there_and_what_was_refused(
    tmp_path: Path, project: Path, run: Run
) -> None:
    code, data, _ = run("import", project, tmp_path / "pool.jsonl", "--json")
    assert code == 0
    assert (data["imported"], data["skipped"]) == (0, 7)
    assert data["refused"][0][0] == 8
    assert "7 there already, 1 refused" in run("import", project, tmp_path / "pool.jsonl")[1]


def test_new_demonstrations_of_the_mini_world_come_in_by_name(project: Path, run: Run) -> None:
    assert run("import", project, "mini-world", "--count", "30", "--json")[1]["imported"] == 30


def test_a_preview_imports_nothing(tmp_path: Path, run: Run) -> None:
    run("new", tmp_path / "p")
    (tmp_path / "a.csv").write_text("frage,antwort\nx,y\n", encoding="utf-8")
    code, data, _ = run("import", tmp_path / "p", tmp_path / "a.csv", "--preview", "--map", "instruction=frage",
                        "--map", "answer=antwort", "--json")
    assert code == 0
    assert data["demonstrations"][0]["turns"][1]["text"] == "y"
    assert run("list", tmp_path / "p", "--json")[1]["total"] == 0


def test_demonstrations_are_listed_filtered_sorted_and_cut(project: Path, run: Run) -> None:
    data = run("list", project, "category:a", "--sort", "instruction", "--descending", "--limit", "2", "--json")[1]
    assert data["total"] == 3
    assert [row["instruction"] for row in data["rows"]] == ["say 4", "say 2"]
    text = run("list", project, "--limit", "2")[1]
    assert "instruction" in text.splitlines()[0]
    assert text.rstrip().endswith("4 more")


def test_one_demonstration_is_shown_with_its_turns_and_history(project: Path, run: Run) -> None:
    text = run("show", project, 1)[1]
    assert "assistant:\nthing 0" in text
    assert "imported from pool.jsonl" in text
    code, data, err = run("show", project, 99, "--json")
    assert code == 1
    assert data["error"]["what"] in err


def test_undo_and_redo_take_an_import_back_and_forth(project: Path, run: Run) -> None:
    assert "imported" in run("undo", project)[1]
    assert run("list", project, "--json")[1]["total"] == 0
    run("redo", project)
    assert run("list", project, "--json")[1]["total"] == 6
    run("undo", project)
    assert run("undo", project)[1] == "There is nothing to undo.\n"


def test_what_is_exported_comes_in_again(tmp_path: Path, project: Path, run: Run) -> None:
    out = tmp_path / "out.jsonl"
    assert run("export", project, out, "--filter", "category:b", "--json")[1]["count"] == 3
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3
    assert run("import", project, out, "--json")[1]["skipped"] == 3
    code, _, err = run("export", project, tmp_path / "out.xyz")
    assert code == 1
    assert "Give --format" in err


def test_a_prompt_file_comes_in_and_goes_out_the_same(tmp_path: Path, project: Path, run: Run) -> None:
    file = tmp_path / "urial.txt"
    text = "# Instruction\n\nBe good.\n\n# Query:\n```\nHow?\n```\n\n# Answer:\n```\nSo.\n```\n"
    file.write_text(text, encoding="utf-8")
    assert run("import", project, file, "--json")[1]["prompt_id"] == 1
    assert run("prompts", "show", project)[1].rstrip("\n") == text.rstrip("\n")
    run("export", project, tmp_path / "again.txt", "--prompt")
    assert (tmp_path / "again.txt").read_bytes() == file.read_bytes()
    run("prompts", "add", project, "urial", 1, 2)
    listed = run("prompts", "list", project, "--json")[1]
    assert [(one["name"], one["demonstrations"], one["version"]) for one in listed] == [("urial", 3, 2)]
    code, _, err = run("prompts", "show", project, "nothing")
    assert code == 1
    assert "There is no prompt “nothing”. There are: 1 “urial”." in err


def test_questions_come_in_with_their_references(tmp_path: Path, project: Path, run: Run) -> None:
    question = {"question_id": 81, "category": "writing", "turns": ["one", "two"]}
    answer = {"question_id": 81, "choices": [{"turns": ["first", "second"]}]}
    (tmp_path / "question.jsonl").write_text(json.dumps(question) + "\n", encoding="utf-8")
    (tmp_path / "answers.jsonl").write_text(json.dumps(answer) + "\n", encoding="utf-8")
    run("questions", "add", project, tmp_path / "question.jsonl", "--references", tmp_path / "answers.jsonl",
        "--name", "small")
    listed = run("questions", "list", project, "--json")[1]
    assert [(one["name"], one["questions"], one["with_references"]) for one in listed] == [("small", 1, 1)]


def test_a_whole_project_is_checked_and_a_damaged_one_found(project: Path, run: Run) -> None:
    assert run("check", project) == (0, "No problem found.\n", "")
    file = project / "project.db"
    file.write_bytes(file.read_bytes().replace(b"thing 3", b"thing 9"))
    code, data, _ = run("check", project, "--json")
    assert code == 1
    assert data["problems"]


def test_a_backup_is_a_file_in_the_projects_folder(project: Path, run: Run) -> None:
    assert Path(run("backup", project, "--json")[1]["backup"]).parent == project / "backups"


def test_a_job_needs_a_model_and_says_how_to_add_one(project: Path, run: Run) -> None:
    code, _, err = run("score", project)
    assert code == 1
    assert err == ("workbench: The project has no model. Add one on the Models page, or with: workbench models add "
                   "PROJECT FOLDER\n")
    assert run("jobs", "list", project) == (0, "(none)\n", "")
    assert run("jobs", "cancel", project, 7)[0] == 1


@pytest.mark.parametrize("arguments", [[], ["frobnicate"], ["list"], ["jobs"], ["show", "p", "one"]])
def test_wrong_usage_exits_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    assert "usage: workbench" in capsys.readouterr().err


def test_help_imports_neither_torch_nor_qt_nor_sql_nor_numpy() -> None:
    code = ("import sys\nfrom workbench.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
            "print(sorted({'torch', 'PySide6', 'sqlalchemy', 'numpy', 'pydantic'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=180, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_names_what_the_program_stands_on(run: Run) -> None:
    found = run("version", "--json")[1]
    assert found["workbench"]
    assert found["torch"] != "not installed"
