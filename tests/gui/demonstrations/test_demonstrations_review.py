"""Going through candidates by keys alone, quickly."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui import waiting
from workbench.domain import Demonstration, Role, Status, Turn
from workbench.gui.demonstrations.page import DemonstrationsPage
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session

Press = Callable[..., None]
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def page(opened: Session, window: MainWindow, qtbot: QtBot) -> DemonstrationsPage:
    opened.open_page("demonstrations")
    found = window.page("demonstrations")
    assert isinstance(found, DemonstrationsPage)
    waiting.rest(found, qtbot)
    return found


@pytest.fixture
def press(page: DemonstrationsPage, qtbot: QtBot) -> Press:
    """Press a key as a person does, then wait until the page shows what is stored."""
    def pressed(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(page.window().windowHandle(), key, modifier)
        waiting.rest(page, qtbot)

    return pressed


def stored(page: DemonstrationsPage, id: int) -> Demonstration:
    project = page.session.project
    assert project is not None
    return project.lane.run(lambda: project.demonstrations.get([id])[0])


def test_one_key_decides_and_goes_on(page: DemonstrationsPage, press: Press) -> None:
    page.go_to(5)
    for key in (Qt.Key.Key_A, Qt.Key.Key_R, Qt.Key.Key_F):
        press(key, SHIFT)
    assert [stored(page, id).status for id in (5, 6, 7)] == [Status.ACCEPTED, Status.REJECTED, Status.FLAGGED]
    assert page.view.current_id() == page.editor.current() == 8


def test_deciding_on_several_goes_on_to_the_row_after_them(page: DemonstrationsPage, press: Press) -> None:
    page.go_to(5)
    page.view.select_ids([5, 6, 7])
    press(Qt.Key.Key_A, SHIFT)
    assert {stored(page, id).status for id in (5, 6, 7)} == {Status.ACCEPTED}
    assert page.view.chosen_ids() == [8]


def test_n_goes_to_the_next_undecided_row_and_begins_again_at_the_top(page: DemonstrationsPage, press: Press) -> None:
    press(Qt.Key.Key_N)
    assert page.view.current_id() == 4                   # the first two are accepted, the third rejected
    page.go_to(12)
    press(Qt.Key.Key_N)
    assert page.view.current_id() == 4


def test_the_last_tag_is_added_again_by_one_key(page: DemonstrationsPage, press: Press) -> None:
    page.go_to(6)
    press(Qt.Key.Key_T)
    for key in (Qt.Key.Key_Q, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_J):
        press(key)
    press(Qt.Key.Key_T, SHIFT)
    assert (stored(page, 6).tags, stored(page, 7).tags) == (("q",), ("q",))


def test_undo_comes_back_to_the_row_that_it_changed(page: DemonstrationsPage, press: Press) -> None:
    page.go_to(5)
    press(Qt.Key.Key_R, SHIFT)
    press(Qt.Key.Key_J)
    press(Qt.Key.Key_Z, CTRL)
    assert stored(page, 5).status is Status.CANDIDATE
    assert page.view.current_id() == page.editor.current() == 5


def test_a_note_is_written_by_key(page: DemonstrationsPage, press: Press) -> None:
    page.go_to(5)
    press(Qt.Key.Key_M)
    press(Qt.Key.Key_X)
    press(Qt.Key.Key_Return, CTRL)
    assert stored(page, 5).note == "x"
    assert page.view.current_id() == 6


def test_a_variant_begins_with_the_text_and_is_a_demonstration_of_its_own(
        page: DemonstrationsPage, press: Press) -> None:
    page.go_to(5)
    turns = stored(page, 5).turns
    press(Qt.Key.Key_D, CTRL)
    assert page.editor.turns.turns() == turns
    press(Qt.Key.Key_X)
    press(Qt.Key.Key_Return, CTRL)
    new = stored(page, page.view.current_id() or 0)
    assert new.turns == (Turn(Role.USER, turns[0].text + "x"), turns[1])
    assert stored(page, 5).turns == turns


def test_a_variant_that_was_not_changed_is_left_by_escape(page: DemonstrationsPage, press: Press) -> None:
    page.go_to(5)
    press(Qt.Key.Key_D, CTRL)
    assert page.editor.writing_new()
    press(Qt.Key.Key_Escape)
    assert not page.editor.writing_new()
    assert page.editor.current() == 5
    assert page.table.rowCount() == 12


def test_the_header_counts_what_is_decided(page: DemonstrationsPage, press: Press) -> None:
    page.go_to(5)
    press(Qt.Key.Key_A)
    assert page.header()._subtitle.text() == "12 shown  ·  4 decided"


def test_escape_from_the_new_tag_goes_back_to_the_list(page: DemonstrationsPage, press: Press) -> None:
    page.go_to(5)
    for key in (Qt.Key.Key_T, Qt.Key.Key_Escape, Qt.Key.Key_Down):
        press(key)
    assert page.view.hasFocus()
    assert page.view.current_id() == 6


def test_an_arrow_on_the_category_opens_the_list_and_changes_nothing(page: DemonstrationsPage, press: Press) -> None:
    page.go_to(5)
    box = page.editor.properties._category
    box.setFocus()
    press(Qt.Key.Key_Down)
    assert box.view().isVisible()
    box.hidePopup()
    assert stored(page, 5).category == "Coding"
