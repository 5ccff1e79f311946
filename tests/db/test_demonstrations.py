import pytest

from workbench.domain import Demonstration, Role, Status, Turn
from workbench.errors import WorkbenchError
from workbench_db import demonstrations as stored
from workbench_db.session import Database

WHOLE = Demonstration(
    (Turn(Role.SYSTEM, "Be brief."), Turn(Role.USER, "Élan?\n\tYes"), Turn(Role.ASSISTANT, "日本 🙂 \x00 end"),
     Turn(Role.USER, "More"), Turn(Role.ASSISTANT, "")),
    category="writing", source="by hand", licence="CC0", language="en", tags=("b", "a"), status=Status.FLAGGED,
    rating=4, note="a note")


def test_what_is_stored_comes_back_whole(database: Database) -> None:
    with database.write() as connection:
        (id,) = stored.insert_demonstrations(connection, [WHOLE]).ids
        (back,) = stored.get(connection, [id])
    assert back.turns == WHOLE.turns
    assert (back.category, back.source, back.licence, back.language) == ("writing", "by hand", "CC0", "en")
    assert (back.tags, back.status, back.rating, back.note) == (("a", "b"), Status.FLAGGED, 4, "a note")


def test_the_same_turns_are_stored_once(database: Database) -> None:
    one, two = Demonstration.pair("q1", "a"), Demonstration.pair("q2", "a")
    with database.write() as connection:
        first = stored.insert_demonstrations(connection, [one, two, one])
        again = stored.insert_demonstrations(connection, [two, Demonstration.pair("q3", "a", category="other"), one])
    assert (first.ids, first.skipped) == ([1, 2], 1)
    assert (again.ids, again.skipped) == ([3], 2)


def test_many_demonstrations_are_read_from_a_generator_in_order(database: Database) -> None:
    count = stored.CHUNK * 2 + 7
    with database.write() as connection:
        found = stored.insert_demonstrations(connection, (Demonstration.pair(f"q{i}", "a") for i in range(count)))
        texts = [d.instruction for d in stored.get(connection, found.ids)]
    assert texts == [f"q{i}" for i in range(count)]


def test_half_a_character_is_refused_and_nothing_is_stored(database: Database) -> None:
    broken = Demonstration.pair("fine", "\ud83d")
    with pytest.raises(WorkbenchError, match="surrogate"), database.write() as connection:
        stored.insert_demonstrations(connection, [Demonstration.pair("a", "b"), broken])
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM demonstrations").scalar() == 0


def test_a_patch_returns_what_was_there_and_leaves_out_what_did_not_change(database: Database) -> None:
    with database.write() as connection:
        stored.insert_demonstrations(connection, [WHOLE, Demonstration.pair("q", "a")])
        before = stored.patch(connection, {1: {"status": "flagged", "rating": 5}, 2: {"status": "candidate"},
                                           99: {"rating": 1}})
        after = stored.get(connection, [1])[0]
    assert before == {1: {"rating": 4}}
    assert after.rating == 5


def test_a_patch_taken_back_leaves_the_row_as_it_was(database: Database) -> None:
    new = {"deleted": 1, "status": "rejected", "rating": 1, "category": "c", "source": "s", "licence": "l",
           "language": "de", "note": "n", "turns": [["user", "other"]], "tags": ["z"], "metadata": {"id": 1}}
    with database.write() as connection:
        stored.insert_demonstrations(connection, [WHOLE])
        row = connection.exec_driver_sql("SELECT * FROM demonstrations").one()
        before = stored.patch(connection, {1: new})
        assert connection.exec_driver_sql("SELECT * FROM demonstrations").one() != row
        assert set(before[1]) == set(stored.FIELDS)
        stored.patch(connection, before)
        assert connection.exec_driver_sql("SELECT * FROM demonstrations").one() == row


def test_a_new_text_forgets_the_measures_of_the_old_one(database: Database) -> None:
    with database.write() as connection:
        stored.insert_demonstrations(connection, [Demonstration.pair("q", "a")])
        connection.exec_driver_sql("UPDATE demonstrations SET tokens = 7, gain = 1.0, gain_low = 0.5, gain_high = 1.5")
        stored.patch(connection, {1: {"note": "same text"}})
        assert connection.exec_driver_sql("SELECT tokens, gain FROM demonstrations").one() == (7, 1.0)
        stored.patch(connection, {1: {"turns": [["user", "new"]]}})
        assert connection.exec_driver_sql("SELECT tokens, gain FROM demonstrations").one() == (None, None)


@pytest.mark.parametrize(("instruction", "title"), [
    ("  Write\n\na   poem\t", "Write a poem"),
    ("a\x00b\u202ec", "a b c"),
    ("", ""),
    ("x" * 5000, "x" * 300),
])
def test_a_title_is_one_line_without_control_characters(instruction: str, title: str) -> None:
    assert stored.title_of(instruction) == title


def test_titles_sort_without_regard_to_case_and_accents() -> None:
    titles = ["Étude", "apple", "Zebra", "eta", "Ångström"]
    assert sorted(titles, key=stored.sort_key_of) == ["Ångström", "apple", "eta", "Étude", "Zebra"]
