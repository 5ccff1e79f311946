"""The line above the table: words to search for, the active filters as chips, and how the rows look."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from workbench.domain.query import QueryError, parse
from workbench.gui.demonstrations.filter_text import Typed, chips, is_active, lift_terms
from workbench.gui.listing.table import TITLES, Column
from workbench.gui.widgets.buttons import icon_button, link
from workbench.gui.widgets.chips import FilterChip
from workbench.gui.widgets.flow_layout import FlowLayout, remove_widgets
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.search_field import SearchField
from workbench.gui.widgets.segmented import Segmented
from workbench.services.demonstrations import Filter

PLACEHOLDER = "Filter by words, or by  tag:code  tokens<600"


class FilterBar(QWidget):
    """``changed`` carries what the services read: the facets' choices with the typed query as its text."""

    changed = Signal(object)                         # Filter
    left = Signal()                                  # the person is done with the field: to the table
    density_changed = Signal(bool)                   # cosy
    columns_changed = Signal(set)                    # hidden columns
    facets_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facets = Filter()                      # without text
        self._typed_text = Typed()
        self._hidden: set[Column] = set()
        self.field = SearchField(PLACEHOLDER, "Filter demonstrations")
        self.field.setToolTip("Words, \"exact words\", tag:code, category:advice, source:web, status:accepted,\n"
                              "rating>=3, tokens:20..80, gain>0, has:note; -tag:code or NOT tag:code, OR, ( ).\n"
                              "Enter makes chips, Backspace takes the last away. Ctrl+F")
        self.density = Segmented(["Cosy", "Compact"], name="Row height")
        self.facets_button = icon_button("filter", "Facets", "Facets: status, category, source, rating, tags")
        self.columns = icon_button("columns", "Columns", "Choose columns")
        self._chips = QWidget()
        self._flow = FlowLayout(self._chips, spacing=6)
        self._clear = link("Clear all")
        self._problem = label("", "small", wrap=True, tone="bad")
        self._problem.setAccessibleName("What is wrong with the filter")
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 10, 16, 12)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self._problem)
        self._problem.hide()
        self.field.setMaximumWidth(400)
        self.field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._chips.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._flow.addWidget(self._clear)
        self._clear.hide()
        self.facets_button.hide()
        row.addWidget(self.field, 4)
        row.addWidget(self.facets_button)
        row.addWidget(self._chips, 6, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.density)
        row.addWidget(self.columns)
        self.field.searched.connect(self._typed)
        self.field.returnPressed.connect(self._lift)
        self.field.left.connect(self.left)
        self.field.erased.connect(self._take_last)
        self._clear.clicked.connect(self.clear)
        self.density.changed.connect(lambda index: self.density_changed.emit(index == 0))
        self.facets_button.clicked.connect(self.facets_pressed)
        self._fill_columns()

    # What is filtered

    def where(self) -> Filter:
        """The whole filter, the query included."""
        facets = self._facets
        return Filter(self._typed_text.text, facets.statuses, facets.categories, facets.sources, facets.tags,
                      facets.ratings, facets.min_tokens, facets.max_tokens)

    def set_facets(self, where: Filter) -> None:
        """The facets' choices changed (the text of ``where`` is not looked at)."""
        self._set(Filter("", where.statuses, where.categories, where.sources, where.tags, where.ratings,
                         where.min_tokens, where.max_tokens), self._typed_text)

    def set_query(self, text: str) -> None:
        """Search for something else, as if it had been typed."""
        self.field.set_text_silently(text)
        if self._readable(text):
            self._set(self._facets, Typed((), text))

    def clear(self) -> None:
        self.field.set_text_silently("")
        self._problem.hide()
        self._set(Filter(), Typed())

    def active(self) -> bool:
        return is_active(self._facets, self._typed_text)

    def _typed(self, text: str) -> None:
        """Filter by it; what cannot be read is said, and the last filter stays."""
        if self._readable(text):
            self._set(self._facets, Typed(self._typed_text.terms, text))

    def _lift(self) -> None:
        text = self.field.text()
        if not self._readable(text):
            return
        typed = lift_terms(Typed(self._typed_text.terms, text))
        self.field.set_text_silently(typed.words)
        self._set(self._facets, typed)
        self.left.emit()

    def _readable(self, text: str) -> bool:
        try:
            parse(text)
        except QueryError as error:
            self._problem.setText(f"{error.what} {error.remedy}".strip())
            self._problem.show()
            return False
        self._problem.hide()
        return True

    def _take_last(self) -> None:
        if found := chips(self._facets, self._typed_text):
            self._set(found[-1].where, found[-1].typed)

    def _set(self, facets: Filter, typed: Typed) -> None:
        before = self.where()
        terms, self._facets, self._typed_text = self._typed_text.terms, facets, typed
        self._show_chips()
        if self.where() != before or terms != typed.terms:
            self.changed.emit(self.where())

    def _show_chips(self) -> None:
        remove_widgets(self._flow, keep=1)
        found = chips(self._facets, self._typed_text)
        for place, chip in enumerate(found):
            widget = FilterChip(chip.label)
            widget.removed.connect(lambda chip=chip: self._set(chip.where, chip.typed),
                                   Qt.ConnectionType.QueuedConnection)
            self._flow.insert_widget(place, widget)
            widget.show()
        self._clear.setVisible(bool(found))
        self._chips.updateGeometry()

    # How the rows look

    def set_density(self, cosy: bool) -> None:
        self.density.set_current(0 if cosy else 1)

    def set_hidden_columns(self, hidden: Iterable[Column]) -> None:
        self._hidden = set(hidden)
        self._fill_columns()

    def _fill_columns(self) -> None:
        menu = QMenu(self)
        for column in Column:
            if column in (Column.STATUS, Column.INSTRUCTION):
                continue
            action = QAction(TITLES[column], menu, checkable=True, checked=column not in self._hidden)
            action.toggled.connect(lambda shown, column=column: self._show_column(column, shown))
            menu.addAction(action)
        self.columns.setMenu(menu)

    def _show_column(self, column: Column, shown: bool) -> None:
        self._hidden = self._hidden - {column} if shown else self._hidden | {column}
        self.columns_changed.emit(set(self._hidden))
