from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QFontDatabase, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from workbench.domain import Status
from workbench.domain.filter import Filter
from workbench.errors import ProjectError
from workbench.gui.shell import settings
from workbench.gui.shell.application import application
from workbench.gui.shell.command_palette import CommandPalette
from workbench.gui.shell.commands import Declared
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.pages import PAGES
from workbench.gui.shell.session import Session
from workbench.gui.shell.shortcuts_view import ShortcutsDialog
from workbench.gui.widgets import theme
from workbench.gui.widgets.safe_text import PlainText
from workbench.services.project import Project

Settle = Callable[[], None]
OWN_PAGES = ("welcome", "models", "jobs")


@pytest.fixture
def house(window: MainWindow, session: Session, project_folder: Path, settle: Settle) -> MainWindow:
    """The window with the project open."""
    session.adopt(Project.open(project_folder, person="tester"))
    settle()
    return window


def texts(widget: QWidget) -> list[str]:
    return [found.text() for found in widget.findChildren(QLabel) if found.isVisible()]


def press(widget: QWidget, keys: str) -> None:
    combination = QKeySequence(keys)[0]
    QTest.keyClick(widget, combination.key(), combination.keyboardModifiers())


def test_without_a_project_the_window_shows_welcome_and_offers_no_other_page(window: MainWindow) -> None:
    assert window.current_page == "welcome"
    enabled = [name for name, item in window.rail.items.items() if item.isEnabled()]
    assert enabled == ["welcome"]
    window.show_page("jobs")
    assert window.current_page == "welcome"


def test_opening_a_project_shows_its_name_its_demonstrations_and_their_number(house: MainWindow) -> None:
    assert house.top.project.text() == "House style"
    assert house.current_page == "demonstrations"
    assert any("12 demonstrations" in text for text in texts(house.status))
    assert all(item.isEnabled() for item in house.rail.items.values())


def test_closing_the_project_goes_back_to_welcome(house: MainWindow, session: Session, settle: Settle) -> None:
    session.commands.run("project.close")
    settle()
    assert house.current_page == "welcome"
    assert house.top.project.text() == "No project open"
    assert not house.rail.items["jobs"].isEnabled()


def test_every_page_is_reached_by_its_number_key(house: MainWindow, settle: Settle) -> None:
    for number, page in enumerate(PAGES, 1):
        press(house, f"Ctrl+{number}")
        assert house.current_page == page.name
        assert house.rail.items[page.name].isChecked()
    settle()


def test_pages_are_built_when_they_are_first_shown(house: MainWindow) -> None:
    assert set(house._pages) == {"welcome", "demonstrations"}


def test_a_change_is_announced_with_undo_and_ctrl_z_takes_it_back(
    house: MainWindow, session: Session, settle: Settle
) -> None:
    session.change(lambda p: p.demonstrations.set_status([4, 5, 6], Status.REJECTED))
    settle()
    assert house.toast.isVisible()
    assert "3" in house.toast.text()
    press(house, "Ctrl+Z")
    settle()
    rejected: list[int] = []
    session.ask(lambda p: p.demonstrations.facets(Filter()).statuses[Status.REJECTED], rejected.append)
    settle()
    assert rejected == [1]


def test_escape_closes_the_message(house: MainWindow, session: Session) -> None:
    session.notice.emit("12 demonstrations rejected", "undo")
    assert house.toast.isVisible()
    press(house, "Esc")
    assert not house.toast.isVisible()


def test_a_known_error_says_what_is_safe_and_what_to_do_without_a_traceback(window: MainWindow) -> None:
    window.show_error(ProjectError("The disk is full.", safe="Nothing was changed.", remedy="Free some space."))
    dialog = window.findChild(Dialog)
    assert texts(dialog) == ["The disk is full.", "Nothing was changed.", "Free some space."]
    assert not dialog.findChildren(PlainText)
    dialog.close()


