from __future__ import annotations

import signal

import pytest

from workbench.errors import ModelError
from workbench.jobs.failures import from_exception, from_exit


def test_a_known_error_speaks_for_itself_and_has_no_traceback() -> None:
    failed = from_exception(ModelError("The file is gone.", remedy="Add it again."))
    assert (failed.message, failed.known, failed.traceback) == ("The file is gone. Add it again.", True, "")


def test_a_bug_carries_its_traceback() -> None:
    try:
        raise KeyError("x")
    except KeyError as error:
        failed = from_exception(error)
    assert not failed.known
    assert 'raise KeyError("x")' in failed.traceback


class OutOfMemoryError(RuntimeError):
    """Named as torch's."""


@pytest.mark.parametrize("error", [
    MemoryError(), OutOfMemoryError("CUDA out of memory"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory"),
])
def test_running_out_of_memory_is_said_in_words(error: Exception) -> None:
    failed = from_exception(error)
    assert failed.known
    assert failed.message.startswith("Memory ran out. What was finished is kept")


@pytest.mark.parametrize(("code", "known", "said"), [
    (-signal.SIGKILL, True, "was killed, by a person or by the system when memory ran out"),
    (-signal.SIGSEGV, False, "crashed in native code (SIGSEGV)"),
    (-signal.SIGABRT, False, "crashed in native code (SIGABRT)"),
    (-signal.SIGTERM, True, "was ended by SIGTERM"),
    (0xC0000005, False, "crashed in native code (access violation)"),
    (1, False, "ended early with exit code 1"),
])
def test_how_a_process_ended_is_said_in_words(code: int, known: bool, said: str) -> None:
    failed = from_exit(code, "last words")
    assert said in failed.message
    assert "can be resumed" in failed.message
    assert failed.known is known
    assert failed.traceback == "last words"
