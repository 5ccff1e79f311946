"""Names and texts of strangers that look like markup are shown as what they are: nothing is loaded or linked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QLabel, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

import workbench_resources as resources
from tests.gui.waiting import rest
from workbench.domain import Demonstration, Prompt, Question, QuestionSet
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.pages import PAGES
from workbench.gui.shell.session import Session
from workbench.gui.widgets.notice import UndoToast
from workbench.services.project import Project
from workbench_db import jobs as stored

EVIL = "<img src='file:///tmp/stranger.png'><script>alert(1)</script><a href='javascript:1'>x</a>"


def _fill(project: Project) -> None:
    texts = replace(Demonstration.pair(EVIL, EVIL, category=EVIL, source=EVIL, tags=("<img>",)), note=EVIL)
    made = project.demonstrations.add((texts,)).created
    prompt = project.prompts.create(Prompt(rules=EVIL, demonstrations=(texts,), name=EVIL)).created[0]
    project.prompts.add_demonstrations(prompt, made)
    project.questions.add(QuestionSet(EVIL, (Question((EVIL, EVIL), (EVIL, EVIL), EVIL, EVIL),)))
    project.models.register(resources.path("models", "tiny-student"), EVIL)
    with project.database.write() as connection:
        job = stored.insert_job(connection, "score", EVIL, "{}", detail=EVIL)
        stored.set_state(connection, job, "failed", detail=EVIL)
        stored.append_log(connection, job, "error", EVIL)


def _cells(model: QAbstractItemModel) -> Iterator[QModelIndex]:
    root = QModelIndex()
    for row in range(min(model.rowCount(root), 20)):
        for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount(root)):
            yield model.index(row, column, root)


def _tips(widget: QWidget) -> list[str]:
    model = widget.model() if isinstance(widget, QAbstractItemView) else None
    cells = [] if model is None else [index.data(Qt.ItemDataRole.ToolTipRole) for index in _cells(model)]
    return [widget.toolTip(), widget.statusTip(), *(str(tip) for tip in cells if tip)]


def _loose(root: QWidget) -> list[str]:
    """Where markup would be taken for markup."""
    found = []
    for widget in (root, *root.findChildren(QWidget)):
        found += [f"{type(widget).__name__}: {tip}" for tip in _tips(widget) if "<img" in tip or "<a " in tip]
        if isinstance(widget, QLabel) and "<img" in widget.text() and widget.textFormat() != Qt.TextFormat.PlainText:
            found.append(f"label {widget.text()}")
        if isinstance(widget, QTextEdit) and "stranger.png" in widget.toHtml() and "<img" in widget.toHtml():
            found.append(type(widget).__name__)
    return found


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_no_page_takes_a_strangers_text_for_markup(
    session: Session, window: MainWindow, tmp_path: Path, name: str, qtbot: QtBot
) -> None:
    project = Project.create(tmp_path / "project", EVIL)
    project.lane.run(lambda: _fill(project))
    session.adopt(project)
    session.open_page(name)
    page = window.page(name)
    rest(page, qtbot)
    assert _loose(window) == []
    if name in ("demonstrations", "jobs"):
        assert any("&lt;img" in tip for view in page.findChildren(QAbstractItemView) for tip in _tips(view))


def test_a_message_and_its_tooltip_are_plain(window: MainWindow, qtbot: QtBot) -> None:
    toast = UndoToast(window)
    toast.say(EVIL, "error")
    assert _loose(toast) == []
    assert "&lt;img" in toast._text.toolTip()
