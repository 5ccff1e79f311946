"""Questions that a prompt is tried on, in MT-Bench's form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """``turns`` are the user's; ``references`` are right answers, one a turn (shorter or empty where there is none).

    ``key`` is the question's name in its file (MT-Bench's ``question_id``), ``id`` the stored row.
    """

    turns: tuple[str, ...]
    references: tuple[str, ...] = ()
    category: str = ""
    key: str = ""
    id: int | None = None


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """``held_out``: searches report on these questions and never search on them."""

    name: str
    questions: tuple[Question, ...]
    id: int | None = None
    held_out: bool = False
