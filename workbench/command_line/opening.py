"""Opening a project for one command, and finding in it what a person named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from workbench.errors import WorkbenchError
from workbench.services.project import Project

T = TypeVar("T")


@contextmanager
def opened(folder: Path, *, read_only: bool = False) -> Iterator[Project]:
    """The project, closed again whatever happens. Raises ProjectError."""
    project = Project.open(folder, read_only=read_only)
    try:
        yield project
    finally:
        project.close()


def on_lane(folder: Path, work: Callable[[Project], T], *, read_only: bool = False) -> T:
    """Run ``work`` on the database lane of the project in ``folder``."""
    with opened(folder, read_only=read_only) as project:
        return project.lane.run(lambda: work(project))


def pick(things: Sequence[T], wanted: str | None, what: str, id: Callable[[T], int | None],
         name: Callable[[T], str], default: Callable[[Sequence[T]], T | None]) -> T:
    """The one with this id or name; without either the default. Raises WorkbenchError that lists what there is."""
    if wanted is None:
        found = default(things)
        if found is None:
            raise WorkbenchError(f"The project has no {what}.", remedy=f"Add a {what} first.")
        return found
    matches = [thing for thing in things if str(id(thing)) == wanted or name(thing) == wanted]
    if len(matches) != 1:
        there = ", ".join(f"{id(thing)} “{name(thing)}”" for thing in things) or "none"
        kind = "more than one" if matches else "no"
        raise WorkbenchError(f"There is {kind} {what} “{wanted}”.", remedy=f"There are: {there}.")
    return matches[0]


def first(things: Sequence[T]) -> T | None:
    return things[0] if things else None
