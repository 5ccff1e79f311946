"""The exact text: what is shown lies at the right places, whatever characters it holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.domain import Rendered, Span, SpanKind
from workbench.gui.widgets import exact_text
from workbench.gui.widgets.exact_text import ExactText, shown


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(st.text(st.sampled_from("ab\n😀é"), max_size=60))
def test_positions_follow_what_qt_counts(text: str) -> None:
    found = shown(text)
    for at in range(len(text) + 1):
        assert found.position(at) == utf16(text[:at])
        assert found.character(found.position(at)) == at


def test_a_very_long_line_is_broken_in_what_is_shown_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_text, "LINE", 4)
    found = shown("abcdefghij\nxy")
    assert found.text == "abcd\nefgh\nij\nxy"
    assert [found.position(at) for at in (0, 3, 4, 8, 11)] == [0, 3, 5, 10, 13]
    assert found.character(5) == 4


def test_control_characters_are_marks_and_keep_their_places() -> None:
    assert shown("a\r\n\0b\u2028c").text == "a␍\n␀b↵c"


@pytest.fixture
def view(app: QApplication, qtbot: QtBot) -> ExactText:
    made = ExactText()
    qtbot.addWidget(made)
    made.resize(500, 400)
    return made


def test_a_span_after_an_emoji_is_marked_exactly(view: ExactText) -> None:
    text = "# Query:\n😀😀 why?\n# Answer:\nSo."
    start, end = text.index("why"), text.index("\n# Answer")
    view.show_text(Rendered(text, (Span(start, end, SpanKind.INSTRUCTION, 0),)), (), "")
    view.highlight(0)
    assert [s.cursor.selectedText() for s in view.view.extraSelections()] == ["why?"]


def test_a_click_in_a_demonstration_s_text_names_its_place(view: ExactText, qtbot: QtBot) -> None:
    text = "one 😀 two three"
    spans = (Span(0, 3, SpanKind.INSTRUCTION, 0), Span(6, 9, SpanKind.ANSWER, 0), Span(10, 15, SpanKind.INSTRUCTION, 1))
    view.show_text(Rendered(text, spans), (), "")
    with qtbot.waitSignal(view.place_clicked) as found:
        view.view.clicked.emit(view._shown.position(12))
    assert found.args == [1]


def test_tokens_are_coloured_by_turns_and_what_is_copied_is_the_text(view: ExactText) -> None:
    text = "ab😀cd"
    view.show_text(Rendered(text, ()), ((0, 0), (0, 2), (2, 3), (2, 3), (3, 5)), "")
    view.switch.set_current(1)
    assert view._token_stretches() == [(0, 2, "even"), (2, 4, "odd"), (4, 6, "even")]
    assert view.text() == text


def test_a_text_of_a_million_characters_is_shown_in_part(view: ExactText, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "word " * 200_000
    view.show_text(Rendered(text, (Span(0, len(text), SpanKind.RULES, 0),)), (), "")
    cursor = QTextCursor(view.view.document())
    cursor.movePosition(QTextCursor.MoveOperation.End)
    assert cursor.block().text() == "… 600\u00a0000 more characters"
    assert view.text() == text
