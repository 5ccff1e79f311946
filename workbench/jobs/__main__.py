"""``python -m workbench.jobs``: a job's child process.

Without a file it takes orders, one JSON object a line, on standard input: ``{"spec": {…}}`` to run a job, then
``{"word": "pause" | "resume" | "cancel"}``; the end of the input ends it. With a file that holds a
specification it runs that one job. Either way it says events, one JSON object a line, on standard output.

``accelerate launch -m workbench.jobs FILE`` runs one job on several devices or machines: each process has a device, and
the first one says the events.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from workbench.errors import WorkbenchError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m workbench.jobs", description=__doc__)
    parser.add_argument("spec", nargs="?", type=Path, help="a file with a specification (JSON)")
    parser.add_argument("--stay", action="store_true", help="wait for another job after the first")
    parser.add_argument("--nice", type=int, default=10, help="how much to give way to other programs")
    options = parser.parse_args(arguments)

    from workbench.jobs.child import Child, Speaker, prepare_process
    from workbench.jobs.wire import decode_spec
    from workbench.models import processes

    prepare_process(options.nice)
    speaker = Speaker.take_stdout() if processes.rank() == 0 else Speaker.silent()
    child = Child(speaker, stay=options.stay)
    if options.spec is None:
        return child.serve(sys.stdin.buffer)
    try:
        spec = decode_spec(options.spec.read_bytes())
    except (OSError, WorkbenchError) as error:
        print(error, file=sys.stderr)
        return 1
    processes.join()
    try:
        return child.run_alone(spec)
    finally:
        processes.leave()


if __name__ == "__main__":
    sys.exit(main())
