"""The page Demonstrations: find candidates, read them, decide on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Changes, Kind
from workbench.gui.demonstrations.actions import DemonstrationActions
from workbench.gui.demonstrations.facets import FacetTree
from workbench.gui.demonstrations.filter_bar import FilterBar
from workbench.gui.demonstrations.reading import Listing, read_listing
from workbench.gui.demonstrations.side import SidePane
from workbench.gui.listing.table import Column, DemonstrationTable
from workbench.gui.listing.view import DemonstrationView
from workbench.gui.shell import settings
from workbench.gui.shell.page import Page
from workbench.gui.shell.reader import Reader
from workbench.gui.shell.session import Session
from workbench.gui.shell.token_counting import TokenCounting
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import ghost, primary, secondary
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.keycaps import KeyHints
from workbench.gui.widgets.labels import hairline
from workbench.gui.widgets.pane import splitter
from workbench.gui.widgets.popover import Popover
from workbench.services.demonstrations import Sort
from workbench.services.project import Project
from workbench.services.tokenizers import Tokenizers

NARROW = 1200                        # a narrower page has the facets in a popover, and the editor over the table
HINTS = (("A", "accept"), ("R", "reject"), ("F", "flag"), ("Shift", "and next"), ("N", "undecided"), ("J", "next"),
         ("K", "previous"), ("1–5", "rate"), ("Ctrl+Z", "undo"))


class DemonstrationsPage(Page):
    name = "demonstrations"
    title = "Demonstrations"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.sort, self.descending = Sort.ID, False
        self._listing: Listing | None = None
        self._wanted: int | None = None              # to become the current row when the rows are there
        self.filter = FilterBar()
        self.facets = FacetTree()
        self.table = DemonstrationTable(self._fetch, self)
        self.view = DemonstrationView(self.table)
        tokenizers = Tokenizers()
        self.side = SidePane(session, self.view, tokenizers)
        self.editor, self.selection = self.side.editor, self.side.selection
        self.commands = DemonstrationActions(session, self.view, self.side, self)
        # ids and counts; rows that are painted are read first
        self.reader = Reader(session, self, self._question, self._arrived, wait_ms=30)
        self._build()
        self._connect()
        self._counting = TokenCounting(session, tokenizers, self)
        self._restore()
        self.reader.read_soon()
        self._counting.start()

    # Building

    def _build(self) -> None:
        header = self.header(line=False)             # it is below the filters
        self.import_button, self.export_button = ghost("Import…", "drop"), ghost("Export…", "export")
        self.import_button.setToolTip("Import a file, Ctrl+I. Files can be dropped anywhere on the window")
        self.export_button.setToolTip("Export, Ctrl+E")
        header.add_tool(self.import_button)
        header.add_tool(self.export_button)
        self.new_button = header.set_primary(primary("New demonstration", "plus"))
        self.new_button.setToolTip("New demonstration, Ctrl+N")
        self.body.addWidget(self.filter)
        self.body.addWidget(hairline())
        self._middle = QStackedWidget()
        self._middle.addWidget(self._table_pane())
        self._middle.addWidget(self._empty())
        self._middle.addWidget(self._no_match())
        scale = theme.scale()
        self._panes = splitter(Qt.Orientation.Horizontal, self.facets, self._middle, self.side,
                               sizes=[round(164 * scale), 700, self.side.preferred_width()], stretch=1,
                               remembered=settings.DEMONSTRATIONS_PANES)
        theme.notifier.changed.connect(self._measure)
        self._measure()
        self.body.addWidget(self._panes, 1)
        self.side.place_in(self._panes)
        self._popover = Popover(self)

    def _measure(self) -> None:
        """Panes are never narrower than what stands in them, whatever the font."""
        scale = theme.scale()
        self.side.measure()
        self._middle.setMinimumWidth(round(360 * scale))
        self.facets.setMaximumWidth(round(320 * scale))

    def _table_pane(self) -> QWidget:
        pane = QWidget()
        column = QVBoxLayout(pane)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        self._foot = QWidget()
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(16, 8, 16, 8)
        foot.addWidget(KeyHints(HINTS), 1)
        column.addWidget(hairline())
        column.addWidget(self._foot)
        return pane

    def _empty(self) -> EmptyState:
        bring, write = secondary("Import…", "drop"), primary("New demonstration", "plus")
        bring.clicked.connect(self.commands.import_files)
        write.clicked.connect(self.commands.write_new)
        return EmptyState("demos", "No demonstrations yet", "Drop a file here, or write the first one yourself.",
                          (bring, write))

    def _no_match(self) -> EmptyState:
        clear = secondary("Clear filters")
        clear.clicked.connect(self.filter.clear)
        return EmptyState("filter", "No demonstration matches", "Take a filter away, or search for other words.",
                          (clear,))

    def _connect(self) -> None:
        self.filter.changed.connect(lambda where: self._filter_changed())
        self.filter.left.connect(self.focus_table)
        self.filter.density_changed.connect(self._set_density)
        self.filter.columns_changed.connect(self._set_columns)
        self.filter.facets_pressed.connect(lambda: self._popover.open_at(self.filter.facets_button, self.facets))
        self.facets.chosen.connect(self.filter.set_facets)
        self.table.sort_chosen.connect(self._set_sort)
        self.side.emptied.connect(lambda: self._choose_pane(self._listing) if self._listing is not None else None)
        self.editor.created.connect(self._created)
        self.commands.wanted.connect(self.go_to)
        self.session.stepped.connect(self._return_to)
        self.import_button.clicked.connect(self.commands.import_files)
        self.export_button.clicked.connect(self.commands.export)
        self.new_button.clicked.connect(self.commands.write_new)
        for button in (self.import_button, self.new_button):
            button.setEnabled(not self.session.read_only)
        for tags in (self.editor.properties.tags, self.selection.tags):
            tags.left.connect(self.focus_table)
        self.editor.close_button.clicked.connect(self._close_editor)

    def _restore(self) -> None:
        cosy = settings.COSY_ROWS.get()
        self.filter.set_density(cosy)
        self.view.set_cosy(cosy)
        hidden = {column for column in Column if column.name in settings.HIDDEN_COLUMNS.get()}
        self.filter.set_hidden_columns(hidden)
        self.view.set_hidden_columns(hidden)

    # Reading

    def _question(self) -> Callable[[Project], Listing]:
        where, sort, descending = self.filter.where(), self.sort, self.descending
        return lambda project: read_listing(project, where, sort, descending)

    def _arrived(self, listing: Listing) -> None:
        other = self._listing is not None and self._listing.where != listing.where
        self._listing = listing
        self._show_rows(listing.ids, other)
        self.facets.show_facets(listing.facets, listing.where)
        self.editor.properties.tags.set_known(listing.facets.tags)
        self.selection.tags.set_known(listing.facets.tags)
        self.editor.properties.set_categories(listing.facets.categories)
        self.selection.set_categories(list(listing.facets.categories))
        self.header().set_subtitle(listing.summary())
        self._choose_pane(listing)

    def _show_rows(self, ids: list[int], other_filter: bool) -> None:
        """New ids; the current row stays, or the one that takes its place, or the first where others are shown."""
        view = self.view
        current, selected, position = view.current_id(), view.selected_ids(), view.currentIndex().row()
        wanted = self._wanted
        if not self.reader.stale:                     # else a row that was just stored may come with the next reading
            self._wanted = None
        if ids == self.table.ids() and wanted is None:
            return
        top = self.view.verticalScrollBar().value()
        self.table.set_ids(ids)
        at = self.table.position(wanted) if wanted is not None else None
        if at is None:
            at = self.table.position(current) if current is not None else None
            if at is not None and len(selected) > 1:
                view.go_to(at)
                view.select_ids(selected)
                at = -1
        if at is None:
            at = 0 if other_filter else max(position, 0)
        if at >= 0:
            view.go_to(at)
        if wanted is None and position > 0 and self.table.id_at(position) == current:
            view.verticalScrollBar().setValue(top)
        self.side.follow_soon()

    def _choose_pane(self, listing: Listing) -> None:
        nothing = not listing.everything
        self._middle.setCurrentIndex(0 if listing.ids else 1 if nothing else 2)
        self.export_button.setEnabled(bool(listing.everything))
        bare = nothing and not self.editor.writing_new()
        self.side.drawer.set_wanted(not bare and (bool(listing.ids) or self.editor.writing_new()))
        self.facets.setVisible(not nothing and self.width() >= NARROW)
        self.filter.setEnabled(not nothing)
        if nothing and not self.holds_focus():
            self._middle.setFocus()

    def _fetch(self, ids: list[int], then: Any) -> None:
        def failed(error: Exception) -> None:
            self.table.failed()
            self.session.error.emit(error)

        self.session.ask(lambda p: p.demonstrations.rows(ids), then, failed, owner=self.table)

    def _close_editor(self) -> None:
        self.side.drawer.close()
        self.focus_table()

    def _created(self, id: int) -> None:
        """A new demonstration was stored: bring it into view, through the filters if need be."""
        self._wanted = id
        if self.filter.active():
            self.filter.clear()
        self.reader.read_soon()
        self.focus_table()

    def focus_filter(self) -> None:
        self.filter.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.field.selectAll()

    def focus_table(self) -> None:
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    # What the person changes about the view

    def _filter_changed(self) -> None:
        words = bool(self.filter.where().text)
        if self.sort is Sort.RELEVANCE and not words:
            self.sort = Sort.ID
        if self._listing is not None:
            self.facets.show_facets(self._listing.facets, self.filter.where())
        self.reader.read_soon()

    def _set_sort(self, sort: Sort, descending: bool) -> None:
        self.sort, self.descending = sort, descending
        self.reader.read_soon()

    def _set_density(self, cosy: bool) -> None:
        self.view.set_cosy(cosy)
        settings.COSY_ROWS.set(cosy)
        if self.view.currentIndex().isValid():
            self.view.scrollTo(self.view.currentIndex())

    def _set_columns(self, hidden: set[Column]) -> None:
        self.view.set_hidden_columns(hidden)
        settings.HIDDEN_COLUMNS.set(frozenset(column.name for column in hidden))

    # The window's side

    def shown(self, **arguments: Any) -> None:
        """``import_paths`` opens the import dialog, ``write_new`` a new demonstration, ``demonstration_id`` goes to
        one, ``text`` searches."""
        self.reader.catch_up()
        if "text" in arguments:
            self.filter.set_query(str(arguments["text"]))
        if arguments.get("demonstration_id") is not None:
            self.go_to(int(arguments["demonstration_id"]))
        if arguments.get("write_new"):
            self.commands.write_new()
        elif arguments.get("import_paths"):
            paths: Sequence[Path] = arguments["import_paths"]
            self.commands.open_import(list(paths))
        else:
            self.focus_table()

    def go_to(self, id: int) -> None:
        """Show one demonstration; filters that hide it are cleared."""
        if self.view.go_to_id(id):
            return
        self._wanted = id
        if self.filter.active():
            self.filter.clear()
        self.reader.read_soon()

    def _return_to(self, changes: Changes) -> None:
        """Undo and redo show the one demonstration that they changed, if it is in the list when it has been read."""
        touched = changes.touched.get(Kind.DEMONSTRATION, frozenset())
        if len(touched) == 1 and self.isVisible():
            self._wanted, = touched
            self.reader.read_soon()

    def refresh(self, changes: Changes) -> None:
        touched = changes.touched.get(Kind.DEMONSTRATION)
        if touched is not None:
            self.table.forget(touched)
        if changes.concerns(Kind.SCORE) or changes.concerns(Kind.MODEL):
            self.table.forget()
        elif touched is None:
            return
        self._counting.start()
        current = self.editor.current()
        if current is not None and (touched is None or not touched or current in touched):
            self.editor.reload()
        self.reader.read_soon()

    def panes(self) -> list[QWidget]:
        return [self.filter.field, self.facets, self.view, self.side.current_pane()]

    def busy(self) -> bool:
        return self.reader.busy() or self.side.busy()

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.editor.give_up_blank()
            self._close_editor()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.editor.save()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        self._foot.setVisible(event.size().width() >= 900)
        self.filter.facets_button.setVisible(narrow)
        self.editor.close_button.setVisible(narrow)
        self.side.drawer.set_over(narrow)
        if not narrow and self._popover.holds(self.facets):
            self._popover.close()
        if self._panes.indexOf(self.facets) < 0 and not narrow:
            self._panes.insertWidget(0, self.facets)
        self.facets.setVisible(not narrow and (self._listing is None or bool(self._listing.everything)))
