"""What an operation changed, so that only the views it concerns are read again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    DEMONSTRATION = "demonstration"
    IMPORT = "import"
    QUESTION_SET = "question_set"
    PROMPT = "prompt"
    MODEL = "model"
    JOB = "job"
    SCORE = "score"
    SEARCH = "search"
    PROJECT = "project"
    CONTESTANT = "contestant"
    ANSWER = "answer"
    JUDGEMENT = "judgement"


@dataclass(frozen=True, slots=True)
class Changes:
    """``touched`` maps a kind to the ids that changed; an empty set means "many of them, read again".

    ``label`` says it in words for the undo message ("12 demonstrations rejected"); ``undoable`` whether Ctrl+Z
    takes it back. ``created`` are ids of new rows of the first kind.
    """

    touched: dict[Kind, frozenset[int]] = field(default_factory=dict)
    label: str = ""
    undoable: bool = False
    created: tuple[int, ...] = ()

    def concerns(self, kind: Kind, id: int | None = None) -> bool:
        """Whether a view of ``kind`` (of the row ``id``, if given) has to be read again."""
        ids = self.touched.get(kind)
        return ids is not None and (id is None or not ids or id in ids)

    @classmethod
    def of(cls, kind: Kind, ids: Iterable[int] = (), label: str = "", *, undoable: bool = False) -> Changes:
        return cls({kind: frozenset(ids)}, label=label, undoable=undoable)

    @property
    def changes(self) -> Changes:
        """Itself: changes alone are the result of a change that has nothing else to say."""
        return self


class Changed(Protocol):
    """The result of any work that changed the project: ``changes`` says what views have to read again, and whether
    Ctrl+Z takes it back."""

    @property
    def changes(self) -> Changes: ...
