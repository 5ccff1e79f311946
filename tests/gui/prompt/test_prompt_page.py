"""The page Prompt over a real project: order, budget, exact text, drafts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui import waiting
from tests.gui.finding import button, said, seen
from workbench.domain import Demonstration, Kind, Prompt, Question, QuestionSet
from workbench.gui.listing.picker import DemonstrationPicker
from workbench.gui.prompt.budget_bar import BudgetBar
from workbench.gui.prompt.draft_comparison import DraftComparison, compare
from workbench.gui.prompt.measurement_dialog import MeasurementDialog
from workbench.gui.prompt.page import PromptPage, effect_words, order_words
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.gui.widgets.dragged_ids import ids_to_mime
from workbench.prompts import render
from workbench.services.prompt_reading import Budget, Segment
from workbench.wording import grouped

Rest = Callable[[], None]


@pytest.fixture
def page(opened: Session, window: MainWindow, qtbot: QtBot) -> PromptPage:
    opened.open_page("prompt")
    found = window.page("prompt")
    assert isinstance(found, PromptPage)
    qtbot.waitUntil(lambda: found.state.prompt is not None)
    waiting.rest(found, qtbot)
    return found


@pytest.fixture
def rest(page: PromptPage, qtbot: QtBot) -> Rest:
    """Runs the event loop until the page shows what is stored."""
    return lambda: waiting.rest(page, qtbot)


@pytest.fixture
def counted(page: PromptPage, tiny_model: Path, rest: Rest) -> PromptPage:
    """The page with a current model, so that tokens can be counted."""

    def register(project: object) -> object:
        changes = project.models.register(tiny_model)  # type: ignore[attr-defined]
        project.models.set_current(next(iter(changes.touched[Kind.MODEL])))  # type: ignore[attr-defined]
        return changes

    page.session.change(register)  # type: ignore[arg-type]
    rest()
    return page


def prompt(page: PromptPage) -> Prompt:
    project, id = page.session.project, page.session.current_prompt_id
    assert project is not None
    assert id is not None
    return project.lane.run(lambda: project.prompts.get(id))


def ids(page: PromptPage) -> list[int]:
    return [d.id or 0 for d in prompt(page).demonstrations]


def test_the_cards_stand_in_the_prompt_s_order(page: PromptPage) -> None:
    assert page.cards.ids() == ids(page) == [1, 2]
    assert page.header()._subtitle.text() == "2 demonstrations, draft 1"


def test_the_exact_text_is_what_the_template_makes(page: PromptPage) -> None:
    from workbench.domain import Role, Turn

    assert page.text.text() == render(prompt(page), [Turn(Role.USER, "{question}")]).text


def test_alt_and_an_arrow_move_a_card_which_stays_chosen(page: PromptPage, rest: Rest) -> None:
    page.list.choose(1)
    QTest.keyClick(page.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    rest()
    assert ids(page) == [2, 1]
    assert page.list.places() == [0]
    QTest.keyClick(page.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    rest()
    assert ids(page) == [1, 2]
    assert page.list.places() == [1]


def test_a_card_at_the_end_cannot_be_moved_further(page: PromptPage, rest: Rest) -> None:
    page.list.choose(1)
    QTest.keyClick(page.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    rest()
    assert prompt(page).version == 1


def test_delete_takes_a_card_out_and_undo_brings_it_back(page: PromptPage, rest: Rest) -> None:
    page.list.choose(0)
    QTest.keyClick(page.list, Qt.Key.Key_Delete)
    rest()
    assert ids(page) == [2]
    page.session.undo()
    rest()
    assert page.cards.ids() == [1, 2]


def test_rows_dropped_from_the_table_stand_where_they_were_dropped(page: PromptPage, rest: Rest) -> None:
    page.cards.dropMimeData(ids_to_mime([5, 1, 7]), Qt.DropAction.CopyAction, 1, 0, QModelIndex())
    rest()
    assert ids(page) == [1, 5, 7, 2]
    assert page.list.places() == [1, 2]


def test_cards_dragged_to_another_place_change_the_order(page: PromptPage, rest: Rest) -> None:
    page.session.change(lambda p: p.prompts.set_demonstrations(1, [1, 2, 3, 4]))
    rest()
    data = page.cards.mimeData([page.cards.index(0), page.cards.index(2)])
    page.cards.dropMimeData(data, Qt.DropAction.MoveAction, 4, 0, QModelIndex())
    rest()
    assert ids(page) == [2, 4, 1, 3]


def test_rules_are_saved_when_the_field_is_left(page: PromptPage, rest: Rest) -> None:
    page.settings.rules.setFocus()
    page.settings.rules.setPlainText("Answer in one line.")
    page.list.setFocus()
    rest()
    assert prompt(page).rules == "Answer in one line."
    assert "Answer in one line." in page.text.text()


def test_another_template_changes_the_exact_text(page: PromptPage, rest: Rest) -> None:
    before = page.text.text()
    index = page.settings.template.findData("plain")
    page.settings.template.setCurrentIndex(index)
    page.settings.template.activated.emit(index)
    rest()
    assert prompt(page).template == "plain"
    assert page.text.text() != before


def test_a_faulty_template_says_what_is_wrong_beside_its_source(page: PromptPage, rest: Rest) -> None:
    page.session.change(lambda p: p.prompts.set_template(1, "{% for x in demonstrations %}"))
    rest()
    assert page.settings.source.isVisible()
    assert page.state.problem
    assert page.state.problem in said(page.settings)
    assert not page.copy_button.isEnabled()


def test_a_new_prompt_becomes_the_current_one(page: PromptPage, rest: Rest) -> None:
    page.commands.act("new")
    rest()
    assert prompt(page).demonstrations == ()
    assert seen(page, "No demonstrations in this prompt")
    assert page.settings.chooser.count() == 2
    page.settings.prompt_chosen.emit(1)
    rest()
    assert page.cards.ids() == [1, 2]


def test_a_deleted_prompt_leaves_room_for_another_and_can_come_back(page: PromptPage, rest: Rest) -> None:
    page.commands.act("delete")
    rest()
    assert seen(page, "No prompt yet")
    page.session.undo()
    rest()
    assert page.cards.ids() == [1, 2]


def test_the_budget_counts_every_token_of_the_prompt_once(counted: PromptPage) -> None:
    state = counted.state
    assert state.rendered is not None
    parts = [s.tokens for s in state.budget.segments if s.label != "Question"]
    assert sum(parts) == state.tokens
    assert [card.tokens for card in state.cards] == [s.tokens for s in state.budget.segments if s.place is not None]


def test_too_long_a_prompt_says_by_how_much(counted: PromptPage, rest: Rest) -> None:
    context = counted.state.budget.context
    counted.session.change(lambda p: p.prompts.set_rules(1, "word " * 2 * context))
    rest()
    over = counted.state.budget.used - context
    assert over > 0
    assert f"The prompt is {grouped(over)} tokens too long" in said(counted)
    assert "too many" in counted.bar.accessibleDescription()


def test_a_segment_and_its_card_choose_each_other(counted: PromptPage, rest: Rest) -> None:
    middle = counted.bar.rects()[[s.label for s in counted.bar.budget().segments].index("2")].center()
    QTest.mouseClick(counted.bar, Qt.MouseButton.LeftButton, pos=middle.toPoint())
    assert counted.list.currentIndex().row() == 1
    counted.bar.setFocus()
    QTest.keyClick(counted.bar, Qt.Key.Key_Left)
    assert counted.list.currentIndex().row() == 0


def test_the_chosen_demonstration_is_marked_in_the_exact_text(page: PromptPage) -> None:
    page.list.choose(1)
    marked = [selection.cursor.selectedText() for selection in page.text.view.extraSelections()]
    assert marked == ["Instruction 1: say something about number 1.", "Number 1 comes before 2."]


def test_copying_takes_the_prompt_without_a_question(page: PromptPage, rest: Rest) -> None:
    page.commands.copy()
    rest()
    assert QGuiApplication.clipboard().text() == render(prompt(page)).text


def test_the_picker_offers_what_is_neither_rejected_nor_there(page: PromptPage, rest: Rest, qtbot: QtBot) -> None:
    page.commands.add()
    rest()
    picker = page.findChild(DemonstrationPicker)
    assert picker is not None
    assert picker.table.ids() == list(range(4, 13))
    picker.view.go_to(1)
    QTest.keyClick(picker.view, Qt.Key.Key_Return)
    rest()
    assert ids(page) == [1, 2, 5]
    assert 5 not in picker.table.ids()
    picker.close()


def test_drafts_are_compared_line_by_line_and_restored(page: PromptPage, rest: Rest, qtbot: QtBot) -> None:
    page.session.change(lambda p: p.prompts.set_rules(1, "Answer at length."))
    rest()
    page.commands.compare()
    rest()
    dialog = page.findChild(DraftComparison)
    assert dialog is not None
    lines = dialog.view.toPlainText().split("\n")
    assert "− Answer briefly." in lines
    assert "+ Answer at length." in lines
    button(dialog, "Restore the older draft").click()
    rest()
    assert prompt(page).rules == "Answer briefly."
    assert prompt(page).version == 3


def test_measuring_makes_a_job_over_the_prompt_s_demonstrations(
    counted: PromptPage, rest: Rest, tmp_path: Path
) -> None:
    errors: list[object] = []
    counted.session.error.connect(errors.append)
    counted.commands.measure()
    rest()
    assert "question set" in str(errors[0])


def test_measuring_says_what_the_whole_brings_against_no_demonstrations(
    counted: PromptPage, rest: Rest, qtbot: QtBot
) -> None:
    questions = tuple(Question((f"Name number {n}.",), (f"Number {n}.",), id=n) for n in range(1, 5))
    counted.session.change(lambda p: p.questions.add(QuestionSet("four", questions)))
    rest()
    assert said(counted).count("Not measured") == 2
    counted.commands.measure()
    qtbot.waitUntil(lambda: counted.state.effect is not None)
    effect = counted.state.effect
    assert effect is not None
    assert effect.gain.low <= effect.gain.mean <= effect.gain.high
    assert effect_words(effect) in said(counted)
    assert [card.gain for card in counted.cards.cards()] == list(effect.adds)
    counted.session.change(lambda p: p.prompts.set_rules(1, "Answer at length."))
    rest()
    assert said(counted).count("Not measured") == 2              # of this text nothing is known yet


def test_other_orders_are_measured_looked_at_and_used(counted: PromptPage, rest: Rest, qtbot: QtBot) -> None:
    questions = tuple(Question((f"Name number {n}.",), (f"Number {n}.",), id=n) for n in range(1, 5))
    counted.session.change(lambda p: p.questions.add(QuestionSet("four", questions)))
    rest()
    before = ids(counted)
    counted.orders_button.click()
    qtbot.waitUntil(lambda: counted.state.effect is not None)
    orders = counted.state.effect.orders
    assert orders is not None
    assert orders.worst <= 0 <= orders.best                      # its own order is among those tried
    assert order_words(orders) in said(counted)
    assert counted.orders_button.isHidden()
    counted.shown(job=counted.state.effect.job_id)               # as from the page Jobs
    rest()
    dialog = counted.window().findChild(MeasurementDialog)
    rows = dialog.adds.table().rows
    assert [row[1] for row in rows] == [one.mean for one in counted.state.effect.adds]
    assert dialog.orders.table().rows[0][2:4] == (orders.worst, orders.best)
    dialog.accept()
    rest()
    assert ids(counted) == [before[place] for place in orders.best_order]


def test_equal_texts_have_no_difference() -> None:
    assert compare("a\nb", "a\nb").lines == ()
    found = compare("a\nb\nc", "a\nx\nc")
    assert found.lines == ((" ", "a"), ("-", "b"), ("+", "x"), (" ", "c"))


def test_segments_that_overflow_reach_exactly_to_the_end(app: QApplication, qtbot: QtBot) -> None:
    bar = BudgetBar()
    qtbot.addWidget(bar)
    bar.resize(500, bar.sizeHint().height())
    bar.show_budget(Budget((Segment("Rules", 10), Segment("1", 190, 0), Segment("Question", 50)), context=200))
    rects = bar.rects()
    assert rects[-1].right() == pytest.approx(500)
    assert rects[1].width() == pytest.approx(380)
    assert bar.place_at(QPointF(100, 10)) == 0
    assert bar.place_at(QPointF(499, 10)) == -1
    assert bar.budget().in_words() == "250 of 200 tokens, 50 too many"


def test_demonstrations_without_tokenizer_have_no_count(page: PromptPage) -> None:
    assert [card.tokens for card in page.cards.cards()] == [None, None]
    assert not page.bar.isVisible()
    assert not page.text.switch.isEnabled()


def test_an_edit_of_a_demonstration_shows_in_the_prompt(page: PromptPage, rest: Rest) -> None:
    turns = Demonstration.pair("A new instruction", "A new answer").turns
    page.session.change(lambda p: p.demonstrations.set_turns(1, turns))
    rest()
    assert page.cards.cards()[0].instruction == "A new instruction"
    assert "A new answer" in page.text.text()


def test_rows_dropped_on_the_rail_s_prompt_are_added_to_it(page: PromptPage, rest: Rest) -> None:
    window = page.window()
    assert isinstance(window, MainWindow)
    window.rail.items["prompt"].dropped.emit(ids_to_mime([8, 9]))
    rest()
    assert ids(page) == [8, 9, 1, 2]
