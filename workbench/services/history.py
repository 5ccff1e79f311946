"""Undo and redo: revisions applied backwards and forwards. Works after a restart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from workbench.domain import Changes, Kind
from workbench_db import contestants, demonstrations, judgements, prompts, questions, revisions
from workbench_db.session import Connection

if TYPE_CHECKING:
    from workbench.services.project import Project

_PATCH: dict[Kind, Callable[[Connection, dict[int, dict[str, Any]]], Mapping[int, object]]] = {
    Kind.DEMONSTRATION: demonstrations.patch,
    Kind.PROMPT: prompts.patch,
    Kind.QUESTION_SET: questions.patch,
    Kind.CONTESTANT: contestants.patch,
    Kind.JUDGEMENT: judgements.patch,
}


class History:
    """``project.history``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    def undo(self) -> Changes | None:
        """Take the last change back; None when there is nothing to undo. ``label`` says what was undone."""
        with self._project.database.write() as connection:
            step = revisions.last_applied(connection)
            if step is None:
                return None
            touched = _apply(connection, step.id, "before")
            revisions.set_state(connection, step.id, "undone")
        return Changes(touched, f"Undone: {step.label}")

    def redo(self) -> Changes | None:
        """Do again what was undone last; None when there is nothing, or when something new was done since."""
        with self._project.database.write() as connection:
            step = revisions.first_undone(connection)
            if step is None:
                return None
            touched = _apply(connection, step.id, "after")
            revisions.set_state(connection, step.id, "applied")
        return Changes(touched, f"Done again: {step.label}", undoable=True)

    def labels(self) -> tuple[str, str]:
        """What undo and redo would take back and do again, in words; "" when there is nothing."""
        with self._project.database.read() as connection:
            last, undone = revisions.last_applied(connection), revisions.first_undone(connection)
        return last.label if last else "", undone.label if undone else ""


def _apply(connection: Connection, change_id: int, side: Literal["before", "after"]) -> dict[Kind, frozenset[int]]:
    patches: defaultdict[Kind, dict[int, dict[str, Any]]] = defaultdict(dict)
    for revision in revisions.of_change(connection, change_id):
        patches[Kind(revision.kind)][revision.entity_id] = getattr(revision, side)
    for kind, wanted in patches.items():
        _PATCH[kind](connection, wanted)
    return {kind: frozenset(wanted) for kind, wanted in patches.items()}