def test_a_bug_says_that_the_project_is_safe_and_has_the_traceback_to_copy(window: MainWindow) -> None:
    window.log = Path("/somewhere/window.log")
    try:
        {}["missing"]
    except KeyError as error:
        window.show_bug(error)
    dialog = window.findChild(Dialog)
    assert any("/somewhere/window.log" in text for text in texts(dialog))
    details = dialog.findChild(PlainText)
    assert details.isHidden()
    assert "KeyError: 'missing'" in details.toPlainText()
    buttons = {button.text(): button for button in dialog.findChildren(QAbstractButton)}
    buttons["Show details"].click()
    assert details.isVisible()
    dialog.close()


def test_a_fault_that_repeats_opens_one_dialog(window: MainWindow) -> None:
    for _ in range(5):
        window.show_bug(ValueError("again"))
    assert len([d for d in window.findChildren(Dialog) if d.isVisible()]) == 1
    window.close_overlays()


# -- the command palette


def test_the_palette_finds_a_page_by_a_few_letters_and_goes_there(house: MainWindow, settle: Settle) -> None:
    press(house, "Ctrl+Shift+P")
    palette = house.findChild(CommandPalette)
    assert palette.isVisible()
    QTest.keyClicks(palette.field, "gtj")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    settle()
    assert house.current_page == "jobs"


def test_the_palette_finds_demonstrations_unless_only_commands_are_wanted(house: MainWindow, settle: Settle) -> None:
    house.open_palette()
    palette = house.findChild(CommandPalette)
    QTest.keyClicks(palette.field, "instruction")
    settle()
    titles = [entry.title for entry in palette.model.entries]
    assert "Demonstrations found" in titles
    assert sum(title.startswith("Instruction ") for title in titles) == 6
    palette.field.setText(">instruction")
    settle()
    assert not any(entry.title.startswith("Instruction ") for entry in palette.model.entries)
    palette.close()


def test_the_palette_lists_the_commands_of_every_page_that_is_shown(house: MainWindow, settle: Settle) -> None:
    """Also of the page whose title is what demonstrations are found under."""
    missing = []
    for entry in PAGES:
        house.show_page(entry.name)
        settle()
        house.open_palette()
        palette = house.findChildren(CommandPalette)[-1]
        titles = {line.title for line in palette.model.entries if line.run is not None}
        palette.close()
        missing += [command.title for command in house.session.commands.available(entry.name)
                    if command.id != "palette" and command.title not in titles]
    assert missing == []


def test_the_palette_s_arrows_skip_headings_and_go_round(house: MainWindow) -> None:
    house.open_palette()
    palette = house.findChild(CommandPalette)
    seen = set()
    for _ in range(palette.model.rowCount() * 2):
        seen.add(palette.list.currentIndex().row())
        QTest.keyClick(palette.field, Qt.Key.Key_Down)
    lines = {row for row, entry in enumerate(palette.model.entries) if entry.run is not None}
    assert seen == lines
    palette.close()


def test_the_palette_says_when_nothing_matches_and_enter_does_nothing(house: MainWindow, settle: Settle) -> None:
    house.open_palette()
    palette = house.findChild(CommandPalette)
    palette.field.setText(">qqqqzzzz")
    assert [entry.title for entry in palette.model.entries] == ["Nothing matches"]
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    settle()


def test_a_second_palette_takes_the_place_of_the_first(house: MainWindow, qtbot: QtBot) -> None:
    house.open_palette()
    house.open_palette()
    qtbot.waitUntil(lambda: len([p for p in house.findChildren(CommandPalette) if p.isVisible()]) == 1)
    house.close_overlays()


# -- keys


def test_the_list_of_keys_has_every_command_that_has_one(house: MainWindow, settle: Settle) -> None:
    house.open_shortcuts()
    settle()
    dialog = house.findChild(ShortcutsDialog)
    spoken = " ".join(widget.accessibleName() for widget in dialog.findChildren(QWidget))
    for page in PAGES:
        house.page(page.name)
    for command in house.session.commands.all():
        if command.shortcuts and not command.id.startswith("pane."):
            assert command.shortcuts[0].replace("Return", "Enter") in spoken, command.id      # as it stands on the key
    dialog.close()


