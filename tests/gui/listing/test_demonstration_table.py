"""The table's model: rows are asked for when they are looked at, and only then."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.domain import Interval, Status
from workbench.gui.listing import table as demonstration_table
from workbench.gui.listing.table import BATCH, Column, DemonstrationTable
from workbench.gui.listing.view import DemonstrationView
from workbench.gui.widgets.glyphs import gain_scale
from workbench.services.demonstrations import Row, Sort


def row(id: int) -> Row:
    gain = Interval(0.29, 0.23, 0.35) if id % 2 else None
    return Row(id, Status.ACCEPTED, f"Instruction {id}", "Advice", "web", ("short",), 100 + id, gain, id % 6)


class Shelf:
    """Hands out rows when it is told to."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.rows: dict[int, Row] = {}
        self._then: list[Callable[[list[Row]], None]] = []

    def fetch(self, ids: list[int], then: Callable[[list[Row]], None]) -> None:
        self.asked.append(ids)
        self._then.append(then)

    def deliver(self) -> None:
        ids, then = self.asked[-1], self._then.pop()
        then([self.rows.get(id) or row(id) for id in ids])


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def table(shelf: Shelf, app: QApplication) -> DemonstrationTable:
    return DemonstrationTable(shelf.fetch)


def test_a_million_ids_ask_for_nothing_until_a_row_is_looked_at(
    shelf: Shelf, table: DemonstrationTable, qtbot: QtBot
) -> None:
    table.set_ids(list(range(1, 1_000_001)))
    assert table.rowCount() == 1_000_000
    QApplication.processEvents()
    assert shelf.asked == []
    assert table.row_at(700_000) is None
    qtbot.waitUntil(lambda: len(shelf.asked) == 1)
    assert 700_001 in shelf.asked[0]
    assert len(shelf.asked[0]) <= 2 * BATCH
    shelf.deliver()
    found = table.row_at(700_000)
    assert found is not None
    assert found.id == 700_001


def test_while_one_request_is_under_way_no_other_is_made(
    shelf: Shelf, table: DemonstrationTable, qtbot: QtBot
) -> None:
    table.set_ids(list(range(1, 100_001)))
    table.row_at(0)
    qtbot.waitUntil(lambda: len(shelf.asked) == 1)
    for position in range(0, 100_000, 5_000):                # the scroll bar flies by
        table.row_at(position)
    QApplication.processEvents()
    assert len(shelf.asked) == 1


def test_a_changed_row_is_shown_as_it_was_until_the_new_one_is_there(
    shelf: Shelf, table: DemonstrationTable, qtbot: QtBot
) -> None:
    table.set_ids([1, 2, 3])
    table.row_at(0)
    qtbot.waitUntil(lambda: len(shelf.asked) == 1)
    shelf.deliver()
    table.forget([2])
    assert table.row_at(1) is not None
    qtbot.waitUntil(lambda: len(shelf.asked) == 2)
    assert shelf.asked[1] == [2]


def test_the_cache_does_not_grow_without_end(
    shelf: Shelf, table: DemonstrationTable, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demonstration_table, "CACHE", 1_000)
    table.set_ids(list(range(1, 3_001)))
    for number, position in enumerate(range(0, 3_000, BATCH), start=1):
        table.row_at(position)
        qtbot.waitUntil(lambda number=number: len(shelf.asked) == number)
        shelf.deliver()
    assert table.cached() <= 1_000


def test_cells_are_spoken_in_words(shelf: Shelf, table: DemonstrationTable, qtbot: QtBot) -> None:
    table.set_ids([1])
    spoken = Qt.ItemDataRole.AccessibleTextRole
    assert table.index(0, Column.STATUS).data(spoken) == "…"
    qtbot.waitUntil(lambda: len(shelf.asked) == 1)
    shelf.deliver()
    said = {column: table.index(0, column).data(spoken) for column in Column}
    assert said[Column.STATUS] == "accepted"
    assert said[Column.GAIN] == "gain +0.29, 95\u00a0% interval 0.23 to 0.35"
    assert said[Column.RATING] == "1 of 5"
    assert said[Column.INSTRUCTION] == "Instruction 1 (tags: short)"


