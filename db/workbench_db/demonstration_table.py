"""Filtering, sorting and counting demonstrations, a million of them without a wait.

Every condition on a column is answered from one covering index; each sort has its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from workbench.domain import Interval, Status
from workbench.domain.fields import FIELDS, Field, Holds
from workbench.domain.filter import Filter, Sort
from workbench.domain.query import ASKED, HAS, All, AnyOf, Compare, Has, Is, Node, Not, Query, Word, parse
from workbench_db import search_text
from workbench_db.demonstrations import tags_of
from workbench_db.id_list import id_list
from workbench_db.session import driver_rows


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

WALKED_ABOVE = 20_000
"""So many matches are sorted by walking the sort's index; fewer are sorted here."""

_WIDE = "demonstrations INDEXED BY ix_demonstrations_facets"
_SORT_COLUMNS = {Sort.INSTRUCTION: "sort_key"} | {Sort(field.name): field.name for field in FIELDS if field.sorts}
_SORT_INDEXED = ("sort_key", "tokens", "gain")


def ids(connection: Connection, where: Filter, sort: Sort = Sort.ID, *, descending: bool = False) -> list[int]:
    """Ids of all that match, sorted; ties by id; those without a value (tokens, gain) last, either way.

    By relevance the best come first (last, if descending); see search_text.ranked_ids. Raises QueryError for a text
    that cannot be read.
    """
    query = parse(where.text)
    found = _matching(connection, where, query)
    if sort in _SORT_COLUMNS:
        return _by_column(connection, found, _SORT_COLUMNS[sort], descending)
    if sort is Sort.RELEVANCE and query.has_text:
        every = range(0) if found is None else set(found)
        found = [id for id in search_text.ranked_ids(connection, query) if id in every]
    elif found is None:
        found = _live(connection)
    return found[::-1] if descending else found


