"""Real children, from start to every kind of end. Counting tokens needs no weights, so they start fast."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.jobs.listening import Heard
from workbench.domain import ModelRef
from workbench.jobs.events import Counted, Failed, Finished, Progress, Stopped
from workbench.jobs.kinds.count import CountResult, CountSpec
from workbench.jobs.supervisor import CANCEL_SECONDS, Host
from workbench.jobs.wire import encode_spec

SMALL = ((1, "one"), (2, "zwölf"))


def endless(model: ModelRef) -> CountSpec:
    """Some seconds of work in steps of milliseconds."""
    return CountSpec(model, tuple((id, "word " * 50) for id in range(20_000)))


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.close()


def test_a_job_runs_and_its_process_ends(model: ModelRef, host: Host) -> None:
    heard = Heard()
    host.run(CountSpec(model, SMALL), heard)
    assert heard.last() == Finished(CountResult(2))
    assert heard.of("counted") == [Counted(((1, 3), (2, 6)))]
    host.wait()
    assert not host.alive


def test_a_host_that_stays_runs_another_job_in_the_same_process(model: ModelRef) -> None:
    host = Host(stay=True)
    try:
        for _ in range(2):
            heard = Heard()
            host.run(CountSpec(model, SMALL), heard)
            assert heard.last() == Finished(CountResult(2))
            assert host.alive
            assert not host.busy
    finally:
        host.close()
    assert not host.alive


def test_a_known_error_ends_the_job_and_not_the_host(model: ModelRef, tmp_path: Path) -> None:
    host = Host(stay=True)
    try:
        lost, found = Heard(), Heard()
        host.run(CountSpec(ModelRef("gone", str(tmp_path / "gone")), SMALL), lost)
        failed = lost.last()
        assert isinstance(failed, Failed)
        assert failed.known
        assert failed.traceback == ""
        host.run(CountSpec(model, SMALL), found)
        assert isinstance(found.last(), Finished)
    finally:
        host.close()


def test_cancel_stops_it_and_keeps_what_came(model: ModelRef, host: Host) -> None:
    heard = Heard()
    host.run(endless(model), heard)
    heard.until(lambda event: isinstance(event, Counted))
    host.cancel()
    assert heard.last() == Stopped()
    assert heard.of("counted")
    host.wait()


def test_a_job_that_does_not_heed_is_killed_and_has_stopped(model: ModelRef, host: Host) -> None:
    heard = Heard()
    host.run(endless(model), heard)
    heard.until(lambda event: isinstance(event, Counted))
    os.kill(host.pid, signal.SIGSTOP)                 # as deaf as a process in a long native call
    host.cancel()
    assert heard.last() == Stopped()
    host.wait()
    assert not host.alive
    assert CANCEL_SECONDS < 1, "cancel has to work within a second"


def test_pause_holds_it_at_a_step_and_resume_lets_it_finish(model: ModelRef, host: Host) -> None:
    heard = Heard()
    host.run(endless(model), heard)
    host.pause()
    heard.until(lambda event: isinstance(event, Counted))
    heard.quiet(0.5)
    assert not heard.of("finished"), "it goes on while it is paused"
    host.resume()
    assert heard.last() == Finished(CountResult(20_000))
    counted = [id for event in heard.of("counted") if isinstance(event, Counted) for id, _ in event.counts]
    assert counted == list(range(20_000)), "a pause lost or repeated something"


@pytest.mark.parametrize(("deadly", "known", "said"), [
    (signal.SIGKILL, True, "was killed"), (signal.SIGSEGV, False, "native code (SIGSEGV)"),
])
def test_a_death_is_told_with_what_happened(
    deadly: signal.Signals, known: bool, said: str, model: ModelRef, host: Host
) -> None:
    heard = Heard()
    host.run(endless(model), heard)
    heard.until(lambda event: isinstance(event, Counted))
    os.kill(host.pid, deadly)
    failed = heard.last()
    assert isinstance(failed, Failed)
    assert said in failed.message
    assert failed.known is known
    if deadly == signal.SIGSEGV:
        assert "Fatal Python error: Segmentation fault" in failed.traceback


def test_a_word_that_comes_too_late_does_not_reach_the_next_job(model: ModelRef) -> None:
    host = Host(stay=True)
    try:
        for word in (host.pause, host.resume):
            heard = Heard()
            host.run(CountSpec(model, SMALL), heard)
            assert isinstance(heard.last(), Finished)
            word()
    finally:
        host.close()


def test_a_death_while_idle_is_told_to_nobody_and_the_next_job_fails_with_words(model: ModelRef) -> None:
    host = Host(stay=True)
    heard = Heard()
    host.kill()
    host.run(CountSpec(model, SMALL), heard)
    failed = heard.last()
    assert isinstance(failed, Failed)
    assert "was killed" in failed.message
    host.wait()


PARENT = """
import sys
from workbench.domain import ModelRef
from workbench.jobs.kinds.count import CountSpec
from workbench.jobs.supervisor import CANCEL_SECONDS, Host
host = Host()
spec = CountSpec(ModelRef("m", sys.argv[1]), tuple((id, "word " * 50) for id in range(20_000)))
host.run(spec, lambda event: print(event.kind, host.pid, flush=True))
host.wait()
"""


def test_the_child_of_a_killed_parent_ends_by_itself(model: ModelRef) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, model.path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline().split()[1]))
        parent.kill()
    child.wait(timeout=60)                            # raises TimeoutExpired if it lives on


def test_a_job_file_runs_without_a_parent_and_prints_go_to_standard_error(model: ModelRef, tmp_path: Path) -> None:
    file = tmp_path / "spec.json"
    file.write_text(encode_spec(CountSpec(model, SMALL)), encoding="ascii")
    done = subprocess.run([sys.executable, "-m", "workbench.jobs", file], capture_output=True, timeout=180, check=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["kind"] for event in events] == ["counted", "progress", "finished"]


def test_a_job_file_that_is_wrong_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "spec.json"
    file.write_text('{"kind": "count"}', encoding="ascii")
    done = subprocess.run([sys.executable, "-m", "workbench.jobs", file], capture_output=True, text=True, timeout=180)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "count.model: field required" in done.stderr


def test_what_native_code_prints_does_not_mix_with_the_events() -> None:
    code = ("import os, sys\nfrom workbench.jobs.child import Speaker\nfrom workbench.jobs.events import Log\n"
            "speaker = Speaker.take_stdout()\nos.write(1, b'native noise')\nprint('python noise')\n"
            "speaker.say(Log('info', 'signal'))\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=180, check=True)
    assert json.loads(done.stdout)["message"] == "signal"
    assert "native noise" in done.stderr
    assert "python noise" in done.stderr


def test_progress_comes_with_a_rate_and_a_time_left(model: ModelRef, host: Host) -> None:
    heard = Heard()
    host.run(endless(model), heard)
    found = heard.until(lambda event: isinstance(event, Progress) and event.rate is not None)
    assert isinstance(found, Progress)
    assert found.rate
    assert found.seconds_left is not None
    assert found.total == 20_000