def test_markup_in_an_instruction_is_not_markup_in_its_tooltip(
    shelf: Shelf, table: DemonstrationTable, qtbot: QtBot
) -> None:
    bad = Row(1, Status.CANDIDATE, "<img src='file:///etc/passwd'>", "", "", (), None, None, 0)
    table.set_ids([1])
    table.row_at(0)
    qtbot.waitUntil(lambda: len(shelf.asked) == 1)
    shelf.rows[1] = bad
    shelf.deliver()
    tip = table.index(0, Column.INSTRUCTION).data(Qt.ItemDataRole.ToolTipRole)
    assert "<img" not in tip
    assert "&lt;img" in tip


def test_the_header_says_how_the_rows_are_sorted(table: DemonstrationTable) -> None:
    chosen: list[tuple[Sort, bool]] = []
    table.sort_chosen.connect(lambda sort, descending: chosen.append((sort, descending)))
    table.sort(Column.GAIN, Qt.SortOrder.DescendingOrder)
    assert chosen == [(Sort.GAIN, True)]
    assert table.headerData(Column.GAIN, Qt.Orientation.Horizontal) == "Gain ↓"
    table.sort(-1)
    assert chosen[-1] == (Sort.ID, False)
    assert table.headerData(Column.GAIN, Qt.Orientation.Horizontal) == "Gain"


def test_selecting_all_of_a_million_rows_and_counting_them_makes_no_index_for_each(
    shelf: Shelf, table: DemonstrationTable, qtbot: QtBot
) -> None:
    view = DemonstrationView(table)
    qtbot.addWidget(view)
    table.set_ids(list(range(1, 1_000_001)))
    view.selectAll()
    assert view.selected_count() == 1_000_000
    assert len(view.selectionModel().selection()) == 1
    assert view.selected_ids()[-1] == 1_000_000


def test_painting_a_whole_selection_does_not_look_at_every_row(
    table: DemonstrationTable, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    flags = DemonstrationTable.flags

    def counted(self: DemonstrationTable, index: QModelIndex) -> Qt.ItemFlag:
        asked.append(index.row())
        return flags(self, index)

    monkeypatch.setattr(DemonstrationTable, "flags", counted)
    view = DemonstrationView(table)
    qtbot.addWidget(view)
    view.resize(800, 400)
    table.set_ids(list(range(1, 10_001)))
    view.show()
    qtbot.waitExposed(view)
    asked.clear()
    view.selectAll()
    view.grab()
    assert len(asked) < 1_000


def test_no_cell_has_children(table: DemonstrationTable) -> None:
    table.set_ids([1])
    assert table.rowCount(table.index(0, 0)) == 0
    assert table.rowCount(QModelIndex()) == 1


def test_a_selection_is_kept_by_id_when_the_rows_stand_in_another_order(
    table: DemonstrationTable, qtbot: QtBot
) -> None:
    view = DemonstrationView(table)
    qtbot.addWidget(view)
    table.set_ids([1, 2, 3, 4, 5, 6])
    view.select_ids([2, 3, 5])
    assert view.selected_ids() == [2, 3, 5]
    assert len(view.selectionModel().selection()) == 2
    table.set_ids([6, 5, 4, 3, 2, 1])
    view.select_ids([2, 3, 5])
    assert view.selected_ids() == [5, 3, 2]


def test_columns_give_way_until_the_instruction_can_be_read(table: DemonstrationTable, qtbot: QtBot) -> None:
    view = DemonstrationView(table)
    qtbot.addWidget(view)
    view.set_cosy(False)
    view.resize(1400, 300)
    view.show()
    qtbot.waitExposed(view)
    assert not any(view.isColumnHidden(column) for column in Column)
    view.resize(560, 300)
    assert view.isColumnHidden(Column.SOURCE)
    assert view.isColumnHidden(Column.TAGS)
    assert not view.isColumnHidden(Column.GAIN)
    assert view.columnWidth(Column.INSTRUCTION) > 120


@pytest.mark.parametrize(("lowest", "highest"), [(-5.97, 6.34), (-0.05, 0.1), (-3.0, 0.1), (0.2, 0.5), (-2.0, -1.0)])
def test_the_largest_loss_and_the_largest_gain_both_fit_on_one_scale(lowest: float, highest: float) -> None:
    scale = gain_scale(lowest, highest)
    unit = (1 - scale.zero) / scale.largest              # of the width, for both signs
    assert max(highest, 0) * unit <= 1 - scale.zero + 1e-9
    assert max(-lowest, 0) * unit <= scale.zero + 1e-9
    assert max(max(highest, 0) * unit / (1 - scale.zero), max(-lowest, 0) * unit / scale.zero) == pytest.approx(1)
