from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit
from pytestqt.qtbot import QtBot

from tests.gui.finding import button, named, said, seen
from workbench.domain import Backend, Changes, Kind, MemoryEstimate
from workbench.gui.models.memory_bar import FITS, MAKE_ROOM, TOO_LARGE, place, verdict
from workbench.gui.models.model_details import _advice
from workbench.gui.models.page import ModelsPage
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session
from workbench.services.models import Machine

Settle = Callable[[], None]
GB = 1_000_000_000


@pytest.fixture
def page(window: MainWindow, opened: Session, settle: Settle) -> ModelsPage:
    window.show_page("models")
    settle()
    window.activateWindow()
    made = window.page("models")
    assert isinstance(made, ModelsPage)
    return made


@pytest.fixture
def tiny(page: ModelsPage, tiny_model: Path, settle: Settle) -> ModelsPage:
    """The page with one model added."""
    page.add_model(tiny_model)
    settle()
    return page


def test_without_models_the_page_says_what_to_add(page: ModelsPage) -> None:
    assert seen(page, "No models yet")
    assert not page.details.isVisible()


def test_a_folder_that_is_added_is_listed_with_its_facts_and_its_estimate(tiny: ModelsPage, tiny_model: Path) -> None:
    assert tiny.table.model().rowCount() == 1
    assert [tiny.model.index(0, column).data() for column in (0, 1, 2, 4, 6)] == [
        "tiny", "Current", "In process", "float32", "1\u00a0024"]
    assert tiny.model.index(0, 5).data().endswith("fits")
    assert "2 layers" in said(tiny.details)
    tiny.details.show_part(1)
    facts = said(tiny.details)
    assert str(tiny_model) in facts
    assert "LlamaForCausalLM" in facts or "llama" in facts.casefold()


def test_a_folder_that_is_no_model_is_refused_with_the_reason(
    page: ModelsPage, opened: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "photos").mkdir()
    with qtbot.waitSignal(opened.error) as shown_error:
        page.add_model(tmp_path / "photos")
    assert shown_error.args[0].what
    assert page.model.rowCount() == 0
    assert button(page, "Add model").isEnabled()


def test_the_first_model_is_the_current_one_and_another_can_be_chosen(
    tiny: ModelsPage, tiny_model: Path, window: MainWindow, settle: Settle
) -> None:
    assert window.top.model.accessibleName() == "Model: tiny"
    assert not button(tiny, "Use this model").isVisible()
    tiny.add_model(shutil.copytree(tiny_model, tiny_model.with_name("other")))
    settle()
    assert [tiny.model.index(row, 0).data() for row in range(2)] == ["other", "tiny"]
    assert tiny.table.current_row() == 0                     # what was added is chosen
    button(tiny, "Use this model").click()
    settle()
    assert [tiny.model.index(row, 1).data() for row in range(2)] == ["Current", "Ready"]
    assert window.top.model.accessibleName() == "Model: other"


def test_a_larger_context_and_batch_need_more_memory(tiny: ModelsPage) -> None:
    def together() -> str:
        lines = said(tiny.details).splitlines()
        return lines[lines.index("Together") + 1]

    tiny.details.context.setValue(100)
    small = together()
    tiny.details.context.setValue(1000)
    tiny.details.batch.setValue(64)
    assert together() != small
    assert any("64" in line for line in said(tiny.details).splitlines())


def test_the_type_that_is_chosen_is_kept(tiny: ModelsPage, opened: Session, settle: Settle) -> None:
    combo = tiny.details.dtype
    combo.setCurrentIndex(combo.findData("bfloat16"))
    combo.activated.emit(combo.currentIndex())
    settle()
    dtypes: list[str] = []
    opened.ask(lambda p: p.models.all()[0].ref.dtype, dtypes.append)
    settle()
    assert dtypes == ["bfloat16"]
    assert tiny.model.index(0, 4).data() == "bfloat16"


def test_files_that_have_changed_since_are_found_by_verifying(
    tiny: ModelsPage, tiny_model: Path, settle: Settle
) -> None:
    tiny.details.show_part(1)
    button(tiny, "Verify files").click()
    settle()
    assert "Unchanged since the model was added." in said(tiny.details)
    weights = tiny_model / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    button(tiny, "Verify files").click()
    settle()
    assert "have changed" in said(tiny.details)


def test_a_model_whose_folder_is_gone_says_so_and_cannot_be_used(
    tiny: ModelsPage, tiny_model: Path, settle: Settle
) -> None:
    tiny_model.rename(tiny_model.with_name("elsewhere"))
    tiny.session.changed.emit(Changes.of(Kind.MODEL))
    settle()
    assert tiny.model.index(0, 1).data() == "Unavailable"
    assert "not there any more" in said(tiny.details)
    assert not button(tiny, "Use this model").isVisible()
    assert not button(tiny.details.trial, "Answer").isEnabled()


