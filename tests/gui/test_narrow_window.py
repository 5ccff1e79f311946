"""Below 1280 pixels: panes that no longer fit beside each other take turns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.waiting import rest
from workbench.gui.demonstrations.page import DemonstrationsPage
from workbench.gui.prompt.page import PromptPage
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session


@pytest.fixture
def narrow(opened: Session, window: MainWindow, qtbot: QtBot) -> MainWindow:
    window.resize(1024, 640)
    return window


@pytest.fixture
def show(narrow: MainWindow, qtbot: QtBot) -> Callable[[str], object]:
    def open_page(name: str) -> object:
        narrow.session.open_page(name)
        page = narrow.page(name)
        rest(page, qtbot)
        return page

    return open_page


def test_enter_lays_the_editor_over_the_table_and_esc_takes_it_away(
    narrow: MainWindow, show: Callable[[str], object]
) -> None:
    page = show("demonstrations")
    assert isinstance(page, DemonstrationsPage)
    assert not page.editor.isVisible()
    whole = page.view.width()
    QTest.keyClick(page.view, Qt.Key.Key_Return)
    assert page.editor.isVisible()
    assert page.view.width() == whole                            # it lies over the table, which does not move
    QTest.keyClick(narrow.windowHandle(), Qt.Key.Key_Escape)     # out of the text
    QTest.keyClick(narrow.windowHandle(), Qt.Key.Key_Escape)
    assert not page.editor.isVisible()
    assert page.view.hasFocus()
    narrow.resize(1440, 900)
    assert page.editor.isVisible()
    assert not page.editor.close_button.isVisible()
    assert page.view.width() < narrow.width() - page.editor.width()


def test_the_facets_move_into_a_popover(narrow: MainWindow, show: Callable[[str], object]) -> None:
    page = show("demonstrations")
    assert isinstance(page, DemonstrationsPage)
    assert not page.facets.isVisible()
    page.filter.facets_button.click()
    assert page.facets.isVisible()
    assert page.facets.hasFocus()
    page._popover.close()
    assert not page.facets.isVisible()


def test_the_order_and_the_exact_text_of_a_prompt_take_turns(
    narrow: MainWindow, show: Callable[[str], object]
) -> None:
    page = show("prompt")
    assert isinstance(page, PromptPage)
    assert (page.list.isVisible(), page.text.isVisible()) == (True, False)
    page.tabs.set_current(1)
    assert (page.list.isVisible(), page.text.isVisible()) == (False, True)
    narrow.resize(1440, 900)
    assert (page.list.isVisible(), page.text.isVisible(), page.tabs.isVisible()) == (True, True, False)
