"""What a person chose to see, as chips: one for each active filter, each knowing the filter without it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from workbench.domain import Status
from workbench.services.demonstrations import Filter

_VALUE = r'(?:"[^"]*"|[^\s"]+)'
_TERM = re.compile(
    rf"(?<!\S)(?:(?:tag|category|source):{_VALUE}|status:(?:{'|'.join(Status)})"
    r"|(?:rating|tokens|gain)(?:<=|>=|=|<|>)[-+]?\d+(?:\.\d+)?)(?!\S)",
    re.IGNORECASE,
)
_PARTS = re.compile(r"(\w+)(<=|>=|=|<|>|:)(.*)", re.DOTALL)
_WORDS = {"<": "under", "<=": "up to", ">": "over", ">=": "from", "=": "", ":": ""}


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed: ``terms`` that were recognised (``tag:code``) and the remaining ``words``."""

    terms: tuple[str, ...] = ()
    words: str = ""

    @property
    def text(self) -> str:
        """As the services read it."""
        return " ".join(part for part in (*self.terms, self.words.strip()) if part)


@dataclass(frozen=True, slots=True)
class Chip:
    """One active filter: what the chip says, and what is left when it is taken away."""

    label: str
    where: Filter
    query: Query


def lift_terms(query: Query) -> Query:
    """Take the terms out of the words, so that each can be shown as a chip and the field is free for the next."""
    found = tuple(match.group(0) for match in _TERM.finditer(query.words))
    words = " ".join(_TERM.sub(" ", query.words).split())
    return Query((*query.terms, *(term for term in dict.fromkeys(found) if term not in query.terms)), words)


def term_label(term: str) -> str:
    """``tokens<600`` in words: "Tokens under 600"."""
    match = _PARTS.fullmatch(term)
    if match is None:
        return term
    field, operator, value = match.groups()
    value = value.strip('"').replace("-", "−") if field.lower() in ("rating", "tokens", "gain") else value.strip('"')
    if field.lower() in ("tag", "category", "source", "status"):
        return f"{field.capitalize()}: {value}"
    return " ".join(part for part in (field.capitalize(), _WORDS[operator], value) if part)


def chips(where: Filter, query: Query) -> list[Chip]:
    """A chip for every filter but the plain words, which stand in the field itself."""
    found = [Chip(term_label(term), where, replace(query, terms=tuple(t for t in query.terms if t != term)))
             for term in query.terms]
    if where.min_tokens is not None or where.max_tokens is not None:
        found.append(Chip(_length_label(where), replace(where, min_tokens=None, max_tokens=None), query))
    for name, values, without in (
        ("Status", [s.value for s in where.statuses], replace(where, statuses=frozenset())),
        ("Category", [c or "none" for c in where.categories], replace(where, categories=frozenset())),
        ("Source", [s or "none" for s in where.sources], replace(where, sources=frozenset())),
        ("Rating", [str(r) if r else "none" for r in where.ratings], replace(where, ratings=frozenset())),
        ("Tag", list(where.tags), replace(where, tags=frozenset())),
    ):
        if values:
            found.append(Chip(_values_label(name, values), without, query))
    return found


def is_active(where: Filter, query: Query) -> bool:
    """Whether anything at all is filtered out."""
    return where != Filter() or bool(query.text)


def _values_label(name: str, values: Collection[str]) -> str:
    return f"{name}: {next(iter(values))}" if len(values) == 1 else f"{name}: {len(values)} chosen"


def _length_label(where: Filter) -> str:
    if where.min_tokens is None:
        return f"Tokens up to {where.max_tokens}"
    if where.max_tokens is None:
        return f"Tokens from {where.min_tokens}"
    return f"Tokens {where.min_tokens} to {where.max_tokens}"