def test_the_filter_narrows_the_list_and_says_when_nothing_is_left(tiny: ModelsPage) -> None:
    filter = named(tiny, "Filter models", QLineEdit)
    QTest.keyClicks(filter, "zebra")
    QTest.keyClick(filter, Qt.Key.Key_Return)
    assert seen(tiny, "No model matches")
    QTest.keyClick(filter, Qt.Key.Key_Escape)
    assert tiny.model.rowCount() == 1
    assert tiny.table.isVisible()


def test_removing_a_model_keeps_its_files(tiny: ModelsPage, tiny_model: Path, settle: Settle,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    def remove(dialog: Dialog) -> int:
        next(b for b in dialog.findChildren(QAbstractButton) if b.text() == "Remove model").click()
        return dialog.result()

    monkeypatch.setattr(Dialog, "exec", remove)
    tiny.details.acted.emit("remove")
    settle()
    assert tiny.model.rowCount() == 0
    assert (tiny_model / "model.safetensors").is_file()


def test_a_question_is_answered_by_the_model_and_the_text_comes_as_it_is_made(
    tiny: ModelsPage, settle: Settle, qtbot: QtBot
) -> None:
    trial = tiny.details.trial
    tiny.details.show_part(2)
    trial.prompts.setCurrentIndex(0)
    trial.decoding.tokens.setValue(6)
    trial.question.setPlainText("What is the first letter?")
    assert not button(trial, "Stop").isVisible()
    QTest.keyClick(trial.question, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert button(trial, "Stop").isVisible()
    qtbot.waitUntil(lambda: not button(trial, "Stop").isVisible())
    settle()
    ended = said(trial)
    assert trial.answer.toPlainText() or "The model gave an empty answer." in ended
    assert "error" not in ended.casefold()
    assert not tiny.busy()


def test_asking_nothing_asks_for_a_question(tiny: ModelsPage) -> None:
    tiny.details.show_part(2)
    tiny.details.trial.ask()
    assert "Type a question first." in said(tiny.details.trial)
    assert not tiny.details.trial.running


@pytest.mark.parametrize(("needed", "word"), [(3 * GB, FITS), (10 * GB, MAKE_ROOM), (30 * GB, TOO_LARGE)])
def test_a_model_fits_needs_room_or_is_too_large(needed: int, word: str) -> None:
    assert verdict(needed, free=8 * GB, total=24 * GB) == word


def test_the_advice_says_how_much_is_missing() -> None:
    needed = MemoryEstimate(9 * GB, GB, GB, 4096, 1)
    assert _advice(needed, "main memory", 64 * GB, 40 * GB) == ""
    assert "more than nine tenths" in _advice(needed, "main memory", 64 * GB, int(11.5 * GB))
    assert "Needs 3.0\u00a0GB more than is free" in _advice(needed, "main memory", 64 * GB, 8 * GB)
    assert "has 8.0\u00a0GB in all" in _advice(needed, "main memory", 8 * GB, 4 * GB)


def test_a_model_goes_to_the_graphics_card_unless_told_otherwise() -> None:
    machine = Machine(64 * GB, 40 * GB, (("Card A", 24 * GB, 20 * GB), ("Card B", 48 * GB, 8 * GB)), 100 * GB)
    assert place(machine, "auto")[0] == "Card A"
    assert place(machine, "cuda:1") == ("Card B", 48 * GB, 8 * GB)
    assert place(machine, "cpu") == ("main memory", 64 * GB, 40 * GB)


@pytest.mark.parametrize("note", ["Build it with support.", ""])
def test_a_gguf_file_takes_a_card_where_llama_cpp_is_built_for_one(
    tiny: ModelsPage, monkeypatch: pytest.MonkeyPatch, note: str
) -> None:
    monkeypatch.setattr("workbench.gguf_build.card_note", lambda: note)
    details, model = tiny.details, tiny.model.rows[0]
    file = replace(model, ref=replace(model.ref, backend=Backend.LLAMA_CPP))
    details.show_machine(Machine(64 * GB, 40 * GB, (("Card A", 24 * GB, 20 * GB),), 100 * GB))
    details.show_model(file)
    assert details.device.isEnabled()
    enabled = {dtype for dtype in ("auto", "float32", "float16", "bfloat16", "int8", "nf4")
               if details.dtype.model().item(details.dtype.findData(dtype)).isEnabled()}
    assert (details.dtype.isEnabled(), enabled) == (True, {"auto", "float32", "float16"})
    card = details.device.findData("cuda:0")
    assert details.device.model().item(card).isEnabled() == (not note)
    assert ("with support" in said(details)) == bool(note)
    details.show_model(model)
    assert details.device.model().item(card).isEnabled()
    assert "with support" not in said(details)
