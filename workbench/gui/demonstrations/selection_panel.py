"""The pane beside the table while several demonstrations are selected: what can be done to all of them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench.domain import Status
from workbench.gui.demonstrations.properties import CategoryBox
from workbench.gui.demonstrations.tag_editor import TagEditor
from workbench.gui.widgets.buttons import Button, danger, primary, secondary
from workbench.gui.widgets.labels import hairline, label
from workbench.gui.widgets.stars import Stars
from workbench.wording import counted


class SelectionPanel(QWidget):
    status_pressed = Signal(object)                  # Status
    rated = Signal(int)
    tagged = Signal(str)
    categorised = Signal(str)
    prompt_pressed = Signal()
    export_pressed = Signal()
    delete_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = label("", "strong")
        self.stars = Stars()
        self.tags = TagEditor()
        self._category = CategoryBox()
        self._category.setAccessibleName("Category for all of them")
        self._category.setPlaceholderText("Choose a category")
        self._category.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._category.setMinimumContentsLength(8)
        self._category.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._writing: list[QWidget] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 16, 0)
        head.addWidget(self._title)
        self._title.setFixedHeight(44)
        column.addLayout(head)
        column.addWidget(hairline())
        column.addLayout(self._body())
        self.setFocusProxy(self._writing[0])
        column.addStretch(1)
        self.stars.changed.connect(self._rated)
        self.tags.added.connect(self.tagged)
        self._category.activated.connect(self._categorised)

    def _body(self) -> QVBoxLayout:
        body = QVBoxLayout()
        body.setContentsMargins(16, 16, 16, 16)
        body.setSpacing(16)
        body.addLayout(self._decisions())
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        rows = (("Rating", self.stars), ("Tags", self.tags), ("Category", self._category))
        for place, (name, widget) in enumerate(rows):
            title = label(name, "section")
            title.setBuddy(widget)
            grid.addWidget(title, place, 0)
            grid.addWidget(widget, place, 1)
        body.addLayout(grid)
        body.addWidget(hairline())
        for button, signal in ((primary("Add to prompt", "prompt"), self.prompt_pressed),
                               (secondary("Export…", "export"), self.export_pressed),
                               (danger("Delete", "trash"), self.delete_pressed)):
            button.clicked.connect(signal)
            row = QHBoxLayout()
            row.addWidget(button)
            row.addStretch(1)
            body.addLayout(row)
            if signal is not self.export_pressed:
                self._writing.append(button)
        self._writing += [self.stars, self.tags, self._category]
        return body

    def _decisions(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        kinds = (("Accept", "", "check", Status.ACCEPTED, "A"), ("Reject", "danger", "x", Status.REJECTED, "R"),
                 ("Flag", "", "", Status.FLAGGED, "F"), ("Undecided", "", "", Status.CANDIDATE, "C"))
        for words, kind, icon, status, key in kinds:
            button = Button(words, kind, icon)
            button.setToolTip(f"{words}, {key}")
            button.clicked.connect(lambda checked=False, status=status: self.status_pressed.emit(status))
            row.addWidget(button)
            self._writing.append(button)
        row.addStretch(1)
        return row

    def show_count(self, count: int, *, read_only: bool = False) -> None:
        self._title.setText(f"{counted(count, 'demonstration')} selected")
        self.setAccessibleName(self._title.text())
        self.stars.set_rating(0)
        for widget in self._writing:
            widget.setEnabled(not read_only)

    def set_categories(self, names: list[str]) -> None:
        self._category.clear()
        self._category.addItems([name for name in sorted(names, key=str.casefold) if name])
        self._category.setCurrentIndex(-1)

    def _rated(self, rating: int) -> None:
        self.rated.emit(rating)

    def _categorised(self, index: int) -> None:
        self.categorised.emit(self._category.itemText(index))
        self._category.setCurrentIndex(-1)
        self._category.clearFocus()
