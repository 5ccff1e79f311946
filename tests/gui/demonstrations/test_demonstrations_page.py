"""The page Demonstrations over a real project: read, filter, decide, edit, by keys."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDrag, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui import waiting
from workbench.domain import Demonstration, Role, Status, Turn
from workbench.gui.demonstrations import editor as demonstration_editor
from workbench.gui.demonstrations.facets import FacetLine, toggled
from workbench.gui.demonstrations.page import DemonstrationsPage
from workbench.gui.listing.table import Column
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.gui.widgets.dragged_ids import ids_from_mime
from workbench.services.demonstrations import Filter
from workbench.services.project import Project

Rest = Callable[[], None]
PLAIN = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def page(opened: Session, window: MainWindow, qtbot: QtBot) -> DemonstrationsPage:
    opened.open_page("demonstrations")
    found = window.page("demonstrations")
    assert isinstance(found, DemonstrationsPage)
    waiting.rest(found, qtbot)
    return found


@pytest.fixture
def rest(page: DemonstrationsPage, qtbot: QtBot) -> Rest:
    """Runs the event loop until the page shows what is stored."""
    return lambda: waiting.rest(page, qtbot)


def press(page: DemonstrationsPage, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
    """As a person does: to the window, wherever the focus is."""
    QTest.keyClick(page.window().windowHandle(), key, modifier)


def stored(page: DemonstrationsPage, id: int) -> Demonstration:
    project = page.session.project
    assert project is not None
    return project.lane.run(lambda: project.demonstrations.get([id])[0])


def test_all_are_listed_and_the_first_is_open_to_read(page: DemonstrationsPage) -> None:
    assert page.table.rowCount() == 12
    assert page.view.current_id() == page.table.ids()[0]
    assert [turn.text for turn in page.editor.turns.turns()] == [
        "Instruction 0: say something about number 0.", "Number 0 comes before 1."]


def test_one_key_decides_and_the_row_says_so(page: DemonstrationsPage, rest: Rest) -> None:
    page.go_to(5)
    rest()
    press(page, Qt.Key.Key_A)
    rest()
    assert stored(page, 5).status is Status.ACCEPTED
    press(page, Qt.Key.Key_R)
    rest()
    assert stored(page, 5).status is Status.REJECTED
    press(page, Qt.Key.Key_F)
    rest()
    assert stored(page, 5).status is Status.FLAGGED
    found = page.table.row_at(page.table.position(5) or 0)
    assert found is not None
    assert found.status is Status.FLAGGED


def test_digits_rate_and_nought_takes_the_rating_away(page: DemonstrationsPage, rest: Rest) -> None:
    press(page, Qt.Key.Key_4)
    rest()
    id = page.view.current_id() or 0
    assert stored(page, id).rating == 4
    press(page, Qt.Key.Key_0)
    rest()
    assert stored(page, id).rating == 0


def test_j_and_k_step_through_the_rows(page: DemonstrationsPage, rest: Rest) -> None:
    first = page.view.current_id()
    press(page, Qt.Key.Key_J)
    press(page, Qt.Key.Key_J)
    press(page, Qt.Key.Key_K)
    rest()
    assert page.view.current_id() == page.table.ids()[1] != first
    assert page.editor.current() == page.table.ids()[1]


def test_letters_are_text_while_one_writes(page: DemonstrationsPage, rest: Rest) -> None:
    id = page.view.current_id() or 0
    before = stored(page, id).status
    press(page, Qt.Key.Key_E)
    for key in (Qt.Key.Key_A, Qt.Key.Key_R, Qt.Key.Key_5):
        press(page, key)
    rest()
    assert page.editor.turns.turns()[0].text.endswith("ar5")
    assert stored(page, id).status is before
    assert stored(page, id).rating == 0


def test_what_was_typed_is_saved_when_one_moves_on(page: DemonstrationsPage, rest: Rest) -> None:
    id = page.view.current_id() or 0
    press(page, Qt.Key.Key_E)
    press(page, Qt.Key.Key_X)
    press(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    rest()
    assert stored(page, id).instruction == "Instruction 0: say something about number 0.x"
    assert page.view.current_id() != id
    assert page.editor.turns.turns()[0].text == stored(page, page.view.current_id() or 0).instruction


def test_text_typed_into_one_never_lands_in_the_next(page: DemonstrationsPage, rest: Rest) -> None:
    first, second = page.table.ids()[:2]
    page.editor.turns.start()
    press(page, Qt.Key.Key_X)
    page.view.go_to(1)                                   # at once, before anything was read
    press(page, Qt.Key.Key_Y)
    rest()
    assert stored(page, second).instruction == "Instruction 1: say something about number 1."
    assert stored(page, first).instruction.startswith("Instruction 0: say something about number 0.x")


@pytest.mark.parametrize("key", [Qt.Key.Key_E, Qt.Key.Key_T])
def test_typing_waits_for_the_text_of_a_row_that_is_read_slowly(
    page: DemonstrationsPage, rest: Rest, key: Qt.Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demonstration_editor, "ARRIVAL_MS", 60_000)
    first, second = page.table.ids()[:2]
    slow = threading.Event()
    page.session.ask(lambda project: slow.wait(20))
    page.view.go_to(1)
    threading.Timer(0.2, slow.set).start()
    press(page, key)
    press(page, Qt.Key.Key_X)
    press(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier if key == Qt.Key.Key_E else PLAIN)
    rest()
    changed = [(stored(page, id).instruction.endswith("x"), "x" in stored(page, id).tags) for id in (first, second)]
    assert changed == [(False, False), (key == Qt.Key.Key_E, key == Qt.Key.Key_T)]


def test_an_edit_that_would_make_a_double_is_refused_and_stays_in_the_field(
    page: DemonstrationsPage, rest: Rest
) -> None:
    first, second = page.table.ids()[:2]
    other = stored(page, second)
    for card, turn in zip(page.editor.turns._cards, other.turns, strict=True):
        assert card.edit is not None
        card.edit.setPlainText(turn.text)
    page.editor.save()
    rest()
    assert stored(page, first).instruction == "Instruction 0: say something about number 0."
    assert page.editor._problem.isVisible()
    assert page.editor.turns.turns() == other.turns


def test_undo_takes_the_decision_back(page: DemonstrationsPage, rest: Rest) -> None:
    page.go_to(6)
    rest()
    press(page, Qt.Key.Key_R)
    rest()
    press(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    rest()
    assert stored(page, 6).status is Status.CANDIDATE


def test_words_filter_and_esc_shows_all_again(page: DemonstrationsPage, rest: Rest) -> None:
    press(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.filter.field.hasFocus()
    QTest.keyClicks(page.filter.field, "7")
    QTest.keyClick(page.filter.field, Qt.Key.Key_Return)
    rest()
    assert [stored(page, id).instruction[:13] for id in page.table.ids()] == ["Instruction 6", "Instruction 7"]
    assert page.view.hasFocus()
    press(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(page.filter.field, Qt.Key.Key_Escape)
    rest()
    assert page.table.rowCount() == 12


def test_a_typed_term_becomes_a_chip_and_its_cross_takes_it_away(page: DemonstrationsPage, rest: Rest) -> None:
    QTest.keyClicks(page.filter.field, "tag:short")
    QTest.keyClick(page.filter.field, Qt.Key.Key_Return)
    rest()
    assert page.table.rowCount() == 3
    assert page.filter.field.text() == ""
    chip = page.filter._flow.itemAt(0).widget()
    assert chip.accessibleName() == "Tag: short, Delete removes it"
    QTest.keyClick(chip, Qt.Key.Key_Delete)
    rest()
    assert page.table.rowCount() == 12


def test_facets_filter_and_count_under_the_other_filters(page: DemonstrationsPage, rest: Rest) -> None:
    page.facets.chosen.emit(toggled(page.filter.where(), FacetLine("Status", "Accepted", Status.ACCEPTED)))
    rest()
    assert page.table.rowCount() == 2
    assert page.header()._subtitle.text() == "2 of 12 shown  ·  3 decided"
    page.facets.chosen.emit(toggled(page.filter.where(), FacetLine("Status", "Rejected", Status.REJECTED)))
    rest()
    assert page.table.rowCount() == 3
    assert page.filter.where() == Filter(statuses=frozenset({Status.ACCEPTED, Status.REJECTED}))


def test_the_row_that_a_decision_hides_makes_room_for_the_next(page: DemonstrationsPage, rest: Rest) -> None:
    page.facets.chosen.emit(Filter(statuses=frozenset({Status.CANDIDATE})))
    rest()
    third, fourth = page.table.ids()[2:4]
    page.view.go_to(2)
    rest()
    press(page, Qt.Key.Key_A)
    rest()
    assert third not in page.table.ids()
    assert page.view.current_id() == fourth
    assert page.editor.current() == fourth


def test_a_filter_without_a_match_says_so_and_can_be_cleared(page: DemonstrationsPage, rest: Rest) -> None:
    page.filter.set_query("zzz")
    rest()
    assert page._middle.currentIndex() == 2
    page.filter.clear()
    rest()
    assert page._middle.currentIndex() == 0


def test_a_header_click_sorts_and_the_current_row_stays(page: DemonstrationsPage, rest: Rest) -> None:
    page.go_to(7)
    rest()
    page.view.sortByColumn(Column.INSTRUCTION, Qt.SortOrder.DescendingOrder)
    rest()
    assert page.table.ids() == [10, 9, 8, 7, 6, 5, 4, 3, 2, 12, 11, 1]
    assert page.view.current_id() == 7


def test_several_selected_are_decided_and_tagged_together(page: DemonstrationsPage, rest: Rest) -> None:
    page.view.selectAll()
    rest()
    assert page.selection.isVisible()
    press(page, Qt.Key.Key_R)
    rest()
    assert page.view.selected_count() == 12
    page.selection.tags.added.emit("checked")
    rest()
    found = [stored(page, id) for id in page.table.ids()]
    assert {d.status for d in found} == {Status.REJECTED}
    assert all("checked" in d.tags for d in found)


def test_a_tag_is_added_and_taken_away_by_keys(page: DemonstrationsPage, rest: Rest) -> None:
    page.go_to(2)
    rest()
    press(page, Qt.Key.Key_T)
    QTest.keyClicks(page.editor.properties.tags._field, "clear  steps")
    QTest.keyClick(page.editor.properties.tags._field, Qt.Key.Key_Return)
    rest()
    assert stored(page, 2).tags == ("clear steps",)
    page.editor.properties.tags.removed.emit("clear steps")
    rest()
    assert stored(page, 2).tags == ()


def test_a_note_is_saved_when_another_row_is_chosen(page: DemonstrationsPage, rest: Rest) -> None:
    id = page.view.current_id() or 0
    page.editor.properties._note.setFocus()
    QTest.keyClicks(page.editor.properties._note, "check the sums")
    page.view.step(1)
    rest()
    assert stored(page, id).note == "check the sums"
    assert page.editor.properties._note.toPlainText() == ""


def test_a_new_demonstration_is_written_and_shown(page: DemonstrationsPage, rest: Rest) -> None:
    press(page, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    cards = page.editor.turns._cards
    assert cards[0].edit is not None
    assert cards[1].edit is not None
    QTest.keyClicks(cards[0].edit, "What is two and two?")
    QTest.keyClicks(cards[1].edit, "Four.")
    press(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    rest()
    assert page.table.rowCount() == 13
    assert stored(page, page.view.current_id() or 0).turns == (
        Turn(Role.USER, "What is two and two?"), Turn(Role.ASSISTANT, "Four."))


def test_a_new_demonstration_that_is_there_already_is_not_stored(page: DemonstrationsPage, rest: Rest) -> None:
    page.commands.write_new()
    for card, turn in zip(page.editor.turns._cards, stored(page, 1).turns, strict=True):
        assert card.edit is not None
        card.edit.setPlainText(turn.text)
    page.editor.finish()
    rest()
    assert page.table.rowCount() == 12
    assert page.editor.writing_new()
    assert "already here" in page.editor._problem.accessibleName()


def test_turns_can_be_added_moved_and_removed(page: DemonstrationsPage, rest: Rest) -> None:
    id = page.view.current_id() or 0
    page.editor.turns.add_turn()
    third = page.editor.turns._cards[2]
    assert third.edit is not None
    QTest.keyClicks(third.edit, "And then?")
    page.editor.save()
    rest()
    assert [turn.role for turn in stored(page, id).turns] == [Role.USER, Role.ASSISTANT, Role.USER]
    page.editor.turns._cards[2].remove_pressed.emit()
    rest()
    assert len(stored(page, id).turns) == 2


def test_deleting_can_be_undone(page: DemonstrationsPage, rest: Rest) -> None:
    page.go_to(4)
    rest()
    QTest.keyClick(page.view, Qt.Key.Key_Delete)
    rest()
    assert 4 not in page.table.ids()
    page.session.undo()
    rest()
    assert 4 in page.table.ids()


def test_p_adds_the_chosen_to_the_prompt(page: DemonstrationsPage, rest: Rest) -> None:
    page.go_to(9)
    rest()
    press(page, Qt.Key.Key_P)
    rest()
    project, prompt_id = page.session.project, page.session.current_prompt_id
    assert project is not None
    assert prompt_id is not None
    ids = project.lane.run(lambda: [d.id for d in project.prompts.get(prompt_id).demonstrations])
    assert ids == [9, 1, 2]


def test_copying_takes_the_text_of_what_is_chosen(page: DemonstrationsPage, rest: Rest) -> None:
    page.session.commands.run("demonstrations.copy")
    rest()
    assert QGuiApplication.clipboard().text() == (
        "Instruction 0: say something about number 0.\n\nNumber 0 comes before 1.")


def test_a_turn_of_a_million_characters_is_shown_in_pieces_and_not_edited(
    page: DemonstrationsPage, rest: Rest
) -> None:
    project = page.session.project
    assert project is not None
    page.session.change(lambda p: p.demonstrations.add([Demonstration.pair("x" * 1_000_000, "short")]))
    rest()
    page.go_to(13)
    rest()
    card = page.editor.turns._cards[0]
    assert card.edit is None
    assert page.editor.turns.turns()[0].text == "x" * 1_000_000
    page.editor.save()
    rest()
    assert len(stored(page, 13).instruction) == 1_000_000


def test_read_only_nothing_can_be_changed(
    session: Session, window: MainWindow, project_folder: Path, qtbot: QtBot
) -> None:
    session.adopt(Project.open(project_folder, read_only=True))
    session.open_page("demonstrations")
    page = window.page("demonstrations")
    assert isinstance(page, DemonstrationsPage)
    waiting.rest(page, qtbot)
    assert page.table.rowCount() == 12
    press(page, Qt.Key.Key_R)
    waiting.rest(page, qtbot)
    assert stored(page, page.view.current_id() or 0).status is Status.ACCEPTED
    assert not page.new_button.isEnabled()


def test_an_empty_project_says_how_to_begin(
    session: Session, window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    session.adopt(Project.create(tmp_path / "new", "New"))
    session.open_page("demonstrations")
    page = window.page("demonstrations")
    assert isinstance(page, DemonstrationsPage)
    waiting.rest(page, qtbot)
    assert page._middle.currentIndex() == 1
    assert not page.side.isVisible()
    assert not page.export_button.isEnabled()


def test_tab_goes_from_the_filter_over_the_table_to_the_texts_and_the_decision(
    page: DemonstrationsPage, rest: Rest
) -> None:
    page.filter.field.setFocus()
    visited = []
    for _ in range(24):
        widget = QApplication.focusWidget()
        assert widget is not None
        visited.append(widget.accessibleName() or getattr(widget, "text", str)())
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    wanted = ["Filter demonstrations", "Facets", "Demonstrations", "User turn", "Assistant turn", "Add turn", "Rating",
              "Category", "Note", "Reject", "Flag", "Accept and next"]
    assert [name for name in visited if name in wanted] == wanted


def test_what_is_being_typed_when_the_window_closes_is_kept(
    page: DemonstrationsPage, rest: Rest, project_folder: Path
) -> None:
    press(page, Qt.Key.Key_E)
    press(page, Qt.Key.Key_X)
    page.window().close()
    page.session.join()
    project = Project.open(project_folder, read_only=True)
    found = project.lane.run(lambda: project.demonstrations.get([1])[0])
    project.close()
    assert found.instruction == "Instruction 0: say something about number 0.x"


def test_a_new_demonstration_that_was_not_finished_is_kept_when_the_window_closes(
    page: DemonstrationsPage, rest: Rest, project_folder: Path
) -> None:
    page.commands.write_new()
    press(page, Qt.Key.Key_X)
    page.window().close()
    page.session.join()
    project = Project.open(project_folder, read_only=True)
    found = project.lane.run(lambda: project.demonstrations.get([13])[0])
    project.close()
    assert found.turns == (Turn(Role.USER, "x"),)


def test_what_a_filter_finds_is_shown_from_its_first_row_unless_the_current_one_is_found(
    page: DemonstrationsPage, rest: Rest
) -> None:
    page.view.go_to(11)
    page.filter.set_query("status:candidate")                  # nine of them, the current one the last
    rest()
    assert page.view.currentIndex().row() == 8
    page.filter.set_query("category:advice")                   # it is about writing
    rest()
    assert page.view.currentIndex().row() == 0


def test_backspace_in_the_empty_filter_takes_the_last_condition_away(page: DemonstrationsPage, rest: Rest) -> None:
    press(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(page.filter.field, "category:advice status:accepted x")
    press(page, Qt.Key.Key_Return)
    press(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    wanted = ["category:advice status:accepted", "category:advice", "", ""]
    for text in wanted:
        press(page, Qt.Key.Key_Backspace)                      # the first one deletes the letter
        page.filter.field._at_once()
        assert page.filter.where().text == text
    rest()
    assert page.table.rowCount() == 12


def test_dragged_rows_carry_their_ids_in_the_order_of_the_table(
    page: DemonstrationsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[list[int]] = []
    monkeypatch.setattr(QDrag, "exec", lambda drag, *actions: carried.append(ids_from_mime(drag.mimeData())))
    first, second, third, *_ = page.table.ids()
    page.view.select_ids([third])
    page.view.startDrag(Qt.DropAction.CopyAction)
    page.view.selectionModel().clear()
    page.view.startDrag(Qt.DropAction.CopyAction)
    page.view.select_ids([second])
    page.view.startDrag(Qt.DropAction.CopyAction)
    assert carried == [[first, third], [second]]


def test_a_wide_table_gives_room_to_category_and_source(page: DemonstrationsPage) -> None:
    widths = []
    for width in (1280, 2200):
        page.window().resize(width, 900)
        QApplication.processEvents()
        widths.append(page.view.columnWidth(Column.CATEGORY))
    assert widths[0] < widths[1]


def test_another_density_does_not_touch_row_by_row(page: DemonstrationsPage) -> None:
    touched: list[int] = []
    page.view.verticalHeader().sectionResized.connect(lambda row, old, new: touched.append(row))
    for cosy in (False, True):
        page._set_density(cosy)
        heights = {page.view.rowHeight(row) for row in range(page.table.rowCount())}
        assert heights == {page.view.itemDelegate().row_height()}
    assert not touched
