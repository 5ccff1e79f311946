"""Jobs from the command line, with real children and a model of random weights."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import workbench_resources as resources
from tests.cli.conftest import Run
from tests.jobs.random_model import write_random_model
from tests.jobs.workplace import Workplace
from workbench.domain import ModelRef
from workbench.jobs.kinds.search import SearchSpec
from workbench.jobs.wire import decode_spec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _project(tmp_path, candidates=5, questions=6)


def _project(tmp_path: Path, *, candidates: int, questions: int) -> Path:
    """A project with candidates, two question sets and a model."""
    model = write_random_model(tmp_path / "random")
    place = Workplace.make(tmp_path / "project", ModelRef("random", model.path), candidates=candidates,
                           questions=questions)
    place.run(lambda: place.project.models.register(tmp_path / "random", "random"))
    place.project.close()
    return tmp_path / "project"


def test_ctrl_c_stops_a_search_and_resume_finishes_it(tmp_path: Path, run: Run) -> None:
    folder = _project(tmp_path, candidates=30, questions=16)         # seconds of work are left after the first round
    command = [sys.executable, "-m", "workbench", "search", str(folder), "--rounds", "3", "--random-sets", "200"]
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and hand
    try:                                                             # that down to all that they start
        started = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, ours)
    with started as program:
        assert program.stderr
        for line in program.stderr:
            if line.startswith("Round 1: demonstration"):
                break
        program.send_signal(signal.SIGINT)
        _, err = program.communicate(timeout=180)
    assert program.returncode == 1
    assert err.splitlines()[-1] == (
        "workbench: Cancelled; what was finished is kept. Go on with it: workbench jobs resume PROJECT 1")
    assert [one["state"] for one in run("jobs", "list", folder, "--json")[1]] == ["stopped"]
    code, found, err = run("jobs", "resume", folder, 1, "--json")
    assert (code, err) == (0, "")
    assert len(found["summary"]["chosen"]) == 3
    assert found["summary"]["heldout"]["difference"]["mean"] is not None
    assert found["ranking"][0]["demonstration_id"] == found["summary"]["chosen"][0]
    _look_at_a_finished_search(folder, tmp_path, run)


def test_a_job_can_be_written_to_a_file_and_is_not_run(folder: Path, tmp_path: Path, run: Run) -> None:
    file = tmp_path / "job.json"
    code, found, _ = run("search", folder, "--strategy", "vote_k", "--rounds", "2", "--embedding-baselines",
                         "--write-job", file, "--json")
    assert (code, found) == (0, {"file": str(file)})
    spec = decode_spec(file.read_bytes())
    assert isinstance(spec, SearchSpec)
    assert (spec.strategy, spec.rounds, spec.options.embedding_baselines) == ("vote_k", 2, True)
    assert run("jobs", "list", folder, "--json")[1] == []
    code, _, err = run("search", folder, "--write-job", tmp_path / "nowhere" / "job.json")
    assert code == 1
    assert "cannot be written" in err


def test_what_each_demonstration_of_a_prompt_adds_is_told(folder: Path, run: Run) -> None:
    code, _, err = run("sensitivity", folder)
    assert code == 1
    assert "no demonstration to measure" in err
    assert run("import", folder, resources.path("sample", "base_prompt.txt"))[0] == 0
    code, found, err = run("sensitivity", folder, "--orders", "3", "--json")
    assert (code, err) == (0, "")
    assert [one["place"] for one in found["summary"]["demonstrations"]] == [1, 2, 3]
    assert found["summary"]["orders"]["tried"] == 3
    code, text, _ = run("sensitivity", folder, "--orders", "0")
    assert code == 0
    assert "adds least" in text
    assert "orders:" not in text


def _look_at_a_finished_search(folder: Path, tmp_path: Path, run: Run) -> None:
    assert "Round 1: demonstration" in run("jobs", "log", folder, 1)[1]
    assert "Greedy search" in run("jobs", "watch", folder, 1)[1]
    code, _, err = run("jobs", "resume", folder, 1)
    assert code == 1
    assert "is finished, so it cannot be resumed" in err
    assert run("export", folder, tmp_path / "report.html", "--report", 1)[0] == 0
    assert run("list", folder, "gain>-100", "--json")[1]["total"] == 30
    assert run("jobs", "remove", folder, 1)[0] == 0
    assert run("jobs", "list", folder, "--json")[1] == []


@pytest.mark.parametrize(("arguments", "said"), [
    (["score", "--model", "big"], "There is no model “big”. There are: 1 “random”."),
    (["search", "--questions", "none such"], "There is no question set “none such”."),
    (["search", "--heldout", "1"], "6 of the held-out questions are among the search questions."),
    (["score", "--filter", "nothing like that"], "There is no candidate in this pool."),
])
def test_what_cannot_be_done_is_said_in_a_line(folder: Path, run: Run, arguments: list[str], said: str) -> None:
    code, out, err = run(arguments[0], folder, *arguments[1:])
    assert (code, out) == (1, "")
    assert said in err