def test_no_two_commands_share_a_key_where_both_could_act(house: MainWindow, settle: Settle) -> None:
    for page in PAGES:
        house.page(page.name)
    settle()
    for page in PAGES:
        taken: dict[str, str] = {}
        for command in house.session.commands.all():
            if command.page in (None, page.name):
                for keys in command.shortcuts:
                    normal = QKeySequence(keys).toString()
                    assert normal not in taken or (command.page is None) != (
                        house.session.commands.get(taken[normal]).page is None), (normal, command.id, taken[normal])
                    taken[normal] = command.id


def test_a_page_s_key_acts_on_that_page_alone_and_goes_before_the_window_s(
    house: MainWindow, settle: Settle
) -> None:
    ran: list[str] = []
    house.page("jobs")
    declare = house.session.commands.declare
    declare([Declared("test", "Window", lambda ran: ran.append("window"), "Ctrl+Alt+J")], ran)
    declare([Declared("test", "Page", lambda ran: ran.append("page"), "Ctrl+Alt+J")], ran, page="jobs")
    settle()
    house.show_page("models")
    press(house, "Ctrl+Alt+J")
    house.show_page("jobs")
    press(house, "Ctrl+Alt+J")
    assert ran == ["window", "page"]


def test_a_single_letter_is_typed_where_a_text_field_has_the_focus(
    house: MainWindow, settle: Settle, qtbot: QtBot
) -> None:
    ran: list[str] = []
    house.show_page("models")
    house.session.commands.declare([Declared("letter", "Letter", lambda ran: ran.append("x"), "X")], ran, page="models")
    settle()
    house.activateWindow()
    page = house.page("models")
    field = next(f for f in page.findChildren(QLineEdit) if f.isVisible())
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    QTest.keyClick(field, Qt.Key.Key_X)
    assert field.text() == "x"
    assert ran == []
    house.rail.items["models"].setFocus()
    QTest.keyClick(house.rail.items["models"], Qt.Key.Key_X)
    assert ran == ["x"]


def test_f6_moves_through_the_panes_of_a_page(house: MainWindow, settle: Settle, tiny_model: Path) -> None:
    house.show_page("models")
    house.page("models").add_model(tiny_model)
    settle()
    house.activateWindow()
    house.page("models").table.setFocus()
    before = house.focusWidget()
    press(house, "F6")
    after = house.focusWidget()
    assert after is not before
    press(house, "Shift+F6")
    assert house.focusWidget() is before


# -- look and memory


def test_the_rail_collapses_on_a_narrow_window_and_a_person_s_wish_stands(window: MainWindow) -> None:
    window.resize(1280, 800)
    assert window.rail.collapsed
    window.resize(1440, 900)
    assert not window.rail.collapsed
    window.toggle_rail()
    window.resize(1500, 900)
    assert window.rail.collapsed


def test_the_next_window_has_the_theme_and_the_rail_of_the_last(
    app: object, session: Session, qtbot: QtBot
) -> None:
    first = MainWindow(session)
    qtbot.addWidget(first)
    first.resize(1440, 900)
    first.show()
    first.toggle_rail()
    session.commands.run("theme.toggle")
    first.close()
    assert settings.THEME.get() == "dark"
    second = MainWindow(session)
    qtbot.addWidget(second)
    second.resize(1440, 900)
    second.show()
    assert second.rail.collapsed


def test_the_size_of_the_text_follows_its_keys_and_is_remembered(house: MainWindow, qtbot: QtBot) -> None:
    before = theme.px()
    try:
        press(house, "Ctrl+=")
        press(house, "Ctrl+=")
        assert theme.px() == before + 2
        press(house, "Ctrl+-")
        assert theme.px() == before + 1
        theme.set_text_step(0)
        application()                                # what the next start does
        assert theme.px() == before + 1
        press(house, "Ctrl+0")
        assert theme.px() == before
        assert settings.TEXT_STEP.get() == 0
    finally:
        theme.set_text_step(0)


