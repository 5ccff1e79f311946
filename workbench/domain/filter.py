"""Which demonstrations to show, and in which order: the filter's form, and what a person types into it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

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
class Comparison:
    """``field`` (rating, tokens or gain) ``operator`` (<, <=, >, >= or =) ``value``."""

    field: str
    operator: str
    value: float


@dataclass(frozen=True, slots=True)
class Query:
    """What a person typed, taken apart. ``prefix`` is the word still being typed: it stands for all it begins."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    prefix: str = ""
    statuses: tuple[Status, ...] = ()
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    @property
    def has_text(self) -> bool:
        return bool(self.words or self.phrases or self.prefix)


_PIECE = re.compile(r'(?P<field>tag|category|source|status):(?:"(?P<quoted>[^"]*)"?|(?P<value>[^\s"]+))'
                    r'|(?P<number>(?:rating|tokens|gain)(?:<=|>=|<|>|=)[-+]?\d+(?:\.\d+)?)(?=\s|$)'
                    r'|"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+)', re.IGNORECASE)
_NUMBER = re.compile(r"(\w+?)(<=|>=|<|>|=)(.+)")
_LISTS = {"category": "categories", "source": "sources", "tag": "tags"}


def parse_query(text: str) -> Query:
    """Take apart what was typed; what is no field or comparison is searched for. Never raises.

    The last word counts as unfinished unless a space or a closing quote follows it.
    """
    # What no stored text can hold: NUL, and halves of characters.
    text = text.replace("\0", " ").encode("utf-8", "ignore").decode("utf-8")
    query = Query()
    for piece in _PIECE.finditer(text):
        kind = piece.lastgroup
        if kind == "number":
            name, operator, value = _NUMBER.fullmatch(piece["number"]).groups()  # type: ignore[union-attr]
            comparison = Comparison(name.lower(), operator, float(value))
            query = replace(query, comparisons=(*query.comparisons, comparison))
        elif kind == "phrase":
            query = replace(query, phrases=(*query.phrases, piece["phrase"])) if piece["phrase"].strip() else query
        elif kind == "word":
            unfinished = piece.end() == len(text)
            query = (replace(query, prefix=piece["word"]) if unfinished
                     else replace(query, words=(*query.words, piece["word"])))
        else:
            query = _with_field(query, piece["field"].lower(), piece["quoted"] or piece["value"] or "", piece[0])
    return query


def _with_field(query: Query, field: str, value: str, typed: str) -> Query:
    if field == "status":
        known = next((status for status in Status if status.value == value.lower()), None)
        if known is None:
            return replace(query, words=(*query.words, typed))
        return replace(query, statuses=(*query.statuses, known))
    name = _LISTS[field]
    changed: dict[str, Any] = {name: (*getattr(query, name), value)}
    return replace(query, **changed)
