"""Question sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from db import questions as stored
from db import revisions
from db.questions import QuestionSetSummary as QuestionSetInfo
from workbench.domain import Changes, Kind, Question, QuestionSet
from workbench.errors import WorkbenchError
from workbench.formats import mt_bench
from workbench.services.wording import counted

if TYPE_CHECKING:
    from workbench.services.project import Project

__all__ = ["QuestionSetInfo", "QuestionSets"]


class QuestionSets:
    """``project.questions``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    def sets(self) -> list[QuestionSetInfo]:
        """By name; a set that was deleted is left out."""
        with self._project.database.read() as connection:
            return stored.summaries(connection)

    def get(self, set_id: int) -> QuestionSet:
        """Raises WorkbenchError if there is none."""
        with self._project.database.read() as connection:
            found = stored.get_set(connection, set_id)
        if found is None:
            raise WorkbenchError(f"There is no question set {set_id}.", remedy="Choose another one.")
        return found

    def questions(self, question_ids: list[int]) -> list[Question]:
        """In the order of the ids; those that are gone are left out."""
        with self._project.database.read() as connection:
            return stored.questions(connection, question_ids)

    def add(self, question_set: QuestionSet) -> Changes:
        """Store a set. ``created`` holds its id. Raises WorkbenchError if it has no question."""
        if not question_set.questions:
            raise WorkbenchError(f"The question set “{question_set.name}” has no questions.", safe="Nothing was added.")
        with self._project.database.write() as connection:
            set_id = stored.insert_set(connection, question_set)
            label = f"Question set “{question_set.name}” with {counted(len(question_set.questions), 'question')} added"
            change = revisions.open_change(connection, self._project.person, label)
            revisions.record_added(connection, change, Kind.QUESTION_SET.value, [set_id])
        return Changes({Kind.QUESTION_SET: frozenset([set_id])}, label, undoable=True, created=(set_id,))

    def delete(self, set_id: int) -> Changes:
        """Take a set away (undoable; jobs that used it keep their results)."""
        name = self.get(set_id).name
        return self._change(set_id, {"deleted": 1}, f"Question set “{name}” deleted")

    def rename(self, set_id: int, name: str) -> Changes:
        return self._change(set_id, {"name": name}, f"Question set “{self.get(set_id).name}” renamed to “{name}”")

    def import_file(self, path: Path, references: Path | None = None, name: str = "") -> Changes:
        """MT-Bench's question.jsonl, with reference_answer/*.jsonl (a file or a folder; found beside it if None).

        Raises FormatError.
        """

        return self.add(mt_bench.read(path, references, name).questions)

    def _change(self, set_id: int, fields: dict[str, object], label: str) -> Changes:
        with self._project.database.write() as connection:
            before = stored.patch(connection, {set_id: fields})
            if not before:
                return Changes()
            revisions.record_step(connection, self._project.person, label, Kind.QUESTION_SET.value, before,
                                  {set_id: fields})
        return Changes.of(Kind.QUESTION_SET, [set_id], label, undoable=True)
