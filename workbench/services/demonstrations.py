"""Reading and changing demonstrations. Every change is one transaction with a revision row a thing, undoable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workbench.domain import Changes, Demonstration, Interval, Status, Turn


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

    ``text`` is what a person typed: words for the full-text search, plus ``tag:x``, ``category:x``, ``source:x``,
    ``status:x``, ``rating>=3``, ``tokens<600``, ``gain>0`` (see parse_query in this module).
    """

    text: str = ""
    statuses: frozenset[Status] = frozenset()
    categories: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    ratings: frozenset[int] = frozenset()
    min_tokens: int | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What the table paints for one demonstration. ``gain`` is the latest measured one (nats per answer)."""

    id: int
    status: Status
    instruction: str                 # first 300 characters, one line
    category: str
    source: str
    tags: tuple[str, ...]
    tokens: int | None
    gain: Interval | None
    rating: int


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts for the facet lists, each under the filter with that facet's own choice taken out."""

    statuses: dict[Status, int]
    categories: dict[str, int]
    sources: dict[str, int]
    tags: dict[str, int]
    ratings: dict[int, int]
    total: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry of a demonstration's history, newest first. ``summary`` says it in words."""

    when: datetime
    who: str
    summary: str
    before: dict[str, object]
    after: dict[str, object]


class Demonstrations:
    """``project.demonstrations``"""

    def ids(self, where: Filter, sort: Sort = Sort.ID, *, descending: bool = False) -> list[int]:
        """Ids of all that match, sorted; ties by id. A million ids come in well under a second."""
        raise NotImplementedError

    def rows(self, ids: Sequence[int]) -> list[Row]:
        """The rows of ``ids``, in that order (some hundreds at a time); ids that are gone are left out."""
        raise NotImplementedError

    def facets(self, where: Filter) -> Facets:
        raise NotImplementedError

    def get(self, ids: Sequence[int]) -> list[Demonstration]:
        """Whole demonstrations, in the order of ``ids``."""
        raise NotImplementedError

    def history(self, id: int) -> list[Revision]:
        raise NotImplementedError

    def add(self, demonstrations: Sequence[Demonstration]) -> Changes:
        """Store new ones; those already there (same content hash) are skipped. ``created`` holds the new ids."""
        raise NotImplementedError

    def set_status(self, ids: Sequence[int], status: Status) -> Changes:
        raise NotImplementedError

    def set_rating(self, ids: Sequence[int], rating: int) -> Changes:
        raise NotImplementedError

    def set_note(self, id: int, note: str) -> Changes:
        raise NotImplementedError

    def set_category(self, ids: Sequence[int], category: str) -> Changes:
        raise NotImplementedError

    def add_tag(self, ids: Sequence[int], tag: str) -> Changes:
        raise NotImplementedError

    def remove_tag(self, ids: Sequence[int], tag: str) -> Changes:
        raise NotImplementedError

    def set_turns(self, id: int, turns: Sequence[Turn]) -> Changes:
        """Edit the text. Raises WorkbenchError if another demonstration has exactly these turns."""
        raise NotImplementedError

    def delete(self, ids: Sequence[int]) -> Changes:
        """Take them away (undoable; a demonstration that a prompt uses stays in that prompt's versions)."""
        raise NotImplementedError

    def store_token_counts(self, model_id: int, counts: Sequence[tuple[int, int]]) -> Changes:
        """Remember (id, tokens) as a model's tokenizer counts them; the table shows the current model's."""
        raise NotImplementedError
