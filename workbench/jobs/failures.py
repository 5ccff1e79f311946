"""What to say when a job fails: from an exception in the child, or from how the child's process ended."""

from __future__ import annotations

import signal
import traceback

from workbench.errors import WorkbenchError
from workbench.jobs.events import Failed
from workbench.models import memory

KEPT = "What was finished is kept, and the job can be resumed."

_CRASHES = {"SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS"}
_WINDOWS_CRASHES = {0xC0000005: "access violation", 0xC0000409: "stack overrun", 0xC00000FD: "stack overflow"}


def from_exception(error: BaseException) -> Failed:
    """A known error in its own words; memory running out in ours; anything else is a bug with its traceback."""
    if isinstance(error, WorkbenchError):
        return Failed(str(error), known=True)
    if memory.ran_out(error):
        remedy = "Close other programs, choose a smaller model or dtype, or use fewer or shorter demonstrations."
        return Failed(f"Memory ran out. {KEPT} {remedy}", known=True)
    text = "".join(traceback.format_exception(error))
    return Failed(f"{type(error).__name__}: {error}", known=False, traceback=text)


def from_exit(code: int, stderr: str) -> Failed:
    """A child that ended without a word: ``code`` as subprocess gives it (negative: a signal)."""
    if code < 0:
        name = _signal_name(-code)
        if name == "SIGKILL":
            reason = "The job's process was killed, by a person or by the system when memory ran out."
            return Failed(f"{reason} {KEPT}", known=True, traceback=stderr)
        if name in _CRASHES:
            return Failed(f"The job's process crashed in native code ({name}). {KEPT}", known=False, traceback=stderr)
        return Failed(f"The job's process was ended by {name}. {KEPT}", known=True, traceback=stderr)
    crash = _WINDOWS_CRASHES.get(code)
    if crash:
        return Failed(f"The job's process crashed in native code ({crash}). {KEPT}", known=False, traceback=stderr)
    return Failed(f"The job's process ended early with exit code {code}. {KEPT}", known=False, traceback=stderr)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
