"""The models' table: its rows and how they are painted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QPainter

from workbench.domain import Backend, MemoryEstimate
from workbench.gui import theme
from workbench.gui.views.chips import STATES, paint_state
from workbench.gui.views.data_table import ColumnSpec, RowDelegate
from workbench.gui.views.glyphs import paint_progress, paint_text
from workbench.gui.views.memory_bar import TONES, place, verdict
from workbench.gui.window_commands import short_path
from workbench.gui.wording import counted, gigabytes, short_parameters
from workbench.services.models import Machine, ModelInfo

Index = QModelIndex | QPersistentModelIndex
MODEL, STATE, BACKEND, SIZE, TYPE, MEMORY, CONTEXT = range(7)
COLUMNS = (
    ColumnSpec("Model"), ColumnSpec("State", "Unavailable", extra=26), ColumnSpec("Backend", "In process", drop=1),
    ColumnSpec("Size", "888.8 M", right=True, drop=4), ColumnSpec("Type", "bfloat16", drop=3),
    ColumnSpec("Memory needed", extra=168), ColumnSpec("Context", "131 072", right=True, drop=2),
)
BACKENDS = {Backend.TRANSFORMERS: "In process", Backend.LLAMA_CPP: "llama.cpp", Backend.OPENAI: "Server"}
RIGHT = Qt.AlignmentFlag.AlignRight
QUANTISED = {"int8": "8 bit", "nf4": "4 bit"}
CONTEXT_SHOWN = 4096                             # the table's estimates are for a context of at most this


class ModelTable(QAbstractTableModel):
    """The project's models, with the memory that each needs on this computer."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.everything: list[ModelInfo] = []
        self.models: list[ModelInfo] = []
        self.estimates: dict[int, MemoryEstimate] = {}
        self.machine: Machine | None = None
        self._filter = ""

    def show_models(self, models: list[ModelInfo], estimates: dict[int, MemoryEstimate]) -> None:
        self.everything, self.estimates = models, estimates
        self._fill()

    def show_machine(self, machine: Machine) -> None:
        self.machine = machine
        if self.models:
            self.dataChanged.emit(self.index(0, MEMORY), self.index(len(self.models) - 1, MEMORY))

    def filter(self, text: str) -> None:
        """Only models whose name, folder or architecture has the text."""
        self._filter = text.casefold().strip()
        self._fill()

    def _fill(self) -> None:
        def fits(model: ModelInfo) -> bool:
            architecture = model.facts.architecture if model.facts else ""
            return self._filter in f"{model.ref.name} {model.ref.path} {architecture}".casefold()

        shown = [model for model in self.everything if fits(model)]
        if [m.ref.id for m in shown] == [m.ref.id for m in self.models]:
            self.models = shown
            if shown:
                self.dataChanged.emit(self.index(0, 0), self.index(len(shown) - 1, CONTEXT))
            return
        self.beginResetModel()
        self.models = shown
        self.endResetModel()

    def row_of(self, model_id: int | None) -> int:
        return next((row for row, model in enumerate(self.models) if model.ref.id == model_id), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.models)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section].title
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return (RIGHT if COLUMNS[section].right else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter
            if role == Qt.ItemDataRole.ToolTipRole and section == MEMORY:
                return f"For one sequence of up to {CONTEXT_SHOWN} tokens; the tick is the free memory now"
        return None

    def state(self, model: ModelInfo) -> str:
        return "current" if model.current and model.state == "ready" else model.state

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        model = self.models[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return model
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(model, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == MODEL:
            return f"{model.ref.name}, {STATES[self.state(model)][0]}. {model.reason}"
        if role == Qt.ItemDataRole.ToolTipRole and index.column() in (MODEL, STATE):
            return f"{model.ref.path}\n{model.reason}" if model.reason else model.ref.path
        return None

    def _text(self, model: ModelInfo, column: int) -> str:
        facts = model.facts
        if column == MODEL:
            return model.ref.name
        if column == STATE:
            return STATES[self.state(model)][0]
        if column == BACKEND:
            return BACKENDS[model.ref.backend]
        if column == CONTEXT and model.ref.server is not None and model.ref.server.context:
            return f"{model.ref.server.context:,}".replace(",", "\N{NO-BREAK SPACE}")
        if facts is None:
            return "–"
        if column == SIZE:
            return short_parameters(facts.parameters)
        if column == TYPE:
            return facts.dtype if model.ref.dtype == "auto" else QUANTISED.get(model.ref.dtype, model.ref.dtype)
        if column == CONTEXT:
            return f"{facts.context:,}".replace(",", "\N{NO-BREAK SPACE}")
        needed = self.estimates.get(model.ref.id or 0)
        return "–" if needed is None else " ".join((gigabytes(needed.total), self.fits(model)))

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
                above = QRectF(room.x(), room.center().y() - 19, room.width(), 19)
                usable = model.state == "ready"
                paint_text(painter, above, model.ref.name, "text" if usable else "text3", "medium")
                paint_text(painter, above.translated(0, 18), describe(model),
                           "text2" if usable else STATES[model.state][1], "small")
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
        above = QRectF(room.x(), room.center().y() - 18, room.width(), 18)
        paint_text(painter, above, gigabytes(needed.total), "text" if tone == "text2" else tone, "small_medium")
        paint_text(painter, above, word, tone, "small", RIGHT)
        bar = QRectF(room.x(), room.center().y() + 4, room.width(), 8)
        if table.machine is None:
            return
        _, total, free = place(table.machine, model.ref.device)
        token = {"text2": "accent"}.get(tone, tone)
        paint_progress(painter, bar, needed.total / max(total, 1), token)
        painter.fillRect(QRectF(round(bar.x() + bar.width() * min(free / max(total, 1), 1.0)), bar.y() - 2, 1.5, 12),
                         theme.color("text"))