@pytest.mark.parametrize("family", ["DejaVu Sans", "DejaVu Serif"])
def test_the_window_fits_its_smallest_size_with_a_wide_font(
    house: MainWindow, settle: Settle, qtbot: QtBot, family: str
) -> None:
    def fits() -> None:                              # once the layouts had their turn of the event loop
        wide = {name: page.minimumSizeHint() for name, page in house._pages.items()}
        assert house.minimumSizeHint().width() <= 1024, wide
        assert house.minimumSizeHint().height() <= 640, wide

    if not QFontDatabase.hasFamily(family):
        pytest.skip(f"{family} is not installed (apt install fonts-dejavu-core)")
    before = theme.font("body").family()
    theme.set_family(family)
    try:
        house.resize(1024, 640)
        for name in OWN_PAGES:
            house.show_page(name)
            settle()
        assert house.rail.collapsed
        qtbot.waitUntil(fits)
    finally:
        theme.set_family(before)


def test_every_control_has_a_name_for_a_screen_reader(house: MainWindow, settle: Settle, tiny_model: Path) -> None:
    house.show_page("models")
    house.page("models").add_model(tiny_model)
    settle()
    kinds = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QAbstractItemView)
    for name in OWN_PAGES:
        house.show_page(name)
        settle()
    for kind in kinds:
        for widget in house.findChildren(kind):
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            if not _part_of_another(widget) and not isinstance(widget, QHeaderView):
                assert widget.accessibleName() or text, (widget, widget.parent())


def _part_of_another(widget: QWidget) -> bool:
    """The field of a spin box, the list of a combo box, the buttons of a scroll area: named by what they belong to."""
    above = (widget.parent(), widget.parent().parent())
    return any(isinstance(w, QAbstractSpinBox | QComboBox) for w in above) or widget.objectName().startswith("qt_")


# -- projects


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                                Qt.KeyboardModifier.NoModifier))


def test_a_project_folder_that_is_dropped_on_the_window_is_opened(
    window: MainWindow, session: Session, project_folder: Path, qtbot: QtBot, settle: Settle
) -> None:
    with qtbot.waitSignal(session.project_opened):
        drop(window, project_folder)
    settle()
    assert window.top.project.text() == "House style"


def test_a_project_that_is_open_elsewhere_is_offered_for_reading(
    window: MainWindow, session: Session, project_folder: Path, qtbot: QtBot, settle: Settle
) -> None:
    other = Project.open(project_folder, person="somebody else")
    try:
        window.projects.open(project_folder)
        qtbot.waitUntil(lambda: any(d.isVisible() for d in window.findChildren(Dialog)))
        dialog = window.findChild(Dialog)
        with qtbot.waitSignal(session.project_opened):
            next(b for b in dialog.findChildren(QAbstractButton) if b.text() == "Open for reading").click()
        settle()
        assert session.read_only
        assert "read only" in window.top.project.text()
    finally:
        other.close()


def test_the_new_project_dialog_refuses_a_folder_that_is_taken(window: MainWindow, tmp_path: Path) -> None:
    from workbench.gui.shell.new_project import NewProjectDialog

    (tmp_path / "my-style").mkdir()
    (tmp_path / "my-style" / "letter.txt").write_text("keep me")
    settings.PROJECTS_FOLDER.set(tmp_path)
    dialog = NewProjectDialog(window)
    create = next(b for b in dialog.findChildren(QAbstractButton) if b.text() == "Create project")
    dialog.name.setText("My style")
    assert not create.isEnabled()
    dialog.name.setText("My other style")
    assert create.isEnabled()
    chosen: list[tuple[Path, str]] = []
    dialog.chosen.connect(lambda folder, name: chosen.append((folder, name)))
    create.click()
    assert chosen == [(tmp_path / "my-other-style", "My other style")]


def test_the_window_comes_up_without_the_heavy_libraries(tmp_path: Path) -> None:
    """They are imported when a project or a chart needs them, so that the first paint does not wait."""
    program = (
        "import sys, json\n"
        "import workbench.gui.shell.application, workbench.gui.welcome.page\n"
        "names = ('torch', 'transformers', 'llama_cpp', 'pyarrow', 'sqlalchemy', 'pyqtgraph')\n"
        "print(json.dumps([name for name in names if name in sys.modules]))\n")
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == []
