"""What the Alignment page reads of its runs, on the database lane."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from workbench.domain import Demonstration
from workbench.services.alignment import TrainingRun
from workbench.services.alignment_checkpoints import Checkpoint, checkpoints
from workbench.services.project import Project
from workbench.wording import one_line

SHOWN = (8, 4, 2, 1, 0)              # demonstrations before a held-out query
LIKELIHOODS = tuple(f"log_likelihood_{shown}" for shown in SHOWN)
MATCHES = tuple(f"exact_match_{shown}" for shown in SHOWN)
METRICS = ("kl", "held_out_kl", "cross_entropy", "ranking_loss", "loss", "learning_rate", "consistency_best",
           "consistency_worst", *LIKELIHOODS, *MATCHES)
Points = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class RunReading:
    """A run with its curves by metric (empty where they were not asked for)."""

    run: TrainingRun
    curves: dict[str, Points]
    checkpoints: Sequence[Checkpoint] = ()       # from which it can go on, newest first

    @property
    def name(self) -> str:
        return f"Run {self.run.job_id}"

    @property
    def likelihood(self) -> str:
        """The held-out log-likelihood's metric with the most demonstrations that there is."""
        return next((name for name in LIKELIHOODS if name in self.curves), LIKELIHOODS[0])

    def last(self, metric: str) -> float | None:
        points = self.curves.get(metric)
        return points[-1][1] if points else None

    def first(self, metric: str) -> float | None:
        points = self.curves.get(metric)
        return points[0][1] if points else None


def read_runs(project: Project, chosen: Collection[int]) -> list[RunReading]:
    """All runs, newest first; with the curves of the chosen ones, of those under way, and of the newest."""
    runs = project.alignment.runs()
    wanted = {run.job_id for run in runs if run.job_id in chosen or run.state.live}
    wanted |= {run.job_id for run in runs[:1]}
    return [RunReading(run, project.alignment.curves(run.job_id, METRICS if run.job_id in wanted else LAST),
                       checkpoints(project, run.job_id) if run.state.ended_early else ())
            for run in runs]


LAST = ("held_out_kl", "consistency_best", LIKELIHOODS[0])       # what the table shows of every run


@dataclass(frozen=True, slots=True)
class ComparedSubset:
    """``scores`` are the teacher's, the student's before and after training; ``instructions`` of its demonstrations."""

    label: str                       # "1, 3, 4"
    scores: tuple[float, float, float]
    instructions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A held-out example: its test, its demonstrations, and the subsets of them that were compared."""

    title: str
    task: str
    test: Demonstration | None
    demonstrations: tuple[Demonstration | None, ...]
    subsets: tuple[tuple[int, ...], ...]
    compared: tuple[ComparedSubset, ...]


def examples(run: TrainingRun) -> list[Example]:
    """The examples that a finished run was measured on; empty before. Those of older runs are without their texts."""
    target = run.spec.target
    found = []
    for number, measured in enumerate(run.result.examples if run.result is not None else (), start=1):
        places: Sequence[int | None] = measured.places or (None,) * (len(measured.demonstrations) + 1)
        test, *shown = (None if place is None else target[place] for place in places)
        compared = tuple(
            ComparedSubset(subset_words(subset), (teacher, before, after),
                           tuple(one_line(d.instruction) for i in subset if (d := shown[i]) is not None))
            for subset, teacher, before, after in
            zip(measured.subsets, measured.teacher, measured.before, measured.after, strict=True))
        title = one_line(test.instruction)[:80] if test is not None else ""
        task = one_line(measured.task)
        found.append(Example(f"{number}. {task}: {title}", task, test, tuple(shown), measured.subsets, compared))
    return found


def subset_words(subset: Sequence[int]) -> str:
    """ "1, 3, 4": the demonstrations' numbers in the example."""
    return ", ".join(str(index + 1) for index in subset)
