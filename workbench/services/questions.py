"""Question sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.domain import Changes, Question, QuestionSet


@dataclass(frozen=True, slots=True)
class QuestionSetInfo:
    id: int
    name: str
    questions: int
    categories: int
    with_references: int


class QuestionSets:
    """``project.questions``"""

    def sets(self) -> list[QuestionSetInfo]:
        raise NotImplementedError

    def get(self, set_id: int) -> QuestionSet:
        raise NotImplementedError

    def questions(self, question_ids: list[int]) -> list[Question]:
        raise NotImplementedError

    def import_file(self, path: Path, references: Path | None = None, name: str = "") -> Changes:
        """MT-Bench's question.jsonl, with reference_answer/*.jsonl (a file or a folder; found beside it if None)."""
        raise NotImplementedError
