"""`make bench-database`: a project of a million demonstrations, opened, filtered, sorted, searched and read.

Takes some minutes and about 2 GB of disk. Another count can be given: `python -m tests.perf.bench_database 100000`.
Times are the best of three, in CPU seconds: SQLite reads from its cache after the first.
"""

from __future__ import annotations

import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.perf.report import Row, write
from workbench.domain import Demonstration, Status
from workbench.services.demonstrations import Filter, Sort
from workbench.services.project import Project
from workbench_db import check

WORDS = 20_000
LENGTH = 70
CHUNK = 50_000


def pool(count: int) -> Iterator[Demonstration]:
    """Texts whose words are as unevenly frequent as a language's (Zipf)."""
    draw = random.Random(0)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(2, 9))) for _ in range(WORDS)]
    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(WORDS)))
    for n in range(count):
        text = draw.choices(words, cum_weights=weights, k=LENGTH)
        yield Demonstration.pair(" ".join([*text[:20], str(n)]), " ".join(text[20:]), category=f"category {n % 12}",
                                 source=f"source {n % 7}", tags=(f"tag {n % 30}",) if n % 3 == 0 else ())


def measure(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def rows(project: Project, count: int) -> Iterator[Row]:
    source, made, seconds = pool(count), list[int](), 0.0
    while chunk := list(itertools.islice(source, CHUNK)):
        start = time.process_time()
        made += project.demonstrations.add(chunk).created
        seconds += time.process_time() - start
    yield Row("Adding, a second", count / seconds, "rows", None, "higher")
    with project.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE demonstrations SET gain = (id * 7919 % 1000) / 1000.0, tokens = id * 31 % 900")
    project.demonstrations.set_status(made[::5], Status.ACCEPTED)
    rare, common = "word-that-no-row-has", project.demonstrations.rows([1])[0].instruction.split()[0]
    table = project.demonstrations
    for what, goal, work in (
            ("All ids", 1.0, lambda: table.ids(Filter())),
            ("All, by gain, best first", 1.0, lambda: table.ids(Filter(), Sort.GAIN, descending=True)),
            ("All, by instruction", 1.0, lambda: table.ids(Filter(), Sort.INSTRUCTION)),
            ("Accepted, by tokens", 1.0, lambda: table.ids(Filter(statuses=frozenset({Status.ACCEPTED})), Sort.TOKENS)),
            ("Half of them by tokens and gain", 1.0, lambda: table.ids(Filter(text="tokens<600 gain>0.25 "))),
            ("One tag", 1.0, lambda: table.ids(Filter(tags=frozenset({"tag 3"})))),
            ("A common word, by relevance", 1.0, lambda: table.ids(Filter(text=f"{common} "), Sort.RELEVANCE)),
            ("No row's word", 0.05, lambda: table.ids(Filter(text=f"{rare} "))),
            ("Facets", 1.0, lambda: table.facets(Filter())),
            ("200 rows", 0.01, lambda: table.rows(made[len(made) // 2:][:200]))):
        yield Row(what, measure(work), "s", goal * max(1.0, count / 1_000_000), "lower")


def main(count: int) -> int:
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as folder:
        project = Project.create(Path(folder) / "project")
        found = list(rows(project, count))
        project.close()
        start = time.process_time()
        assert check.check(project.folder) == []
        found.append(Row("workbench check", time.process_time() - start, "s", None, "lower"))
    write("database", found)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
