"""`make bench-import`: importing 100,000 JSONL rows, against nothing but decoding their JSON; changing them all.

Rows of about 730 bytes (15 words asked, 60 answered, of a vocabulary of 5,000), all different. CPU seconds, which other
programs' load changes less than wall time, and wall seconds. The floor is what any program that reads the file pays.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.perf.report import Row, write
from workbench.domain import Changes, Kind, Status
from workbench.formats.registry import open_file
from workbench.services.demonstrations import Filter
from workbench.services.project import Project

ROWS = 100_000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        _write(path)
        project = Project.create(Path(folder) / "project")
        try:
            floor, _ = _timed(lambda: _decode(path))
            read, _ = _timed(lambda: sum(1 for _ in open_file(path).demonstrations()))
            imported, wall = _timed(lambda: project.imports.run(path).imported)
            again, _ = _timed(lambda: project.imports.run(path).skipped)
            ids = project.demonstrations.ids(Filter())
            changes = [Row(what, _timed(partial(_touched, work))[0], "s CPU", None, "lower") for what, work in (
                ("accept all", lambda: project.demonstrations.set_status(ids, Status.ACCEPTED)),
                ("undo that", project.history.undo),
                ("tag all", lambda: project.demonstrations.add_tag(ids, "z")),
                ("undo that", project.history.undo),
                ("undo the import", project.history.undo),
                ("import them again: redo", project.history.redo))]
        finally:
            project.close()
    write("import", [
        Row("decode the JSON", floor, "s CPU", None, "lower"),
        Row("read and map", read, "s CPU", None, "lower"),
        Row("import", imported, "s CPU", 10.0, "lower"),
        Row("import, by the clock", wall, "s", None, "lower"),
        Row("import, in decodings of the file", imported / floor, "times", None, "lower"),
        Row("import what is there already", again, "s CPU", None, "lower"),
        *changes,
    ])


def _write(path: Path) -> None:
    chance = random.Random(0)
    words = [f"word{number}" for number in range(5000)]
    with open(path, "w", encoding="utf-8") as stream:
        for number in range(ROWS):
            row = {"instruction": f"{number} {' '.join(chance.choices(words, k=15))}",
                   "output": " ".join(chance.choices(words, k=60)), "category": chance.choice("abcdef"),
                   "tags": ["x", "y"]}
            stream.write(json.dumps(row) + "\n")


def _decode(path: Path) -> int:
    with open(path, encoding="utf-8") as stream:
        return sum(1 for line in stream if json.loads(line))


def _touched(work: Callable[[], Changes | None]) -> int:
    changes = work()
    assert changes is not None
    return len(changes.touched[Kind.DEMONSTRATION])


def _timed(work: Callable[[], int]) -> tuple[float, float]:
    """CPU and wall seconds of work that has to come to all the rows."""
    wall, cpu = time.perf_counter(), time.process_time()
    count = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if count != ROWS:
        raise SystemExit(f"{count:,} rows instead of {ROWS:,}")
    return cpu, wall


if __name__ == "__main__":
    main()