def rows(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """The rows of ``ids``, in that order; ids that are gone are left out."""
    found = connection.exec_driver_sql(
        "SELECT id, status, title, category, source, tokens, gain, gain_low, gain_high, rating FROM demonstrations"
        " WHERE id IN (SELECT value FROM json_each(?)) AND +deleted = 0", (id_list(ids),))
    tags = tags_of(connection, ids)
    by_id = {
        id: Row(id, Status(status), title, category, source, tuple(tags.get(id, ())), tokens,
                None if gain is None else Interval(gain, low, high), rating)
        for id, status, title, category, source, tokens, gain, low, high, rating in found
    }
    return [by_id[id] for id in ids if id in by_id]


def facets(connection: Connection, where: Filter) -> Facets:
    """One walk over the covering index, counted by every combination of the facets' values."""
    query = parse(where.text)
    own = replace(where, statuses=frozenset(), categories=frozenset(), sources=frozenset(), ratings=frozenset())
    clause, parameters = _joined(own, query)
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
    clause, parameters = _joined(replace(where, tags=frozenset()), query)
    if clause:
        found = connection.exec_driver_sql(
            f"SELECT tag, count(*) FROM {_WIDE} CROSS JOIN tags ON demonstration_id = id WHERE deleted = 0{clause}"
            " GROUP BY tag", parameters)
        return {row[0]: row[1] for row in found}
    # All but the few that are deleted: nothing has to be looked up for each of a million rows.
    counts = Counter({row[0]: row[1] for row in connection.exec_driver_sql(
        "SELECT tag, count(*) FROM tags GROUP BY tag")})
    counts.subtract({row[0]: row[1] for row in connection.exec_driver_sql(
        "SELECT tag, count(*) FROM demonstrations CROSS JOIN tags ON demonstration_id = id WHERE deleted = 1"
        " GROUP BY tag")})
    return dict(+counts)


def _column_conditions(where: Filter, query: Query) -> list[Condition]:
    """Conditions on columns of the covering index, to be joined with AND."""
    found: list[Condition] = []

    def one_of(column: str, values: Sequence[object]) -> None:
        if values:
            found.append((f"{column} IN ({_marks(values)})", tuple(values)))

    one_of("status", [status.value for status in where.statuses])
    one_of("category", list(where.categories))
    one_of("source", list(where.sources))
    one_of("rating", list(where.ratings))
    if where.min_tokens is not None:
        found.append(("tokens >= ?", (where.min_tokens,)))
    if where.max_tokens is not None:
        found.append(("tokens <= ?", (where.max_tokens,)))
    return found + [_condition(part) for part in query.parts if not _selects(part)]


def _selections(where: Filter, query: Query) -> list[Condition]:
    """Queries for ids that are to be in the result: those with the tags, those with the words."""
    found = [_tagged(f"tag IN ({_marks(where.tags)})", tuple(where.tags))] if where.tags else []
    found += [_tagged(_TAG_IS, (part.value,)) for part in query.parts if isinstance(part, Is) and _selects(part)]
    return found + search_text.selections(query.words)


_TAG_IS = "tag = ? COLLATE NOCASE"


def _selects(part: Node) -> bool:
    """Whether ids are found for it first, since no column says it: words and tags that every match must have."""
    return isinstance(part, Word) or (isinstance(part, Is) and part.field == "tag" and part.value != "")


def _tagged(clause: str, parameters: tuple[object, ...]) -> Condition:
    return (f"SELECT demonstration_id FROM tags WHERE {clause}"
            " AND demonstration_id NOT IN (SELECT id FROM demonstrations WHERE deleted = 1)", parameters)


def _condition(node: Node) -> Condition:
    """A part of a query as a condition on a row of demonstrations; it is true or false, never NULL."""
    match node:
        case Word():
            (sql, parameters), = search_text.selections([node]) or [("SELECT id FROM demonstrations", ())]
            return f"id IN ({sql})", parameters
        case Is(field="tag", value=""):
            return _condition(Not(Has("tag")))
        case Is(field="tag"):
            sql, parameters = _tagged(_TAG_IS, (node.value,))
            return f"id IN ({sql})", parameters
        case Is(field="meta"):
            return _with_metadata(node.value)
        case Is():
            return f"{ASKED[node.field].name} = ? COLLATE NOCASE", (node.value,)
        case Compare():
            return f"ifnull({ASKED[node.field].name} {node.operator} ?, 0)", (node.value,)
        case Has():
            return _has(HAS[node.what]), ()
        case Not():
            sql, parameters = _condition(node.part)
            return f"NOT ({sql})", parameters
        case All() | AnyOf():
            word = " AND " if isinstance(node, All) else " OR "
            conditions = [_condition(part) for part in node.parts]
            return (f"({word.join(sql for sql, _ in conditions)})",
                    tuple(value for _, parameters in conditions for value in parameters))


def _with_metadata(typed: str) -> Condition:
    """``name=value``, or a name alone; case does not count."""
    name, equals, value = typed.partition("=")
    held = " AND CASE type WHEN 'true' THEN type WHEN 'false' THEN type ELSE CAST(value AS TEXT) END = ? COLLATE NOCASE"
    return ("id IN (SELECT m.id FROM demonstration_metadata AS m WHERE EXISTS (SELECT 1 FROM json_each(m.metadata)"
            f" WHERE key = ? COLLATE NOCASE{held if equals else ''}))", (name, value) if equals else (name,))


def _has(field: Field | None) -> str:
    """Whether there is a value; None stands for the answer."""
    if field is None:
        return "EXISTS (SELECT 1 FROM json_each(turns) WHERE value ->> 0 = 'assistant')"
    if field.measured:
        return f"{field.name} IS NOT NULL"
    match field.holds:
        case Holds.TAGS:
            return "id IN (SELECT demonstration_id FROM tags)"
        case Holds.METADATA:
            return "id IN (SELECT m.id FROM demonstration_metadata AS m)"
        case Holds.NUMBER:
            return f"{field.name} > 0"
        case _:
            return f"{field.name} <> ''"


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _joined(where: Filter, query: Query) -> Condition:
    """The whole filter as SQL; "" if it lets everything through."""
    conditions = _column_conditions(where, query) + [
        (f"id IN ({sql})", parameters) for sql, parameters in _selections(where, query)]
    return ("".join(f" AND {sql}" for sql, _ in conditions),
            tuple(value for _, parameters in conditions for value in parameters))


def _matching(connection: Connection, where: Filter, query: Query) -> list[int] | None:
    """The ids that match, ascending; None for all of them.

    The parts are found one by one and intersected here: SQLite would look up each of a million ids in the other part.
    """
    parts = [_column(connection, *selection) for selection in _selections(where, query)]
    if conditions := _column_conditions(where, query):
        clause = "".join(f" AND {sql}" for sql, _ in conditions)
        parts.append(_column(connection, f"SELECT id FROM {_WIDE} WHERE deleted = 0{clause}",
                             tuple(value for _, parameters in conditions for value in parameters)))
    return sorted(set.intersection(*map(set, parts))) if parts else None


def _live(connection: Connection) -> list[int]:
    """All ids, ascending; from the narrowest index, in which they stand nearly in order."""
    gone = set(_column(connection, "SELECT id FROM demonstrations WHERE deleted = 1"))
    every = sorted(_column(connection, "SELECT id FROM demonstrations INDEXED BY ix_demonstrations_import"))
    return [id for id in every if id not in gone] if gone else every


def _by_column(connection: Connection, found: list[int] | None, column: str, descending: bool) -> list[int]:
    """``found`` (None: all) by a column; ties by id; NULLs last."""
    if found is not None and len(found) <= WALKED_ABOVE:
        values = connection.exec_driver_sql(
            f"SELECT {column}, id FROM demonstrations WHERE id IN (SELECT value FROM json_each(?))",
            (id_list(found),)).all()
        valued = sorted(((value, id) for value, id in values if value is not None), reverse=descending)
        return [id for _, id in valued] + sorted(id for value, id in values if value is None)
    if column in _SORT_INDEXED:
        direction = "DESC" if descending else "ASC"
        ordered = _column(connection, f"SELECT id FROM demonstrations WHERE deleted = 0 AND {column} IS NOT NULL"
                                      f" ORDER BY {column} {direction}, id {direction}")
        if column != "sort_key":
            ordered += sorted(_column(connection, f"SELECT id FROM {_WIDE} WHERE deleted = 0 AND {column} IS NULL"))
    else:
        ordered = _by_few_values(connection, column, descending)
    if found is None:
        return ordered
    wanted = set(found)
    return [id for id in ordered if id in wanted]


def _by_few_values(connection: Connection, column: str, descending: bool) -> list[int]:
    """All by a column of the covering index that has no index of its own; ties by id."""
    ids: defaultdict[str | int, list[int]] = defaultdict(list)
    for value, id in driver_rows(connection, f"SELECT {column}, id FROM {_WIDE} WHERE deleted = 0"):
        ids[value].append(id)
    return [id for value in sorted(ids, reverse=descending)
            for id in sorted(ids[value], reverse=descending)]


def _column(connection: Connection, sql: str, parameters: tuple[object, ...] = ()) -> list[int]:
    return [id for (id,) in driver_rows(connection, sql, parameters)]
