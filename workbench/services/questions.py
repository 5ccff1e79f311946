"""Question sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import workbench_resources as resources
from workbench.domain import Changes, Kind, Prompt, Question, QuestionSet
from workbench.errors import WorkbenchError
from workbench.formats import mt_bench, question_table
from workbench.formats.registry import open_file
from workbench.wording import counted
from workbench_db import questions as stored
from workbench_db import revisions
from workbench_db.questions import QuestionSetSummary as QuestionSetInfo

if TYPE_CHECKING:
    from workbench.services.project import Project

__all__ = ["BUILT_IN", "QuestionSetInfo", "QuestionSets", "held_out_set", "names_held_out", "searched_set"]

BUILT_IN = {"general": "General questions"}
"""Question sets that come with the workbench: folder in resources/question_sets → what the set is called."""


_HELD_OUT = re.compile(r"held.?out", re.IGNORECASE)


def names_held_out(path: Path) -> bool:
    """Whether a file's name says that its questions are held out; a person who imports it can say otherwise."""
    return bool(_HELD_OUT.search(path.stem))


def searched_set(sets: Sequence[QuestionSetInfo]) -> QuestionSetInfo | None:
    """The set that questions come from by default: the first that is not held out; None where there is none."""
    return next((info for info in sets if not info.held_out), None)


def held_out_set(sets: Sequence[QuestionSetInfo]) -> QuestionSetInfo | None:
    """The set that a search is reported on by default: the first that is held out; None where there is none."""
    return next((info for info in sets if info.held_out), None)


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

    def holding(self, questions: Sequence[Question]) -> int | None:
        """The set that holds the first of ``questions``; None if there is none, or it is gone."""
        wanted = questions[0].id if questions else None
        return next((info.id for info in self.sets()
                     if any(one.id == wanted for one in self.get(info.id).questions)), None)

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

    def set_held_out(self, set_id: int, held_out: bool) -> Changes:
        """Keep a set for reporting: searches never search on it. Jobs that ran already stay as they are."""
        words = "is held out" if held_out else "is no longer held out"
        return self._change(set_id, {"held_out": int(held_out)}, f"Question set “{self.get(set_id).name}” {words}")

    def import_file(self, path: Path, references: Path | None = None, name: str = "",
                    held_out: bool | None = None) -> Changes:
        """MT-Bench's question.jsonl, with reference_answer/*.jsonl (a file or a folder; found beside it if None), or
        any rows that ask something. ``held_out`` None: as the file's name says. ``project.imports.run`` with the format
        "questions" says what it did not take.

        Raises FormatError.
        """
        found = question_table.read(open_file(path), references, name).questions
        return self.add(replace(found, held_out=names_held_out(path) if held_out is None else held_out))

    def add_built_in(self, name: str = "general") -> Changes:
        """A set that comes with the workbench: 80 two-turn questions over MT-Bench's categories, with references where
        an answer can be wrong. Raises WorkbenchError for a name that there is not."""
        if name not in BUILT_IN:
            raise WorkbenchError(f"No question set “{name}” comes with the workbench.",
                                 remedy=f"There is: {', '.join(BUILT_IN)}.")
        folder = resources.path("question_sets", name)
        return self.import_file(folder / mt_bench.QUESTIONS, folder / mt_bench.REFERENCES, BUILT_IN[name])

    def add_starter_pool(self, name: str = "general") -> tuple[Changes, Changes]:
        """What goes with a built-in set: its pool of demonstrations, and a prompt of its rules with three of them, each
        from another category. Two undoable steps. Raises WorkbenchError if the pool is there already."""
        folder = resources.path("question_sets", name)
        pool = self._project.imports.run(folder / "demonstrations.jsonl").changes
        if not pool.created:
            raise WorkbenchError("The pool is in the project already.", safe="Nothing was added.")
        by_category = {one.category: one for one in reversed(self._project.demonstrations.get(pool.created))}
        shown = sorted(by_category.values(), key=lambda one: one.id or 0)[:3]
        rules = (folder / "rules.txt").read_text("utf-8")
        return pool, self._project.prompts.create(Prompt(rules, tuple(shown), name="General"))

    def _change(self, set_id: int, fields: dict[str, object], label: str) -> Changes:
        with self._project.database.write() as connection:
            before = stored.patch(connection, {set_id: fields})
            if not before:
                return Changes()
            revisions.record_step(connection, self._project.person, label, Kind.QUESTION_SET.value, before,
                                  {set_id: fields})
        return Changes.of(Kind.QUESTION_SET, [set_id], label, undoable=True)
