"""A job that two processes do together ends as one process's does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.jobs.listening import Heard
from workbench.domain import Demonstration, ModelRef, Prompt, Question
from workbench.jobs.control import Control
from workbench.jobs.events import Event, Failed, Finished, RoundFinished, Scored, Started, Stopped
from workbench.jobs.kinds import run_job
from workbench.jobs.kinds.score import ScoreSpec
from workbench.jobs.kinds.search import SearchSpec
from workbench.jobs.run import LoadedModel, Run
from workbench.jobs.supervisor import Host, child_environment
from workbench.search.intervals import mean_logprob

POOL = tuple(Demonstration.pair(f"say {n}", f"thing {n * 13 % 7}", id=n) for n in range(1, 6))
QUESTIONS = tuple(Question((f"ask {n}",), (f"reply {n}",), id=n) for n in range(1, 6))
HELD = tuple(Question((f"held {n}",), (f"reply {n}",), id=100 + n) for n in range(1, 4))


def finding(events: list[Event]) -> tuple[list[int], list[float]]:
    """Whom each round chose, and each score."""
    return ([event.round.chosen_id for event in events if isinstance(event, RoundFinished)],
            [mean_logprob(event.score.answers) for event in events if isinstance(event, Scored)])


def test_two_processes_share_the_scoring_and_find_what_one_finds(model: ModelRef, tmp_path: Path) -> None:
    spec = SearchSpec(model, Prompt("Be good."), POOL, QUESTIONS, HELD, rounds=2, random_sets=2)
    heard, host = Heard(), Host(stay=True)
    host.run(replace(spec, processes=2, kept_scores=str(tmp_path / "scores")), heard)
    assert isinstance(heard.last(), Finished)
    host.wait()                                      # it has led another and does no other job
    assert next(event.facts["processes"] for event in heard.events if isinstance(event, Started)) == "2"
    alone: list[Event] = []
    run_job(spec, Run(alone.append, Control(), LoadedModel()))
    (chosen, scores), (chosen_alone, scores_alone) = finding(heard.events), finding(alone)
    assert chosen == chosen_alone
    assert scores == pytest.approx(scores_alone, abs=1e-4)
    assert len(list((tmp_path / "scores").iterdir())) == 1       # one of the two has written


@contextmanager
def led(model: ModelRef) -> Iterator[tuple[Host, Heard, psutil.Process]]:
    """A job of two processes that has begun to score and takes a while yet; and the process beside the first."""
    pool = tuple(Demonstration.pair(f"say {n}", f"thing {n} " * 20, id=n) for n in range(1, 400))
    heard, host = Heard(), Host()
    host.run(ScoreSpec(model, Prompt(), pool, QUESTIONS, processes=2), heard)
    heard.until(lambda event: isinstance(event, Scored))
    others = psutil.Process(host.pid).children()
    assert len(others) == 1
    try:
        yield host, heard, others[0]
    finally:
        host.close()


def test_a_process_that_is_lost_ends_the_job_with_the_reason(model: ModelRef) -> None:
    with led(model) as (host, heard, other):
        other.kill()
        last = heard.last()
        assert isinstance(last, Failed)
        assert "was killed" in last.message
        host.wait()


def test_no_process_is_left_when_the_job_is_cancelled(model: ModelRef) -> None:
    with led(model) as (host, heard, other):
        host.cancel()
        assert isinstance(heard.last(), Stopped)
        host.wait()
        other.wait(60)


def test_a_failure_of_all_is_said_once(model: ModelRef) -> None:
    long = tuple(Question(("ask " * 500,), ("reply",), id=n) for n in range(1, 4))
    heard, host = Heard(), Host()
    host.run(ScoreSpec(model, Prompt(), POOL, long, processes=2), heard)
    last = heard.last()
    assert isinstance(last, Failed)
    assert last.known
    assert "into the model's context" in last.message
    host.wait()
    assert len(heard.of("failed")) == 1


LOADING = """
import os
from types import SimpleNamespace
from workbench.errors import ModelError
from workbench.models import processes

def load(dtype):
    if dtype is None:
        raise ModelError("There is no room here.")
    return SimpleNamespace(facts={"dtype": dtype}, ref=None, context=1, tokenizer=None, close=lambda: None)

def say(line):
    os.write(1, f"{line}\\n".encode())                  # whole, beside the other's

processes.join("cpu")
for dtypes in (("float32", None), ("float32", "bfloat16"), ("float32", "float32")):
    try:
        say(processes.loaded(lambda: load(dtypes[processes.rank()])).facts["processes"])
    except ModelError as error:
        say(error.what)
processes.leave()
"""


def test_processes_go_on_with_a_model_that_all_have_loaded_alike() -> None:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--no-python"]
    both = subprocess.run([sys.executable, *launcher, sys.executable, "-c", LOADING], capture_output=True, text=True,
                          env=child_environment(), check=True)
    assert sorted(both.stdout.splitlines()) == sorted(2 * [
        "There is no room here.", "The processes would compute in different types: float32, bfloat16.", "2"])
