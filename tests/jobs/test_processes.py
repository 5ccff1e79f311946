"""A job that two processes do together ends as one process's does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.domain import Demonstration, ModelRef, Prompt, Question
from workbench.jobs.control import Control
from workbench.jobs.events import Event, Finished, RoundFinished, Scored, Started
from workbench.jobs.run import LoadedModel, Run
from workbench.jobs.runners import run_job
from workbench.jobs.specs import SearchSpec
from workbench.jobs.wire import decode_event, encode_spec
from workbench.search.intervals import mean_logprob

POOL = tuple(Demonstration.pair(f"say {n}", f"thing {n * 13 % 7}", id=n) for n in range(1, 6))
QUESTIONS = tuple(Question((f"ask {n}",), (f"reply {n}",), id=n) for n in range(1, 6))
HELD = tuple(Question((f"held {n}",), (f"reply {n}",), id=100 + n) for n in range(1, 4))


def together(spec: SearchSpec, folder: Path) -> list[list[Event]]:
    """What each of two processes says."""
    file = folder / "spec.json"
    file.write_text(encode_spec(spec), encoding="ascii")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = []
    for rank in range(2):
        shared = {"WORLD_SIZE": "2", "RANK": str(rank), "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1",
                  "MASTER_PORT": str(port), "ACCELERATE_USE_CPU": "1"}
        command = [sys.executable, "-m", "workbench.jobs", "--nice", "0", str(file)]
        running.append(subprocess.Popen(command, env=os.environ | shared, text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE))
    said = []
    for process in running:
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, out + err
        said.append([decode_event(line.encode()) for line in out.splitlines()])
    return said


def test_two_processes_share_the_scoring_and_find_what_one_finds(model: ModelRef, tmp_path: Path) -> None:
    spec = SearchSpec(model, Prompt("Be good."), POOL, QUESTIONS, HELD, rounds=2, random_sets=2)
    first, silent = together(replace(spec, kept_scores=str(tmp_path / "scores")), tmp_path)
    assert silent == []
    assert next(event.facts["processes"] for event in first if isinstance(event, Started)) == "2"
    alone: list[Event] = []
    run_job(spec, Run(alone.append, Control(), LoadedModel()))
    assert [event.round.chosen_id for event in first if isinstance(event, RoundFinished)] == [
        event.round.chosen_id for event in alone if isinstance(event, RoundFinished)]
    for one, other in zip((event for event in first if isinstance(event, Scored)),
                          (event for event in alone if isinstance(event, Scored)), strict=True):
        assert one.score.demonstration_id == other.score.demonstration_id
        assert mean_logprob(one.score.answers) == pytest.approx(mean_logprob(other.score.answers), abs=1e-4)
    assert isinstance(first[-1], Finished)
    assert len(list((tmp_path / "scores").iterdir())) == 1
