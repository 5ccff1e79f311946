"""A program that opens a project, submits the job of a file, and waits to be killed."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.domain import Changes
from workbench.jobs.events import Event
from workbench.jobs.wire import decode_spec
from workbench.services.project import Project


def main(folder: str, spec: str) -> None:
    project = Project.open(Path(folder))

    def listen(job: int, event: Event, changes: Changes) -> None:
        print(event.kind, project.jobs._hosts[job].pid if job in project.jobs._hosts else 0, flush=True)

    project.lane.run(lambda: project.jobs.listen(listen))
    project.lane.run(lambda: project.jobs.submit(decode_spec(Path(spec).read_bytes())))
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
