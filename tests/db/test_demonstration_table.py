"""Filters, sorts and facets against the same thing said plainly in Python."""

import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.domain import Demonstration, Status
from workbench.domain.filter import Filter, Sort
from workbench.domain.query import All, AnyOf, Compare, Has, Is, Node, Not, Word, parse
from workbench_db import demonstration_table, upgrade
from workbench_db import demonstrations as stored
from workbench_db.session import Connection, Database

COUNT = 300


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    path: Path = tmp_path_factory.mktemp("table") / "project.db"
    database = Database(path, create=True)
    upgrade.create(database)
    draw = random.Random(5)
    with database.write() as connection:
        stored.insert_demonstrations(connection, [
            replace(Demonstration.pair(f"{draw.choice('abcdefg')} question {n}",
                                       f"answer {draw.choice(['egg', 'oak'])}",
                                       category=draw.choice(["Maths", "code", ""]), source=draw.choice(["s1", "s2"]),
                                       tags=tuple(draw.sample(["x", "y", "z"], draw.randint(0, 2)))),
                    status=draw.choice(list(Status)), rating=draw.randint(0, 5))
            for n in range(COUNT)])
        for id in range(1, COUNT + 1):
            tokens = draw.choice([None, draw.randint(1, 50)])
            gain = draw.choice([None, draw.uniform(-1, 1)])
            connection.exec_driver_sql("UPDATE demonstrations SET tokens = ?, gain = ?, gain_low = gain,"
                                       " gain_high = gain WHERE id = ?", (tokens, gain, id))
        stored.patch(connection, {id: {"deleted": 1} for id in range(10, 40)})
    with database.read() as connection:
        yield connection
    database.close()


def _rows(connection: Connection) -> dict[int, tuple[demonstration_table.Row, Demonstration]]:
    every = list(range(1, COUNT + 1))
    return {row.id: (row, whole) for row, whole in zip(
        demonstration_table.rows(connection, every), stored.get(connection, every), strict=True)}


FILTERS: list[tuple[Filter, Callable[[Any, Any], bool]]] = [
    (Filter(), lambda row, d: True),
    (Filter(statuses=frozenset({Status.ACCEPTED, Status.FLAGGED})),
     lambda row, d: d.status in (Status.ACCEPTED, Status.FLAGGED)),
    (Filter(categories=frozenset({"Maths", ""}), ratings=frozenset({0, 5})),
     lambda row, d: d.category in ("Maths", "") and d.rating in (0, 5)),
    (Filter(sources=frozenset({"s1"}), tags=frozenset({"x", "z"})),
     lambda row, d: d.source == "s1" and bool({"x", "z"} & set(d.tags))),
    (Filter(min_tokens=10, max_tokens=20), lambda row, d: row.tokens is not None and 10 <= row.tokens <= 20),
    (Filter(text="egg"), lambda row, d: "egg" in d.answer),
    (Filter(text="tag:X category:maths rating>=3 "), lambda row, d: "x" in d.tags and d.category == "Maths"
     and d.rating >= 3),
    (Filter(text="gain>0 tokens<30 status:rejected", sources=frozenset({"s2"})),
     lambda row, d: row.gain is not None and row.gain.mean > 0 and row.tokens is not None and row.tokens < 30
     and d.status is Status.REJECTED and d.source == "s2"),
    (Filter(text='"answer oak" quest', ratings=frozenset({1, 2})), lambda row, d: "oak" in d.answer
     and d.rating in (1, 2)),
    (Filter(text="nothing-like-it"), lambda row, d: False),
]


@pytest.mark.parametrize(("where", "wanted"), FILTERS, ids=[str(i) for i in range(len(FILTERS))])
def test_a_filter_finds_just_what_it_says(
        connection: Connection, where: Filter, wanted: Callable[[Any, Any], bool]) -> None:
    rows = _rows(connection)
    assert len(rows) == COUNT - 30
    expected = [id for id, (row, whole) in rows.items() if wanted(row, whole)]
    assert demonstration_table.ids(connection, where) == expected


