from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from workbench.domain import Demonstration
from workbench.domain.filter import Filter, Sort
from workbench.domain.query import QueryError, parse
from workbench_db import demonstration_table, search_text
from workbench_db import demonstrations as stored
from workbench_db.session import Connection, Database

TEXTS = ["The café on the corner", "A corner shop; it's 100% open_now", "今日は天気がいい", "Tell me a joke 🙂",
         "x = [1, 2]; print(x)", 'She said "hello there" twice']


def _find(connection: Connection, text: str) -> list[int]:
    return demonstration_table.ids(connection, Filter(text=text))


def test_words_are_found_whole_and_the_last_one_by_its_beginning(database: Database) -> None:
    with database.write() as connection:
        stored.insert_demonstrations(connection, [Demonstration.pair(text, "") for text in TEXTS])
        assert _find(connection, "CORNER ") == [1, 2]
        assert _find(connection, "cafe") == [1]                  # accents do not count
        assert _find(connection, "corn") == [1, 2]
        assert _find(connection, "corn ") == []                  # finished, and there is no such word
        assert _find(connection, "corner shop") == [2]           # both
        assert _find(connection, '"hello there"') == [6]
        assert _find(connection, '"there hello"') == []
        assert _find(connection, "") == [1, 2, 3, 4, 5, 6]


def test_scripts_without_spaces_emoji_and_signs_are_found_anywhere(database: Database) -> None:
    with database.write() as connection:
        stored.insert_demonstrations(connection, [Demonstration.pair(text, "") for text in TEXTS])
        assert _find(connection, "天気") == [3]
        assert _find(connection, "🙂") == [4]
        assert _find(connection, "%") == [2]
        assert _find(connection, "_") == [2]
        assert _find(connection, "[") == [5]                     # not the brackets of the stored JSON


def test_the_note_is_searched_too_and_follows_every_change(database: Database) -> None:
    with database.write() as connection:
        stored.insert_demonstrations(connection, [Demonstration.pair("first", "a"), Demonstration.pair("second", "b")])
        stored.patch(connection, {2: {"note": "remarkable"}})
        assert _find(connection, "remarkable") == [2]
        stored.patch(connection, {2: {"note": ""}, 1: {"turns": [["user", "third"]]}})
        assert _find(connection, "remarkable") == []
        assert _find(connection, "first ") == []
        assert _find(connection, "third") == [1]
        stored.patch(connection, {1: {"deleted": 1}})
        assert _find(connection, "third") == []
        assert demonstration_table.ids(connection, Filter(text="third"), Sort.RELEVANCE) == []
        assert demonstration_table.facets(connection, Filter(text="third")).total == 0
        stored.patch(connection, {1: {"turns": [["user", "fourth"]]}})          # what is deleted may change too
        stored.patch(connection, {1: {"deleted": 0}})
        assert _find(connection, "third") == []
        assert _find(connection, "fourth") == [1]


def test_more_matches_than_can_be_ranked_come_in_order_of_id(
        database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.write() as connection:
        stored.insert_demonstrations(connection, [
            Demonstration.pair(f"egg {'and more words ' * n}", "") for n in (3, 1, 0, 2)])
        query = parse("egg ")
        assert search_text.ranked_ids(connection, query) == [3, 2, 4, 1]
        assert demonstration_table.ids(connection, Filter(text="egg "), Sort.RELEVANCE) == [3, 2, 4, 1]
        monkeypatch.setattr(search_text, "RANKED_AT_MOST", 3)
        assert search_text.ranked_ids(connection, query) == [1, 2, 3, 4]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example('"')
@example("NEAR(a b) OR ^c* -d AND (")
@example("tag:\"x rating>=99999999999999999999999 gain<-0.5 tokens=3.5 status:nothing")
@example("\x00 a\x00b")
@example("half \ud83d")
@given(st.one_of(st.text(), st.text(alphabet='"*^():-+{}AND OR NOT NEAR tag:rating>=<.%_\\\'\x00[]')))
def test_what_can_be_typed_is_searched_for_or_refused_as_a_query(database: Database, typed: str) -> None:
    with database.read() as connection, suppress(QueryError):
        for sort in (Sort.ID, Sort.RELEVANCE):
            demonstration_table.ids(connection, Filter(text=typed), sort)
        demonstration_table.facets(connection, Filter(text=typed))
