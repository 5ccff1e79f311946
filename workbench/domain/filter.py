"""Which demonstrations to show, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workbench.domain.demonstration import Status


class Sort(StrEnum):
    ID = "id"
    INSTRUCTION = "instruction"
    CATEGORY = "category"
    TOKENS = "tokens"
    GAIN = "gain"
    RATING = "rating"
    STATUS = "status"
    RELEVANCE = "relevance"          # of a text query (bm25)


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show. Within a field the values are alternatives; fields are combined with and.

    ``text`` is what a person typed, in the language of workbench.domain.query.
    """

    text: str = ""
    statuses: frozenset[Status] = frozenset()
    categories: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    ratings: frozenset[int] = frozenset()
    min_tokens: int | None = None
    max_tokens: int | None = None