KEYS: dict[Sort, Callable[[Any, Any], Any]] = {
    Sort.ID: lambda row, d: row.id,
    Sort.INSTRUCTION: lambda row, d: stored.sort_key_of(row.instruction),
    Sort.CATEGORY: lambda row, d: row.category,
    Sort.TOKENS: lambda row, d: row.tokens,
    Sort.GAIN: lambda row, d: row.gain and row.gain.mean,
    Sort.RATING: lambda row, d: row.rating,
    Sort.STATUS: lambda row, d: row.status.value,
}


@pytest.mark.parametrize("sort", list(KEYS))
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("where", [Filter(), Filter(text="egg", statuses=frozenset({Status.CANDIDATE}))])
@pytest.mark.parametrize("walked_above", [0, 1_000_000])
def test_a_sort_is_stable_and_puts_what_has_no_value_last(
        connection: Connection, sort: Sort, descending: bool, where: Filter, walked_above: int,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration_table, "WALKED_ABOVE", walked_above)
    rows = _rows(connection)
    found = demonstration_table.ids(connection, where, sort, descending=descending)
    assert sorted(found) == demonstration_table.ids(connection, where)
    keys = [KEYS[sort](*rows[id]) for id in found]
    valued = [(key, id) for key, id in zip(keys, found, strict=True) if key is not None]
    assert valued == sorted(valued, reverse=descending)
    assert all(key is None for key in keys[len(valued):])


def test_the_best_match_comes_first_by_relevance(connection: Connection) -> None:
    found = demonstration_table.ids(connection, Filter(text="egg 17"), Sort.RELEVANCE)
    assert found
    assert set(found) == set(demonstration_table.ids(connection, Filter(text="egg 17")))
    everything = demonstration_table.ids(connection, Filter(), Sort.RELEVANCE)
    assert everything == demonstration_table.ids(connection, Filter())


@pytest.mark.parametrize("where", [where for where, _ in FILTERS], ids=[str(i) for i in range(len(FILTERS))])
def test_facets_count_what_the_filter_without_their_own_choice_finds(connection: Connection, where: Filter) -> None:
    rows = _rows(connection)

    def under(**free: frozenset[Any]) -> list[demonstration_table.Row]:
        return [rows[id][0] for id in demonstration_table.ids(connection, replace(where, **free))]

    facets = demonstration_table.facets(connection, where)
    assert facets.total == len(under())
    assert facets.statuses == Counter(row.status for row in under(statuses=frozenset()))
    assert facets.categories == Counter(row.category for row in under(categories=frozenset()))
    assert facets.sources == Counter(row.source for row in under(sources=frozenset()))
    assert facets.ratings == Counter(row.rating for row in under(ratings=frozenset()))
    assert facets.tags == Counter(tag for row in under(tags=frozenset()) for tag in row.tags)


def test_rows_come_in_the_order_asked_for_and_leave_out_what_is_gone(connection: Connection) -> None:
    assert [row.id for row in demonstration_table.rows(connection, [5, 3, 20, 9999, 4])] == [5, 3, 4]


def test_filters_are_answered_from_the_covering_index(connection: Connection) -> None:
    """Without it a filter reads every row's text: seconds at a million rows."""
    clause, parameters = demonstration_table._joined(
        Filter(statuses=frozenset({Status.ACCEPTED}), categories=frozenset({"a"}), min_tokens=3),
        parse("rating>2 gain>0 source:x "))
    plan = connection.exec_driver_sql(
        f"EXPLAIN QUERY PLAN SELECT id FROM {demonstration_table._WIDE} WHERE deleted = 0{clause}", parameters)
    assert "COVERING INDEX ix_demonstrations_facets" in " ".join(str(row) for row in plan)


