"""The command line among pipes, encodings and folders that are closed to it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from tests.cli.conftest import Run
from workbench.cli import main


def _run(*words: object, stdout: int | IO[bytes] = subprocess.PIPE, encoding: str = "utf-8"
         ) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "workbench", *map(str, words)], stdout=stdout, stderr=subprocess.PIPE,
                          env={**os.environ, "PYTHONIOENCODING": encoding}, check=False)


@pytest.mark.skipif(os.name == "nt", reason="pipes break otherwise there")
def test_a_reader_that_has_gone_gets_no_traceback_also_not_for_an_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    closed = _run("list", tmp_path / "nowhere", "--json", stdout=write)
    os.close(write)
    assert closed.returncode == 1
    assert closed.stderr.count(b"\n") == 1
    assert b"There is no project" in closed.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no full disk at hand")
def test_an_output_that_cannot_be_written_is_said_in_a_line(project: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = _run("list", project, stdout=full)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [b"workbench: Standard output cannot be written: No space left on device."]


def test_signs_that_the_output_lacks_are_escaped_and_json_stays_json(project: Path) -> None:
    made = _run("new", project.parent / "ü 😀", "--json", encoding="ascii")
    assert (made.returncode, made.stderr) == (0, b"")
    assert json.loads(made.stdout)["name"] == "ü 😀"
    refused = _run("list", project.parent / "ö", encoding="ascii")
    assert refused.returncode == 1
    assert b"\\xf6" in refused.stderr


def test_rows_come_in_through_a_pipe(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = io.TextIOWrapper(io.BytesIO(b'{"instruction": "piped", "output": "in"}\n'), "utf-8")
    monkeypatch.setattr(sys, "stdin", rows)
    assert run("import", project, "-", "--json")[1]["imported"] == 1
    assert run("list", project, "piped", "--json")[1]["rows"][0]["source"] == "stdin"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_a_pipe_by_name_is_refused_at_once(tmp_path: Path, project: Path, run: Run) -> None:
    os.mkfifo(tmp_path / "rows.jsonl")
    code, _, err = run("import", project, tmp_path / "rows.jsonl")
    assert code == 1
    assert "can be read only once" in err


def test_a_file_of_which_nothing_can_be_taken_ends_with_one(tmp_path: Path, project: Path, run: Run) -> None:
    (tmp_path / "a.csv").write_text("frage,antwort\nx,y\n", encoding="utf-8")
    code, data, _ = run("import", project, tmp_path / "a.csv", "--map", "instruction=nothing", "--json")
    assert (code, data["imported"], len(data["refused"])) == (1, 0, 1)


def test_words_may_stand_after_options(project: Path, run: Run) -> None:
    found = run("list", project, "--sort", "instruction", "category:a", "--limit", "1", "--json")[1]
    assert found["total"] == 3


@pytest.mark.parametrize("arguments", [
    ["list", "P", "--limit", "-1"], ["import", "P", "mini-world", "--count", "0"], ["search", "P", "--rounds", "0"],
    ["search", "P", "--seed", "-1"], ["bench", "answer", "P", "--temperature", "-1"],
    ["bench", "answer", "P", "--top-p", "2"], ["bench", "answer", "P", "--repetition-penalty", "0"],
    ["bench", "answer", "P", "--temperature", "nan"], ["bench", "scaling", "P", "--sizes", "0,x"],
    ["bench", "tuning", "P", "--sizes", ""],
])
def test_a_number_that_makes_no_sense_is_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "is not a" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that is closed to us")
def test_a_folder_that_may_not_be_looked_into_is_said(tmp_path: Path, project: Path, run: Run) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    for words in (("list", closed), ("new", closed / "project"), ("models", "add", project, closed)):
        code, _, err = run(*words)
        assert code == 1
        assert "cannot be read (Permission denied)" in err
