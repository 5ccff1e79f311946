"""Beside the table: the editor of the current demonstration, or what can be done with several that are selected."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget

from workbench.gui.demonstrations.editor import DemonstrationEditor
from workbench.gui.demonstrations.selection_panel import SelectionPanel
from workbench.gui.listing.view import DemonstrationView
from workbench.gui.shell.session import Session
from workbench.gui.widgets import theme
from workbench.gui.widgets.drawer import Drawer
from workbench.services.tokenizers import Tokenizers


class SidePane(QStackedWidget):
    """Follows the table's selection; ``emptied`` says that there is nothing to show."""

    emptied = Signal()

    def __init__(self, session: Session, view: DemonstrationView, tokenizers: Tokenizers) -> None:
        super().__init__()
        self._session, self._view = session, view
        self.editor = DemonstrationEditor(session, tokenizers)
        self.selection = SelectionPanel()
        self.addWidget(self.editor)
        self.addWidget(self.selection)
        self._soon = QTimer(self, singleShot=True, interval=0)       # many rows may be passed at once
        self._soon.timeout.connect(self.follow)
        view.looked_at.connect(self._soon.start)
        self.editor.closed.connect(self.follow)

    def place_in(self, panes: QSplitter) -> None:
        """``panes`` holds it; where there is no room beside the others it is a drawer over them."""
        self.drawer = Drawer(self, panes)

    def measure(self) -> None:
        """Never narrower than what stands in it, whatever the font."""
        least = max(320, self.editor.foot.sizeHint().width())
        self.setMinimumWidth(least)
        self.setMaximumWidth(max(560, round(least * 1.4)))

    def preferred_width(self) -> int:
        return round(380 * theme.scale())

    def busy(self) -> bool:
        return self._soon.isActive()

    def current_pane(self) -> DemonstrationEditor | SelectionPanel:
        return self.selection if self.currentWidget() is self.selection else self.editor

    def follow(self) -> None:
        """Show what is chosen in the table; a new demonstration that somebody writes stays."""
        self._soon.stop()
        if self.editor.writing_new() and not self.editor.give_up_blank():
            return
        count, current = self._view.selected_count(), self._view.current_id()
        if count > 1:
            self.editor.save()
            self.selection.show_count(count, read_only=self._session.read_only)
            self.setCurrentWidget(self.selection)
            return
        self.setCurrentWidget(self.editor)
        if current is not None:
            self.editor.open(current)
        else:
            self.emptied.emit()

    def follow_soon(self) -> None:
        self._soon.start()

    def show_editor(self) -> None:
        self.setCurrentWidget(self.editor)
        self.drawer.open()

    def await_editor(self) -> None:
        """Return once the editor shows the current row; what is typed meanwhile is kept for it."""
        if self._soon.isActive():
            self.follow()
        self.editor.await_text()
