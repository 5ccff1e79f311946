"""The keyboard has somewhere to go on every page, and presses what has the focus."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QDialog, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.waiting import rest
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.pages import PAGES
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.keycaps import KeyHints


def focused(window: MainWindow) -> QWidget:
    found = window.focusWidget()
    assert found is not None
    return found


def test_the_window_opens_on_the_button_that_begins_a_project(window: MainWindow) -> None:
    assert focused(window) is window.page("welcome").panes()[0]


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_a_page_that_is_shown_has_the_keyboard(
    opened: Session, window: MainWindow, qtbot: QtBot, name: str
) -> None:
    window.top.model.setFocus(Qt.FocusReason.TabFocusReason)
    opened.open_page(name)
    rest(window.page(name), qtbot)
    assert window.page(name).holds_focus(), focused(window).accessibleName()


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_tab_goes_round_a_page_and_is_never_caught(
    opened: Session, window: MainWindow, qtbot: QtBot, name: str
) -> None:
    opened.open_page(name)
    rest(window.page(name), qtbot)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Tab)
    visited = [focused(window)]
    while len(visited) < 150:
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_Tab)
        assert focused(window).isVisible()
        if focused(window) is visited[0]:
            break
        assert focused(window) is not visited[-1], f"{focused(window)} keeps the keyboard"
        visited.append(focused(window))
    assert focused(window) is visited[0], "Tab never came back"
    assert window.rail.items[name] in visited                    # out of the page and in again
    assert any(window.page(name).isAncestorOf(one) for one in visited)


def test_arrows_move_along_the_rail(opened: Session, window: MainWindow, qtbot: QtBot) -> None:
    opened.open_page("prompt")
    window.rail.items["prompt"].setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Up)
    assert focused(window) is window.rail.items["demonstrations"] or window.current_page == "demonstrations"
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Return)
    assert window.current_page == "demonstrations"


def test_enter_presses_the_button_that_has_the_focus(window: MainWindow, qtbot: QtBot) -> None:
    rail = window.rail
    before = rail.collapsed
    rail._toggle.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(rail._toggle, Qt.Key.Key_Return)
    assert rail.collapsed is not before


def test_enter_in_a_dialog_presses_the_focused_button_and_else_the_default(
    window: MainWindow, qtbot: QtBot
) -> None:
    pressed: list[str] = []
    for tab in (False, True):
        dialog = Dialog("help", "A question", ("What now?",), window)
        qtbot.addWidget(dialog)
        other = dialog.add_button(secondary("Other"))
        chosen = dialog.add_button(primary("Default"), default=True)
        other.clicked.connect(lambda: pressed.append("other"))
        chosen.clicked.connect(lambda: pressed.append("default"))
        dialog.open()
        if tab:
            other.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
        dialog.done(QDialog.DialogCode.Rejected)
    assert pressed == ["default", "other"]


def test_every_key_is_listed_and_no_two_commands_of_a_page_share_one(
    opened: Session, window: MainWindow, qtbot: QtBot
) -> None:
    window.open_shortcuts()
    listed = {key for hints in window.findChildren(KeyHints)
              for key in hints.accessibleName().partition(": ")[0].split(" or ")}
    taken: set[tuple[str | None, str]] = set()
    for page in PAGES:
        window.page(page.name)
    for command in opened.commands.all():
        for keys in command.shortcuts:
            assert keys.replace("Return", "Enter") in listed, f"{keys} ({command.title}) is not in the list of keys"
            assert (command.page, QKeySequence(keys).toString()) not in taken, f"{keys} means two things"
            taken.add((command.page, QKeySequence(keys).toString()))
    known = {keys for _, keys in taken}
    found = [action for action in window.findChildren(QAction) if not action.shortcut().isEmpty()]
    found += [button for button in window.findChildren(QAbstractButton) if not button.shortcut().isEmpty()]
    assert [one.text() for one in found if one.shortcut().toString() not in known] == []
    window.close_overlays()
