"""Importing and exporting through the dialogs, with real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui import waiting
from workbench.domain import Status
from workbench.gui.demonstrations.import_dialog import COLUMNS, DOUBLES, ImportDialog
from workbench.gui.demonstrations.page import DemonstrationsPage
from workbench.gui.shell.export_dialog import ExportDialog, PromptExportDialog
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.services.imports import ImportOptions

Open = Callable[..., ImportDialog]
URIAL = Path(__file__).parents[2] / ".." / "shared" / "data" / "urial_prompts" / "urial.txt"


@pytest.fixture
def page(opened: Session, window: MainWindow, qtbot: QtBot) -> DemonstrationsPage:
    opened.open_page("demonstrations")
    found = window.page("demonstrations")
    assert isinstance(found, DemonstrationsPage)
    waiting.rest(found, qtbot)
    return found


@pytest.fixture
def rest(page: DemonstrationsPage, qtbot: QtBot) -> Callable[[], None]:
    return lambda: waiting.rest(page, qtbot)


@pytest.fixture
def open_import(page: DemonstrationsPage, rest: Callable[[], None]) -> Open:
    """Opens the dialog as a dropped file does."""

    def open_dialog(*paths: Path) -> ImportDialog:
        page.shown(import_paths=list(paths))
        rest()
        dialogs = [d for d in page.findChildren(ImportDialog) if d.isVisible()]
        assert len(dialogs) == 1
        return dialogs[0]

    return open_dialog


def is_open(dialog: ImportDialog) -> bool:
    """A closed dialog is deleted."""
    return shiboken6.isValid(dialog) and dialog.isVisible()


def choose(dialog: ImportDialog, field: str, column: str) -> None:
    box = dialog.form.columns[field]
    box.setCurrentIndex(box.findData(column))
    box.activated.emit(box.currentIndex())


def cells(dialog: ImportDialog) -> list[list[str]]:
    model = dialog._cells.model()
    return [[model.index(r, c).data() for c in range(model.columnCount())] for r in range(model.rowCount())]


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return path


def test_a_file_of_known_columns_is_imported_with_two_clicks(
    page: DemonstrationsPage, open_import: Open, rest: Callable[[], None], tmp_path: Path
) -> None:
    file = lines(tmp_path / "new.jsonl", *({"instruction": f"Ask {n}", "output": f"Say {n}"} for n in range(5)))
    dialog = open_import(file)
    assert dialog.form.columns["instruction"].currentData() == "instruction"
    assert cells(dialog)[0][:2] == ["Ask 0", "Say 0"]
    dialog.go.click()
    rest()
    assert not is_open(dialog)
    assert page.table.rowCount() == 17
    assert page.view.current_id() == 13                  # the first that came in


def test_the_fields_of_columns_that_were_found_stand_without_holes(open_import: Open, tmp_path: Path) -> None:
    dialog = open_import(lines(tmp_path / "new.jsonl", {"instruction": "Ask", "output": "Say", "language": "en"}))
    form = dialog.form

    def places() -> dict[tuple[int, int], str]:
        """By row and column, as far as they are shown."""
        boxes = {(box.mapTo(form, box.rect().topLeft()).y(), box.mapTo(form, box.rect().topLeft()).x()): name
                 for name, box in form.columns.items() if box.isVisible()}
        rows, columns = (sorted({place[axis] for place in boxes}) for axis in (0, 1))
        return {(rows.index(y), columns.index(x)): name for (y, x), name in boxes.items()}

    QApplication.processEvents()
    assert places()[2, 0] == "language"
    assert len(places()) == 7
    form._more.click()
    QApplication.processEvents()
    assert set(places()) == {(n // 3, n % 3) for n in range(len(form.columns))}
    form._more.click()
    QApplication.processEvents()
    assert places()[2, 0] == "language"                        # it stays, since a column was found for it


def test_unknown_columns_are_mapped_by_hand(
    page: DemonstrationsPage, open_import: Open, rest: Callable[[], None], qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "fragen.csv"
    file.write_text("frage,erwiderung\nWarum?,Darum.\nWann?,Jetzt.\n", "utf-8")
    dialog = open_import(file)
    assert not dialog.go.isEnabled()
    assert cells(dialog) == [["Warum?", "Darum."], ["Wann?", "Jetzt."]]
    choose(dialog, "instruction", "frage")
    choose(dialog, "answer", "erwiderung")
    qtbot.waitUntil(dialog.go.isEnabled)
    rest()
    dialog.tables.set_current(0)
    assert [row[:2] for row in cells(dialog)] == [["Warum?", "Darum."], ["Wann?", "Jetzt."]]
    dialog.go.click()
    rest()
    assert page.table.rowCount() == 14


def test_refused_rows_are_listed_with_their_line_and_the_good_ones_are_there(
    page: DemonstrationsPage, open_import: Open, rest: Callable[[], None], tmp_path: Path
) -> None:
    file = lines(tmp_path / "mixed.jsonl", {"instruction": "Good", "output": "Yes"}, "{broken", {"instruction": ""})
    dialog = open_import(file)
    dialog.go.click()
    rest()
    assert dialog.isVisible()
    assert [row[0] for row in cells(dialog)] == ["2", "3"]
    assert "1 demonstration imported" in dialog._about.text()
    assert "2 refused" in dialog._about.text()
    assert page.table.rowCount() == 13
    dialog.go.click()
    assert not is_open(dialog)


def test_questions_are_held_out_as_the_files_name_says_unless_the_person_says_otherwise(
    opened: Session, open_import: Open, rest: Callable[[], None], tmp_path: Path
) -> None:
    for stem, held_out in (("heldout", True), ("question", False)):
        file = lines(tmp_path / f"{stem}.jsonl", {"question_id": 1, "turns": ["Why?"], "reference": ["So."]})
        dialog = open_import(file)
        assert dialog.form.held_out.isVisible()
        assert dialog.form.held_out.isChecked() == held_out
        dialog.form.held_out.toggle()
        dialog.go.click()
        rest()
        assert opened.project is not None
        project = opened.project
        newest = max(project.lane.run(project.questions.sets), key=lambda info: info.id)
        assert newest.held_out is not held_out


def test_all_or_nothing_imports_nothing_when_a_row_is_bad(
    page: DemonstrationsPage, open_import: Open, rest: Callable[[], None], tmp_path: Path
) -> None:
    file = lines(tmp_path / "mixed.jsonl", {"instruction": "Good", "output": "Yes"}, "{broken")
    dialog = open_import(file)
    dialog._keep.setChecked(False)
    dialog.go.click()
    rest()
    assert dialog._problem.isVisible()
    assert page.table.rowCount() == 12


def test_stopping_imports_nothing(
    page: DemonstrationsPage, open_import: Open, rest: Callable[[], None], tmp_path: Path
) -> None:
    file = lines(tmp_path / "long.jsonl", *({"instruction": f"Ask {n}", "output": "x" * 200} for n in range(30_000)))
    dialog = open_import(file)
    dialog.go.click()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    rest()
    assert dialog.isVisible()
    assert "Nothing was imported" in dialog._problem.accessibleName()
    assert page.table.rowCount() == 12


def test_a_file_that_cannot_be_read_says_why(open_import: Open, tmp_path: Path) -> None:
    dialog = open_import(tmp_path / "gone.jsonl")
    assert dialog._problem.isVisible()
    assert not dialog.go.isEnabled()


def test_another_encoding_is_read_anew(
    open_import: Open, rest: Callable[[], None], qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "russian.csv"
    file.write_bytes("instruction,output\nПривет,Ответ\n".encode("koi8-r"))
    dialog = open_import(file)
    index = dialog.form.encoding.findText("koi8-r")
    dialog.form.encoding.setCurrentIndex(index)
    dialog.form.encoding.activated.emit(index)
    qtbot.waitUntil(lambda: bool(cells(dialog)) and cells(dialog)[0][0] == "Привет")


def test_several_files_come_one_after_the_other(
    page: DemonstrationsPage, open_import: Open, rest: Callable[[], None], tmp_path: Path
) -> None:
    files = [lines(tmp_path / f"{n}.jsonl", {"instruction": f"File {n}", "output": "Yes"}) for n in (1, 2)]
    dialog = open_import(*files)
    assert "1 of 2" in dialog._title.text()
    dialog.go.click()
    rest()
    assert dialog.go.text() == "Next file"
    dialog.go.click()
    rest()
    dialog.go.click()
    rest()
    assert page.table.rowCount() == 14


@pytest.mark.skipif(not URIAL.exists(), reason="../shared/data is not there")
def test_a_urial_file_becomes_the_current_prompt_and_comes_out_byte_for_byte(
    page: DemonstrationsPage, open_import: Open, rest: Callable[[], None], tmp_path: Path
) -> None:
    dialog = open_import(URIAL)
    assert "prompt" in dialog._about.text()
    dialog.go.click()
    rest()
    session, project = page.session, page.session.project
    assert project is not None
    id = session.current_prompt_id
    assert id is not None
    prompt = project.lane.run(lambda: project.prompts.get(id))
    assert len(prompt.demonstrations) == 3
    PromptExportDialog(session, prompt, page).write(tmp_path / "out.txt")
    rest()
    assert (tmp_path / "out.txt").read_bytes() == URIAL.read_bytes()


def test_what_is_shown_is_exported_and_reads_in_again(
    page: DemonstrationsPage, rest: Callable[[], None], tmp_path: Path
) -> None:
    page.filter.set_query("status:accepted")
    rest()
    dialog = ExportDialog(page.session, [], page.table.ids(), page)
    dialog.write(tmp_path / "out.jsonl")
    rest()
    project = page.session.project
    assert project is not None
    found = project.imports.preview(tmp_path / "out.jsonl", ImportOptions())
    assert [d.status for d in found.demonstrations] == [Status.ACCEPTED] * 2


def test_an_export_that_cannot_be_written_says_so_and_keeps_the_dialog(
    page: DemonstrationsPage, rest: Callable[[], None], tmp_path: Path
) -> None:
    dialog = ExportDialog(page.session, [], page.table.ids(), page)
    dialog.open()
    dialog.write(tmp_path / "no such folder" / "out.jsonl")
    rest()
    assert dialog.isVisible()
    assert dialog._problem.isVisible()


def test_the_dialog_says_before_and_after_what_becomes_of_columns_and_doubles(
    page: DemonstrationsPage, open_import: Open, rest: Callable[[], None], tmp_path: Path
) -> None:
    file = lines(tmp_path / "some.jsonl", {"instruction": "Ask", "output": "Say", "id": 7},
                 {"instruction": "Ask", "output": "Say", "tags": ["new"]}, {"instruction": "No answer", "level": 3})
    dialog = open_import(file)
    assert "1 without an answer" in dialog._about.text()
    dialog.tables.set_current(COLUMNS)
    assert ["id", "1", "Kept as metadata"] in cells(dialog)
    assert ["output", "2", "Answer"] in cells(dialog)
    assert dialog._kept.text() == "Kept as metadata: id (1), level (1)."
    assert dialog.tables.button(DOUBLES).text() == "Doubles (1)"
    dialog.tables.set_current(DOUBLES)
    assert cells(dialog)[0][:2] == ["2", "line 1"]
    dialog.go.click()
    rest()
    assert dialog.isVisible()
    assert cells(dialog) == [["2", "line 1", "tags new"]]
    dialog.tables.set_current(COLUMNS)
    assert ["level", "1", "Kept as metadata"] in cells(dialog)
    dialog._take_over.click()
    rest()
    project = page.session.project
    assert project is not None
    assert project.demonstrations.get([13])[0].tags == ("new",)


def test_questions_in_a_table_can_be_mapped_and_say_what_is_not_taken(
    page: DemonstrationsPage, open_import: Open, rest: Callable[[], None], qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = open_import(lines(tmp_path / "q.jsonl", {"ask": "Why?", "hint": "It rains.", "level": 3}))
    dialog.form.format.setCurrentIndex(dialog.form.format.findData("questions"))
    dialog.form.format.activated.emit(dialog.form.format.currentIndex())
    qtbot.waitUntil(lambda: dialog.preview is not None and dialog.preview.content == "questions")
    assert not dialog.go.isEnabled()
    assert cells(dialog) == [["Why?", "It rains.", "3"]]
    choose(dialog, "instruction", "ask")
    choose(dialog, "input", "hint")
    qtbot.waitUntil(lambda: cells(dialog) == [["1", "", "Why? It rains.", ""]], timeout=10_000)
    assert "level (1)" in dialog._notes.accessibleName()
    dialog.go.click()
    rest()
    project = page.session.project
    assert project is not None
    assert project.questions.get(project.questions.sets()[-1].id).questions[0].turns == ("Why?\n\nIt rains.",)
