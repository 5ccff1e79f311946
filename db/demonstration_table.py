"""Filtering, sorting and counting demonstrations, a million of them without a wait.

Every condition on a column is answered from one covering index; each sort has its own. A filtered sort walks the
sort's index and keeps what the filter found, which is quicker than sorting in SQL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from db import search_text
from db.demonstrations import tags_of
from db.id_list import id_list
from workbench.domain import Interval, Status
from workbench.domain.filter import Filter, Query, Sort, parse_query


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


Condition = tuple[str, tuple[object, ...]]

_WIDE = "demonstrations INDEXED BY ix_demonstrations_facets"
_SORT_COLUMNS = {Sort.INSTRUCTION: "sort_key", Sort.CATEGORY: "category", Sort.TOKENS: "tokens", Sort.GAIN: "gain",
                 Sort.RATING: "rating", Sort.STATUS: "status"}


def ids(connection: Connection, where: Filter, sort: Sort = Sort.ID, *, descending: bool = False) -> list[int]:
    """Ids of all that match, sorted; ties by id; those without a value (tokens, gain) last, either way."""
    query = parse_query(where.text)
    if sort is Sort.RELEVANCE and not query.has_text:
        sort = Sort.ID
    conditions = _conditions(where, query)
    if sort is Sort.RELEVANCE:
        matching = set(_matching(connection, conditions))
        ranked = search_text.ranked_ids(connection, query)
        found = [id for id in ranked if id in matching]
        return found[::-1] if descending else found
    if sort is Sort.ID:
        found = _matching(connection, conditions)
        return found[::-1] if descending else found
    ordered = _ordered(connection, _SORT_COLUMNS[sort], descending)
    if not conditions:
        return ordered
    matching = set(_matching(connection, conditions))
    return [id for id in ordered if id in matching]


def rows(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """The rows of ``ids``, in that order; ids that are gone are left out."""
    found = connection.exec_driver_sql(
        "SELECT id, status, title, category, source, tokens, gain, gain_low, gain_high, rating FROM demonstrations"
        " WHERE id IN (SELECT value FROM json_each(?)) AND deleted = 0", (id_list(ids),))
    tags = tags_of(connection, ids)
    by_id = {
        id: Row(id, Status(status), title, category, source, tuple(tags.get(id, ())), tokens,
                None if gain is None else Interval(gain, low, high), rating)
        for id, status, title, category, source, tokens, gain, low, high, rating in found
    }
    return [by_id[id] for id in ids if id in by_id]


def facets(connection: Connection, where: Filter) -> Facets:
    """One walk over the covering index, counted by every combination of the facets' values."""
    query = parse_query(where.text)
    own = replace(where, statuses=frozenset(), categories=frozenset(), sources=frozenset(), ratings=frozenset())
    clause, parameters = _joined(_conditions(own, query))
    groups = connection.exec_driver_sql(
        f"SELECT status, rating, category, source, count(*) FROM {_WIDE} WHERE deleted = 0{clause}"
        " GROUP BY status, rating, category, source", parameters).all()
    chosen = ({status.value for status in where.statuses}, where.ratings, where.categories, where.sources)
    counts: list[Counter[object]] = [Counter() for _ in chosen]
    total = 0
    for *values, count in groups:
        misses = [place for place, (value, wanted) in enumerate(zip(values, chosen, strict=True))
                  if wanted and value not in wanted]
        if not misses:
            total += count
        for place in range(4) if not misses else misses if len(misses) == 1 else ():
            counts[place][values[place]] += count
    statuses, ratings, categories, sources = (dict(counter) for counter in counts)
    return Facets({Status(value): count for value, count in statuses.items()}, categories, sources,  # type: ignore[arg-type]
                  _tag_counts(connection, where, query), ratings, total)  # type: ignore[arg-type]


def _tag_counts(connection: Connection, where: Filter, query: Query) -> dict[str, int]:
    clause, parameters = _joined(_conditions(replace(where, tags=frozenset()), query))
    rows = connection.exec_driver_sql(
        "SELECT tag, count(*) FROM tags WHERE demonstration_id IN"
        f" (SELECT id FROM {_WIDE} WHERE deleted = 0{clause}) GROUP BY tag", parameters)
    return {row[0]: row[1] for row in rows}


def _conditions(where: Filter, query: Query) -> list[Condition]:
    """SQL conditions on demonstrations, to be joined with AND."""
    found: list[Condition] = []

    def one_of(column: str, values: Sequence[object]) -> None:
        if values:
            found.append((f"{column} IN ({', '.join('?' * len(values))})", tuple(values)))

    one_of("status", [status.value for status in where.statuses])
    one_of("category", list(where.categories))
    one_of("source", list(where.sources))
    one_of("rating", list(where.ratings))
    one_of("status", [status.value for status in query.statuses])
    one_of("category COLLATE NOCASE", query.categories)
    one_of("source COLLATE NOCASE", query.sources)
    for column, tags in (("tag", list(where.tags)), ("tag COLLATE NOCASE", list(query.tags))):
        if tags:
            found.append((f"id IN (SELECT demonstration_id FROM tags WHERE {column} IN ({', '.join('?' * len(tags))}))",
                          tuple(tags)))
    if where.min_tokens is not None:
        found.append(("tokens >= ?", (where.min_tokens,)))
    if where.max_tokens is not None:
        found.append(("tokens <= ?", (where.max_tokens,)))
    found += [(f"{c.field} {c.operator} ?", (c.value,)) for c in query.comparisons]
    return found + search_text.conditions(query)


def _joined(conditions: Sequence[Condition]) -> Condition:
    clause = "".join(f" AND {condition}" for condition, _ in conditions)
    return clause, tuple(value for _, values in conditions for value in values)


def _matching(connection: Connection, conditions: Sequence[Condition]) -> list[int]:
    clause, parameters = _joined(conditions)
    table = _WIDE if conditions else "demonstrations"
    found = _column(connection, f"SELECT id FROM {table} WHERE deleted = 0{clause}", parameters)
    found.sort()
    return found


def _ordered(connection: Connection, column: str, descending: bool) -> list[int]:
    """All ids by a column; ties by id."""
    direction = "DESC" if descending else "ASC"
    nullable = column in ("tokens", "gain")
    values = f" AND {column} IS NOT NULL" if nullable else ""
    found = _column(connection, f"SELECT id FROM demonstrations WHERE deleted = 0{values}"
                                f" ORDER BY {column} {direction}, id {direction}")
    if nullable:
        found += _column(connection, f"SELECT id FROM demonstrations WHERE deleted = 0 AND {column} IS NULL"
                                     " ORDER BY id")
    return found


def _column(connection: Connection, sql: str, parameters: tuple[object, ...] = ()) -> list[int]:
    """The driver's own cursor: rows pass through SQLAlchemy at half the speed, which a million of them shows."""
    driver = connection.connection.driver_connection
    assert driver is not None
    return [id for (id,) in driver.execute(sql, parameters)]