def test_no_filter_or_sort_reads_the_rows_one_by_one(connection: Connection) -> None:
    """Every statement that the table runs finds its rows by an index or by their ids."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    filters = [Filter(), Filter(statuses=frozenset({Status.ACCEPTED}), ratings=frozenset({0, 3})),
               Filter(categories=frozenset({"a"}), sources=frozenset({"x"}), min_tokens=3),
               Filter(tags=frozenset({"t"})), Filter(text="word "), Filter(text="gain>0 rating>2 source:x tag:t word ")]
    ran: list[str] = []
    driver.set_trace_callback(ran.append)
    for where in filters:
        demonstration_table.facets(connection, where)
        for sort in Sort:
            demonstration_table.rows(connection, demonstration_table.ids(connection, where, sort, descending=True))
    driver.set_trace_callback(None)
    plans = [(sql, " ".join(row[-1] for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}")))
             for sql in set(ran) if sql.startswith("SELECT") and " demonstrations" in sql]
    assert len(plans) > 20
    assert [sql for sql, plan in plans if re.search(r"SCAN demonstrations(?! USING)", plan)] == []


@pytest.mark.parametrize("column", ["sort_key", "tokens", "gain"])
def test_sorts_walk_an_index_and_sort_nothing(connection: Connection, column: str) -> None:
    plan = " ".join(str(row) for row in connection.exec_driver_sql(
        f"EXPLAIN QUERY PLAN SELECT id FROM demonstrations WHERE deleted = 0 AND {column} IS NOT NULL"
        f" ORDER BY {column} DESC, id DESC"))
    assert "COVERING INDEX" in plan
    assert "TEMP B-TREE" not in plan


QUERIES = [
    "tag:x", "-tag:x ", "tag:x OR rating>2 ", "NOT (tag:x rating>2) ", "category:maths ", "category:code OR source:s1 ",
    "egg ", "-egg ", "egg OR tag:y ", "(egg OR gain>0) -status:rejected ", "tokens:20..40 ", "-tokens>30 ", "has:gain ",
    "-has:gain ", "has:tag ", "-has:tag ", 'tag:"" ', 'category:"" ', "has:rating egg ", "NOT gain>0 ",
    "status:accepted OR status:rejected ", '"question 7" OR "oak" AND a ', "tag:X tag:y "]


@pytest.mark.parametrize("text", QUERIES)
def test_a_query_finds_what_its_words_say(connection: Connection, text: str) -> None:
    """Held against a reading of the query, row by row, in Python."""
    every = demonstration_table.ids(connection, Filter())
    rows = {row.id: row for row in demonstration_table.rows(connection, every)}
    whole = {demonstration.id: demonstration for demonstration in stored.get(connection, every)}
    query = parse(text)
    expected = [id for id in every if all(_holds(part, rows[id], whole[id]) for part in query.parts)]
    assert demonstration_table.ids(connection, Filter(text=text)) == expected
    assert demonstration_table.facets(connection, Filter(text=text)).total == len(expected)


def test_the_queries_tell_rows_apart(connection: Connection) -> None:
    every = len(demonstration_table.ids(connection, Filter()))
    counts = {text: len(demonstration_table.ids(connection, Filter(text=text))) for text in QUERIES}
    assert [text for text, count in counts.items() if not 0 < count < every] == []


def _holds(node: Node, row: demonstration_table.Row, whole: Demonstration) -> bool:
    texts = " ".join(turn.text for turn in whole.turns)
    compared = {"rating": row.rating, "tokens": row.tokens, "gain": None if row.gain is None else row.gain.mean}
    match node:
        case Word():
            return f" {node.text} " in f" {texts} "
        case Is(field="tag"):
            tags = [tag.lower() for tag in row.tags]
            return node.value.lower() in tags if node.value else not tags
        case Is():
            return str(getattr(row, node.field)).lower() == node.value.lower()
        case Compare():
            value = compared[node.field]
            return value is not None and {"<": value < node.value, "<=": value <= node.value, ">": value > node.value,
                                          ">=": value >= node.value, "=": value == node.value}[node.operator]
        case Has(what="tag"):
            return bool(row.tags)
        case Has():
            return bool(compared[node.what])
        case Not():
            return not _holds(node.part, row, whole)
        case All():
            return all(_holds(part, row, whole) for part in node.parts)
        case AnyOf():
            return any(_holds(part, row, whole) for part in node.parts)


def test_what_has_no_answer_or_note_is_told_apart(database: Database) -> None:
    with database.write() as connection:
        stored.insert_demonstrations(connection, [
            Demonstration.pair("Why?", "So."), Demonstration.pair("Why not?", ""),
            replace(Demonstration.pair("How?", ""), note="later")])
        found = {text: demonstration_table.ids(connection, Filter(text=text)) for text in
                 ("has:answer ", "-has:answer ", "has:note ", "has:answer OR has:note ")}
    assert list(found.values()) == [[1], [2, 3], [3], [1, 3]]
