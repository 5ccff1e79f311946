"""``python -m workbench.jobs``: a job's child process.

Without a file it takes orders, one JSON object a line, on standard input: ``{"spec": {…}}`` to run a job, then
``{"word": "pause" | "resume" | "cancel"}``; the end of the input ends it. With a file that holds a
specification it runs that one job. Either way it says events, one JSON object a line, on standard output.

A specification whose ``processes`` are several has as many processes do it, one for each device of this computer.
``accelerate launch -m workbench.jobs FILE`` and ``torchrun … -m workbench.jobs FILE`` do the same, on several computers
too. The first process says the events.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from workbench.errors import WorkbenchError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m workbench.jobs", description=__doc__)
    parser.add_argument("spec", nargs="?", type=Path, help="a file with a specification (JSON)")
    parser.add_argument("--stay", action="store_true", help="wait for another job after the first")
    parser.add_argument("--nice", type=int, default=10, help="how much to give way to other programs")
    parser.add_argument("--follow", action="store_true", help="be one of several processes that another one leads")
    options = parser.parse_args(arguments)

    from workbench.jobs.child import Child, Speaker, prepare_process
    from workbench.jobs.wire import decode_spec
    from workbench.models import processes

    prepare_process(options.nice)
    speaker = Speaker.take_stdout() if options.follow or processes.rank() == 0 else Speaker.silent()
    if options.follow:
        signal.signal(signal.SIGINT, signal.SIG_IGN)         # Ctrl+C is for the process that leads
    child = Child(speaker, stay=options.stay)
    if options.spec is None:
        return child.serve(sys.stdin.buffer)
    try:
        spec = decode_spec(options.spec.read_bytes())
    except (OSError, WorkbenchError) as error:
        print(error, file=sys.stderr)
        return 1
    return child.run_alone(spec)


if __name__ == "__main__":
    sys.exit(main())
