"""The models' table: its rows and how they are painted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from workbench.domain import MemoryEstimate
from workbench.gui.models.memory_bar import TONES, place, verdict
from workbench.gui.shell.places import short_path
from workbench.gui.widgets import theme
from workbench.gui.widgets.chips import STATES, paint_state
from workbench.gui.widgets.data_table import ColumnSpec, RowDelegate
from workbench.gui.widgets.glyphs import paint_progress, paint_text, paint_two_lines
from workbench.gui.widgets.row_table import RowTable
from workbench.services.models import Machine, ModelInfo, backend_title
from workbench.wording import counted, gigabytes, short_parameters

Index = QModelIndex | QPersistentModelIndex
MODEL, STATE, BACKEND, SIZE, TYPE, MEMORY, CONTEXT = range(7)
COLUMNS = (
    ColumnSpec("Model"), ColumnSpec("State", "Unavailable", extra=26), ColumnSpec("Backend", "In process", drop=1),
    ColumnSpec("Size", "888.8 M", right=True, drop=4), ColumnSpec("Type", "bfloat16", drop=3),
    ColumnSpec("Memory needed", extra=168), ColumnSpec("Context", "131 072", right=True, drop=2),
)
RIGHT = Qt.AlignmentFlag.AlignRight
QUANTISED = {"int8": "8 bit", "nf4": "4 bit"}
CONTEXT_SHOWN = 4096                             # the table's estimates are for a context of at most this


class ModelTable(RowTable[ModelInfo]):
    """The project's models, with the memory that each needs on this computer."""

    columns = COLUMNS

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.everything: list[ModelInfo] = []
        self.estimates: dict[int, MemoryEstimate] = {}
        self.machine: Machine | None = None
        self._filter = ""

    def key(self, row: ModelInfo) -> int | None:
        return row.ref.id

    def show_models(self, models: list[ModelInfo], estimates: dict[int, MemoryEstimate]) -> None:
        self.everything, self.estimates = models, estimates
        self._fill()

    def show_machine(self, machine: Machine) -> None:
        self.machine = machine
        self.repaint_column(MEMORY)

    def filter(self, text: str) -> None:
        """Only models whose name, folder or architecture has the text."""
        self._filter = text.casefold().strip()
        self._fill()

    def _fill(self) -> None:
        def fits(model: ModelInfo) -> bool:
            architecture = model.facts.architecture if model.facts else ""
            return self._filter in f"{model.ref.name} {model.ref.path} {architecture}".casefold()

        self.show_rows([model for model in self.everything if fits(model)])

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole and section == MEMORY:
            return f"For one sequence of up to {CONTEXT_SHOWN} tokens; the tick is the free memory now"
        return super().headerData(section, orientation, role)

    def state(self, model: ModelInfo) -> str:
        return "current" if model.current and model.state == "ready" else model.state

    def spoken(self, row: ModelInfo, column: int) -> str:
        if column == MODEL:
            return f"{row.ref.name}, {STATES[self.state(row)][0]}. {row.reason}"
        return self.text(row, column)

    def hint(self, row: ModelInfo, column: int) -> str | None:
        if column not in (MODEL, STATE):
            return None
        return f"{row.ref.path}\n{row.reason}" if row.reason else row.ref.path

    def text(self, row: ModelInfo, column: int) -> str:
        facts = row.facts
        if column == MODEL:
            return row.ref.name
        if column == STATE:
            return STATES[self.state(row)][0]
        if column == BACKEND:
            return backend_title(row.ref)
        if column == CONTEXT and row.ref.server is not None and row.ref.server.context:
            return f"{row.ref.server.context:,}".replace(",", "\N{NO-BREAK SPACE}")
        if facts is None:
            return "–"
        if column == SIZE:
            return short_parameters(facts.parameters)
        if column == TYPE:
            return facts.dtype if row.ref.dtype == "auto" else QUANTISED.get(row.ref.dtype, row.ref.dtype)
        if column == CONTEXT:
            return f"{facts.context:,}".replace(",", "\N{NO-BREAK SPACE}")
        needed = self.estimates.get(row.ref.id or 0)
        return "–" if needed is None else " ".join((gigabytes(needed.total), self.fits(row)))

    def fits(self, model: ModelInfo) -> str:
        """"fits", "make room" or "too large"; "" while the computer's memory is not known."""
        needed = self.estimates.get(model.ref.id or 0)
        if needed is None or self.machine is None:
            return ""
        _, total, free = place(self.machine, model.ref.device)
        return verdict(needed.total, free, total)


def describe(model: ModelInfo) -> str:
    """The second line: where it is, and its files."""
    if model.reason:
        return model.reason
    if model.ref.server is not None:
        return ", ".join([model.ref.url, *(["cannot score"] if not model.ref.server.scoring else [])])
    if model.ref.base:
        return f"Adapter for {Path(model.ref.base).name}, {short_path(Path(model.ref.path))}"
    parts = [short_path(Path(model.ref.path))]
    if model.facts is not None:
        parts += [counted(len(model.facts.files), "file"), gigabytes(model.facts.size_bytes)]
    return ", ".join(parts)


class ModelDelegate(RowDelegate):
    def paint_cell(self, painter: QPainter, room: QRectF, index: Index, *, hovered: bool, selected: bool) -> None:
        model: ModelInfo = index.data(Qt.ItemDataRole.UserRole)
        table = index.model()
        assert isinstance(table, ModelTable)
        text = index.data(Qt.ItemDataRole.DisplayRole)
        match index.column():
            case 0:
                tokens = ("text", "text2") if model.state == "ready" else ("text3", STATES[model.state][1])
                paint_two_lines(painter, room, model.ref.name, describe(model), tokens)
            case 1:
                paint_state(painter, room, table.state(model))
            case 5:
                self._paint_memory(painter, room, model, table)
            case 3 | 6:
                paint_text(painter, room, text, "text2", "small", RIGHT)
            case _:
                paint_text(painter, room, text, "text2", "small")

    @staticmethod
    def _paint_memory(painter: QPainter, room: QRectF, model: ModelInfo, table: ModelTable) -> None:
        needed = table.estimates.get(model.ref.id or 0)
        if needed is None:
            paint_text(painter, room, "–", "text2", "small")
            return
        word = table.fits(model)
        tone = TONES.get(word, "text2")
        line = QFontMetricsF(theme.font("small")).height() + 2
        above = QRectF(room.x(), room.center().y() - line / 2 - 9, room.width(), line)
        paint_text(painter, above, gigabytes(needed.total), "text" if tone == "text2" else tone, "small_medium")
        paint_text(painter, above, word, tone, "small", RIGHT)
        bar = QRectF(room.x(), above.bottom() + 4, room.width(), 8)
        if table.machine is None:
            return
        _, total, free = place(table.machine, model.ref.device)
        token = {"text2": "accent"}.get(tone, tone)
        paint_progress(painter, bar, needed.total / max(total, 1), token)
        painter.fillRect(QRectF(round(bar.x() + bar.width() * min(free / max(total, 1), 1.0)), bar.y() - 2, 1.5, 12),
                         theme.color("text"))
