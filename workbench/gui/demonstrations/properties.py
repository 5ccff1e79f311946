"""What a person says about a demonstration: rating, tags, category, note; and what was measured."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from workbench.domain import Demonstration, Interval
from workbench.domain.demonstration import REJECTED_ANSWER
from workbench.domain.fields import ORIGIN
from workbench.formats.mapping import as_text
from workbench.gui.demonstrations.tag_editor import TagEditor
from workbench.gui.widgets.glyphs import signed
from workbench.gui.widgets.labels import ElidedLabel, label, set_property
from workbench.gui.widgets.stars import Stars
from workbench.gui.widgets.turn_card import GrowingEdit


class CategoryBox(QComboBox):
    """Neither scrolling the pane nor an arrow key changes the category unseen: arrows open the list."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.showPopup()
        else:
            super().keyPressEvent(event)


class DemonstrationProperties(QWidget):
    rated = Signal(int)
    categorised = Signal(str)
    noted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._note_stored = self._category_stored = ""
        self.stars = Stars()
        self.tags = TagEditor()
        self._rating = label("Not rated yet", "faint")
        self._gain = label("", "strong")
        self._interval = ElidedLabel("", "faint")
        self._category = self._category_field()
        self._origin = ElidedLabel("", "small")
        self._metadata = ElidedLabel("", "small")
        self._rejected = ElidedLabel("", "small")
        self._extra: list[tuple[QWidget, ElidedLabel]] = []      # title and words: shown where there are any
        self._note = GrowingEdit("Note", bare=False, least_lines=2)
        self._note.setPlaceholderText("What to remember about this one")
        self._lay_out()
        self.stars.changed.connect(self.rated)
        self._note.focus_changed.connect(lambda on: None if on else self.save_note())

    def _category_field(self) -> QComboBox:
        box = CategoryBox()
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
        box.setAccessibleName("Category")
        line, completer = box.lineEdit(), box.completer()
        assert line is not None                      # an editable box has both
        assert completer is not None
        line.setPlaceholderText("No category")
        line.editingFinished.connect(self._save_category)
        box.activated.connect(lambda index: self._save_category())
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self._category_line = line
        return box

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        rows: list[tuple[str, QWidget]] = [
            ("Rating", _row(self.stars, self._rating, stretch=True)), ("Tags", self.tags),
            ("Category", self._category), ("Gain", _row(self._gain, self._interval)), ("Origin", self._origin),
            ("Metadata", self._metadata), ("Rejected answer", self._rejected)]
        for place, (name, widget) in enumerate(rows):
            title = label(name, "section")
            title.setBuddy(widget)
            if widget in (self._metadata, self._rejected):
                self._extra.append((title, widget))
            top = name == "Tags"
            grid.addWidget(title, place, 0, Qt.AlignmentFlag.AlignTop if top else Qt.AlignmentFlag.AlignVCenter)
            if top:
                title.setContentsMargins(0, 5, 0, 0)
            grid.addWidget(widget, place, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(grid)
        column.addSpacing(4)
        title = label("Note", "section")
        title.setBuddy(self._note)
        column.addWidget(title)
        column.addWidget(self._note)

    def start_note(self) -> None:
        """Put the cursor into the note."""
        self._note.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_properties(self, demonstration: Demonstration, gain: Interval | None, *, keep_typed: bool = False,
                        read_only: bool = False) -> None:
        """Show what is stored. ``keep_typed`` leaves a note or category alone that is being written."""
        self.stars.set_rating(demonstration.rating)
        self._rating.setText(f"{demonstration.rating} of 5" if demonstration.rating else "Not rated yet")
        self.tags.show_tags(demonstration.tags)
        if not (keep_typed and self._category_line.hasFocus()):
            self._category.setEditText(demonstration.category)
            self._category_line.setCursorPosition(0)
        self._category_stored = demonstration.category
        self._show_gain(gain)
        parts = [getattr(demonstration, name) for name in ORIGIN]
        self._origin.setText("  ·  ".join(part for part in parts if part) or "Written here")
        held = {name: as_text(value) for name, value in demonstration.metadata.items() if name != REJECTED_ANSWER}
        self._metadata.setText("  ·  ".join(f"{name}: {text[:500]}" for name, text in held.items()))
        self._rejected.setText(demonstration.rejected_answer[:2000])
        for title, words in self._extra:
            title.setVisible(bool(words.text()))
            words.setVisible(bool(words.text()))
        if not (keep_typed and self._note.hasFocus() and self._note.toPlainText() != self._note_stored):
            self._note.setPlainText(demonstration.note)
        self._note_stored = demonstration.note
        for widget in (self.stars, self.tags, self._category, self._note):
            widget.setEnabled(not read_only)

    def _show_gain(self, gain: Interval | None) -> None:
        if gain is None:
            self._gain.setText("")
            self._interval.setText("Not measured yet")
        else:
            self._gain.setText(signed(gain.mean))
            low, high = (f"{v:.2f}".replace("-", "−") for v in (gain.low, gain.high))
            self._interval.setText(f"nats per answer, 95\u00a0%: {low} to {high}")
        set_property(self._gain, "tone", "loss" if gain is not None and gain.mean < 0 else "gain")
        self._gain.setVisible(gain is not None)

    def set_categories(self, names: Iterable[str]) -> None:
        wanted = sorted((name for name in names if name), key=str.casefold)
        box = self._category
        if [box.itemText(i) for i in range(box.count())] != wanted:
            shown = box.currentText()
            box.clear()
            box.addItems(wanted)
            box.setEditText(shown)

    def _save_category(self) -> None:
        category = self._category.currentText().strip()
        if category != self._category_stored:
            self._category_stored = category
            self.categorised.emit(category)

    def save_note(self) -> None:
        """Send the note off if it was changed."""
        note = self._note.toPlainText()
        if note != self._note_stored:
            self._note_stored = note
            self.noted.emit(note)


def _row(*widgets: QWidget, stretch: bool = False) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget, 1 if isinstance(widget, ElidedLabel) else 0)
    if stretch:
        row.addStretch(1)
    return made
