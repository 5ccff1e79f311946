"""How a file is to be read: its format, its encoding, and which column holds what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from workbench.domain.fields import KEPT
from workbench.formats.encoding import known_encodings
from workbench.formats.mapping import FIELDS
from workbench.formats.registry import readable
from workbench.gui.widgets.buttons import link
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.pane import field
from workbench.services.imports import ImportOptions, Preview
from workbench.services.questions import names_held_out

MAIN = ("turns", "instruction", "answer", "category", "tags", "source")      # the others are behind "More fields"
NAMES = {"turns": "Turns", "system": "System", "history": "Earlier turns", "instruction": "Instruction",
         "input": "Input", "choices": "Choices", "answer": "Answer", "rejected": "Rejected answer",
         "label": "Good or bad", "key": "Key"} | {field.name: field.title for field in KEPT}
NOTHING = "–"


class ImportForm(QWidget):
    """``changed`` says that the file has to be looked at again. Every choice is one of a combo box."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mapped = False                         # whether the person chose columns
        self._filling = False
        self.format = _combo("Format")
        self.encoding = _combo("Encoding")
        self.encoding.setEditable(True)
        self.encoding.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.source = QLineEdit()
        self.source.setAccessibleName("Source of rows that name none")
        self.source.setMaxLength(200)
        self.held_out = QCheckBox("Held out: searches report on these questions and never search on them")
        self.columns: dict[str, QComboBox] = {}
        self._cells: dict[str, QWidget] = {}
        self._mapping = QWidget()
        self._grid = QGridLayout(self._mapping)
        self._more = link("More fields")
        self._more_shown = False
        self._build()
        self._fill_formats("")
        self._fill_encodings("")

    def _build(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(12)
        first.addWidget(field("Format", self.format), 3)
        first.addWidget(field("Encoding", self.encoding), 3)
        first.addWidget(field("Source, where a row names none", self.source), 3)
        grid = self._grid
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(10)
        for name in (*MAIN, *(name for name in FIELDS if name not in MAIN)):
            box = _combo(f"Column for {NAMES[name].lower()}")
            box.activated.connect(lambda index: self._column_chosen())
            cell = field(NAMES[name], box)
            self.columns[name], self._cells[name] = box, cell
        self._place(MAIN)
        for column in range(3):
            grid.setColumnStretch(column, 1)
        title = QHBoxLayout()
        title.addWidget(label("Which column holds what", "strong"))
        title.addStretch(1)
        title.addWidget(self._more)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(0, 0, 0, 0)
        column_box.setSpacing(12)
        column_box.addLayout(first)
        self._title = QWidget()
        self._title.setLayout(title)
        title.setContentsMargins(0, 0, 0, 0)
        column_box.addWidget(self._title)
        column_box.addWidget(self._mapping)
        column_box.addWidget(self.held_out)
        self.held_out.hide()
        self._more.clicked.connect(self._toggle_more)
        self.format.activated.connect(lambda index: self._reread())
        self.encoding.activated.connect(lambda index: self._reread())
        typed = self.encoding.lineEdit()
        assert typed is not None                     # the box is editable
        typed.editingFinished.connect(lambda: self._encoding_typed(typed))

    # What is chosen

    def options(self, *, keep_good_rows: bool = True) -> ImportOptions:
        mapping = {name: str(box.currentData()) for name, box in self.columns.items() if box.currentData()}
        return ImportOptions(self._format(), self._encoding(), mapping if self._mapped else {},
                             self.source.text().strip(), keep_good_rows, held_out=self.held_out.isChecked())

    def _format(self) -> str:
        return str(self.format.currentData() or "auto")

    def _encoding(self) -> str:
        text = self.encoding.currentText().strip()
        return "auto" if not text or text.startswith("Detected") else text

    # What was found

    def start(self, path: Path) -> None:
        """Another file: everything is detected again."""
        self._mapped = False
        self.held_out.setChecked(names_held_out(path))
        self.source.setPlaceholderText(path.name)
        self.source.clear()
        self._fill_formats("")
        self._fill_encodings("")
        self.show_columns((), {})

    def show_preview(self, preview: Preview) -> None:
        """Say what was detected, and offer the columns that were found."""
        if self._format() == "auto":
            self._fill_formats(preview.format)
        if self._encoding() == "auto":
            self._fill_encodings(preview.encoding)
        mapped = bool(preview.uses)
        self._title.setVisible(mapped)
        self._mapping.setVisible(mapped)
        self.held_out.setVisible(preview.content == "questions")
        self.show_columns(preview.columns if mapped else (), preview.mapping)

    def show_columns(self, columns: Sequence[str], mapping: Mapping[str, str]) -> None:
        for name, box in self.columns.items():
            box.clear()
            box.addItem(NOTHING, "")
            for column in columns:
                box.addItem(column, column)
            box.setCurrentIndex(max(0, box.findData(mapping.get(name, ""))))
        self._place_wanted()

    def _place_wanted(self) -> None:
        """The main fields, those that a column was found for, and the others when they are asked for."""
        self._place([name for name, box in self.columns.items()
                     if self._more_shown or name in MAIN or box.currentData()])

    def _place(self, names: Collection[str]) -> None:
        """Three in a row, without holes."""
        for name, cell in self._cells.items():
            self._grid.removeWidget(cell)
            cell.setVisible(name in names)
        for place, name in enumerate(name for name in self._cells if name in names):
            self._grid.addWidget(self._cells[name], place // 3, place % 3)

    def _fill_formats(self, detected: str) -> None:
        found = readable()
        titles = {entry.name: entry.title for entry in found}
        self.format.clear()
        self.format.addItem(f"Detected: {titles.get(detected, detected)}" if detected else "Detect", "auto")
        for entry in found:
            self.format.addItem(entry.title, entry.name)
            self.format.setItemData(self.format.count() - 1, entry.help, Qt.ItemDataRole.ToolTipRole)

    def _fill_encodings(self, detected: str) -> None:
        self._filling = True
        self.encoding.clear()
        self.encoding.addItem(f"Detected: {detected}" if detected else "Detected")
        self.encoding.addItems(known_encodings())
        self._filling = False

    # Changing it

    def _column_chosen(self) -> None:
        self._mapped = True
        self.changed.emit()

    def _reread(self) -> None:
        self._mapped = False
        self.changed.emit()

    def _encoding_typed(self, typed: QLineEdit) -> None:
        if not self._filling and typed.isModified():
            typed.setModified(False)
            self._reread()

    def _toggle_more(self) -> None:
        self._more_shown = not self._more_shown
        self._place_wanted()
        self._more.setText("Fewer fields" if self._more_shown else "More fields")


def _combo(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return box
