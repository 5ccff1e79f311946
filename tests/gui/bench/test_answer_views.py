"""Answers side by side: what is marked, and that nothing of a stranger's text is acted on."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.domain.query import plain_words
from workbench.gui.bench.answers.column import ColumnShown, Said, TurnShown
from workbench.gui.bench.answers.columns import AnswerColumns
from workbench.gui.bench.answers.diff import MOST_TOKENS, word_diff
from workbench.gui.bench.answers.found_words import found_spans
from workbench.gui.bench.answers.text import CHUNK, AnswerText, LongAnswer
from workbench.gui.bench.arena.arena import Arena, ArenaQuestion

HTML = "<img src='file:///etc/passwd'><b>bold</b>"


def parts(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    return [text[start:end] for start, end in spans]


def test_words_that_the_other_answer_does_not_have_are_marked() -> None:
    a, b = "The answer is 7, because 4 + 6 = 10.", "The answer is 11, because 5 + 6 = 11."
    found = word_diff(a, b)
    assert parts(a, found.first) == ["7", "4", "10"]
    assert parts(b, found.second) == ["11", "5", "11"]


def test_neighbouring_words_are_one_stretch_and_a_space_alone_is_none() -> None:
    a, b = "one two three four five", "one six seven four  five"
    assert parts(a, word_diff(a, b).first) == ["two three"]
    assert parts(b, word_diff(a, b).second) == ["six seven"]


def test_characters_of_a_script_without_spaces_are_compared_one_by_one() -> None:
    a, b = "今日は寒い日です", "今日は暑い日です"
    assert parts(b, word_diff(a, b).second) == ["暑"]


def test_unlike_equal_and_very_long_answers_are_not_marked_and_the_note_says_why() -> None:
    assert word_diff("red blue green grey", "uno due tre quattro").note
    assert "same" in word_diff("a b", "a b").note
    long = word_diff("a " * MOST_TOKENS, "b " * MOST_TOKENS)
    assert (long.first, long.second) == ((), ())
    assert "too long" in long.note


def test_a_mark_lies_on_its_words_after_emoji_and_broken_lines(app: QApplication, qtbot: QtBot) -> None:
    view = AnswerText("Answer")
    qtbot.addWidget(view)
    text = "🙂🙂 " + "x" * 5_000 + " word"
    view.show_text(text)
    view.mark([(len(text) - 4, len(text))], "ok")
    assert view.extraSelections()[0].cursor.selectedText() == "word"


@pytest.mark.parametrize(("query", "text", "marked"), [
    ("red ", "Red, redder: the RED.", ["Red", "RED"]),                # a whole word, once a space ends it
    ("red", "Red, redder: bored.", ["Red", "red"]),                   # still being typed: what begins so
    ("cafe ", "Café, cafés", ["Café"]),
    ('"a b" c ', "a b c; a, b", ["a b", "c"]),
    ("京都", "昨日京都へ", ["京都"]),
    ("status:new ", "status new", []),
    ("straße ", "STRASSE, Straße 🙂 strasse", ["STRASSE", "Straße", "strasse"]),
])
def test_words_of_a_search_are_found_as_the_index_finds_them(query: str, text: str, marked: list[str]) -> None:
    assert parts(text, found_spans(plain_words(query), text)) == marked


def test_markup_is_shown_as_what_it_is(app: QApplication, qtbot: QtBot) -> None:
    view = AnswerText("Answer")
    qtbot.addWidget(view)
    view.show_text(HTML)
    assert view.toPlainText() == HTML


def test_a_very_long_answer_shows_its_beginning_and_the_rest_on_request(app: QApplication, qtbot: QtBot) -> None:
    view = LongAnswer("Answer")
    qtbot.addWidget(view)
    view.show_text("word " * CHUNK)
    assert len(view.view.toPlainText()) < 2 * CHUNK
    view._more.click()
    assert view.view.toPlainText().count("word") == CHUNK


def columns() -> list[ColumnShown]:
    said = (Said("judge", "7.0", f"Rating [[7]] {HTML}"),)
    return [ColumnShown(1, "A", -1, "base", (TurnShown("The answer is 7.", "7.0", "", said), TurnShown(None))),
            ColumnShown(2, "B", 0, "base", (TurnShown("The answer is 11.", "9.0"), TurnShown("", "")))]


def test_judgements_open_in_all_columns_and_differences_can_be_switched_off(app: QApplication, qtbot: QtBot) -> None:
    view = AnswerColumns()
    qtbot.addWidget(view)
    view.show_columns(columns())
    first = view.columns[0].turns[0]
    assert first.answer is not None
    assert len(first.answer.view.extraSelections()) == 1
    view.set_marked(False)
    assert first.answer.view.extraSelections() == []
    first.more.click()
    assert view.expanded
    assert first._judgements is not None
    assert not first._judgements.isHidden()
    assert view.columns[0].turns[1].answer is None


def test_a_long_name_in_a_judgement_does_not_widen_the_column(app: QApplication, qtbot: QtBot) -> None:
    view = AnswerColumns()
    qtbot.addWidget(view)
    view.resize(460, 400)
    view.show()
    said = (Said("a judge with a long name", "prefers it to a contestant with a very long name, too"),)
    view.show_columns([ColumnShown(n, "A", n, "base", (TurnShown("Seven. " * 20, "7.0", "", said),)) for n in (1, 2)])
    view.set_expanded(True)
    qtbot.waitUntil(lambda: view.columns[0].turns[0].width() > 50)
    for column in view.columns:
        assert column.turns[0].width() <= column.width()


def arena(qtbot: QtBot) -> Arena:
    made = Arena()
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.show()
    made.show_question(ArenaQuestion("Maths", ("How many?",), ("Seven.",), ("Eleven.",)), can_undo=False)
    return made


def test_one_key_chooses_and_enter_saves_with_the_reasons(app: QApplication, qtbot: QtBot) -> None:
    view = arena(qtbot)
    QTest.keyClick(view, Qt.Key.Key_Right)
    view.reasons[1].click()
    with qtbot.waitSignal(view.voted) as signal:
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert signal.args == ["right", ("More correct",)]
    for key, verdict in ((Qt.Key.Key_Left, "left"), (Qt.Key.Key_Down, "tie"), (Qt.Key.Key_X, "both_bad")):
        QTest.keyClick(view, key)
        assert view.choice == verdict


def test_enter_saves_nothing_before_something_is_chosen_and_s_skips(app: QApplication, qtbot: QtBot) -> None:
    view = arena(qtbot)
    with qtbot.assertNotEmitted(view.voted):
        QTest.keyClick(view, Qt.Key.Key_Return)
    with qtbot.waitSignal(view.voted) as signal:
        QTest.keyClick(view, Qt.Key.Key_S)
    assert signal.args == ["skip", ()]


def test_the_keys_act_while_an_answer_has_the_focus(app: QApplication, qtbot: QtBot) -> None:
    view = arena(qtbot)
    view.left.text.setFocus()
    QTest.keyClick(view.left.text, Qt.Key.Key_Right)
    assert view.choice == "right"


def test_digits_rate_one_answer_and_zero_is_ten(app: QApplication, qtbot: QtBot) -> None:
    view = arena(qtbot)
    view.show_question(ArenaQuestion("", ("How many?", "And now?"), ("Seven.", "Eleven.")), can_undo=False)
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.choice == ""                             # there are no sides
    QTest.keyClick(view, Qt.Key.Key_0)
    assert view.choice == "10"
    QTest.keyClick(view, Qt.Key.Key_4)
    with qtbot.waitSignal(view.voted) as signal:
        view.rating_bar.save.click()
    assert signal.args == ["4", ()]
