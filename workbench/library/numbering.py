"""Results name demonstrations, questions and contestants by id: those that have none get one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import TypeVar

from workbench.domain import Contestant, Demonstration, Question
from workbench.errors import WorkbenchError

Numbered = TypeVar("Numbered", Demonstration, Question, Contestant)


def numbered(things: Iterable[Numbered], what: str) -> tuple[Numbered, ...]:
    """All with an id; those without one get the smallest that are free, from 1. Raises WorkbenchError where two have
    the same id. ``what`` is the plural of what they are."""
    listed: Sequence[Numbered] = list(things)
    taken = [thing.id for thing in listed if thing.id is not None]
    if len(set(taken)) < len(taken):
        raise WorkbenchError(f"Two of the {what} have the same id.", safe="Nothing was run.",
                             remedy="Give each its own, or none (id=None).")
    free = (number for number in count(1) if number not in set(taken))
    return tuple(thing if thing.id is not None else replace(thing, id=next(free)) for thing in listed)
