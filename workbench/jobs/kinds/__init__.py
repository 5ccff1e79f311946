"""The kinds of jobs, one file each, gathered in one table."""

from __future__ import annotations

from typing import Any

from workbench.jobs.events import Finished
from workbench.jobs.kind import JobKind, JobSpec
from workbench.jobs.kinds import (
    align,
    answer,
    count,
    evaluate,
    generate,
    inspect,
    judge,
    judged_search,
    recipe,
    score,
    search,
    sensitivity,
    shift,
)
from workbench.jobs.result import Result
from workbench.jobs.run import Run

_MODULES = (score, search, sensitivity, align, evaluate, answer, judge, recipe, judged_search, shift, inspect, count,
            generate)
KINDS: dict[str, JobKind[Any, Any]] = {module.KIND.name: module.KIND for module in _MODULES}
"""By name: a job is of one of these."""


def kind_of(spec: JobSpec) -> JobKind[Any, Any]:
    return KINDS[spec.kind]


def kind_that_found(result: Result) -> JobKind[Any, Any]:
    """The kind whose result this is."""
    return next(kind for kind in KINDS.values() if kind.result is type(result))


def run_job(spec: JobSpec, run: Run) -> None:
    """Do the job and say its events, the last of them Finished. Raises what goes wrong, and Cancelled."""
    run.say(Finished(kind_of(spec).run(spec, run)))
