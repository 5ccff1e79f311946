"""What every page of the window is."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from workbench.domain import Changes
from workbench.gui.shell.session import Session
from workbench.gui.widgets.labels import hairline, label


class PageHeader(QWidget):
    """56 px: the title, what is shown in a few words, the page's tools, and at most one primary button."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(56)
        self._title = label(title, "heading")
        self._subtitle = label("", "muted")
        self._primary: QPushButton | None = None
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(20, 0, 16, 0)
        self.row.setSpacing(8)
        self.row.addWidget(self._title)
        self.row.addSpacing(4)
        self.row.addWidget(self._subtitle)
        self.row.addStretch(1)

    def set_title(self, title: str) -> None:
        self._title.setText(title)

    def set_subtitle(self, text: str) -> None:
        self._subtitle.setText(text)

    def add_tool(self, widget: QWidget) -> QWidget:
        """Add a tool at the right, before the primary button."""
        last = self.row.count() - (1 if self._primary is not None else 0)
        self.row.insertWidget(last, widget, 0, Qt.AlignmentFlag.AlignVCenter)
        return widget

    def set_primary(self, button: QPushButton) -> QPushButton:
        if self._primary is not None:
            self._primary.deleteLater()
        self._primary = button
        self.row.addWidget(button)
        return button


class Page(QWidget):
    """A page. ``self.body`` is its vertical layout without margins; ``header()`` puts the header on top."""

    name = ""
    title = ""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setProperty("bg", "surface")
        self.setAccessibleName(self.title)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self._header: PageHeader | None = None

    def header(self, *, line: bool = True) -> PageHeader:
        """The header, made at the first call: with a line below it, or without where the page draws one elsewhere."""
        if self._header is None:
            self._header = PageHeader(self.title, self)
            self.body.insertWidget(0, self._header)
            if line:
                self.body.insertWidget(1, hairline())
        return self._header

    def shown(self, **arguments: Any) -> None:
        """The page has become visible, perhaps with arguments from ``Session.open_page``."""

    def refresh(self, changes: Changes) -> None:
        """Something in the project changed; read again what this page shows of it."""

    def panes(self) -> list[QWidget]:
        """The parts between which F6 moves, in order; each must be able to take the focus."""
        return []

    def holds_focus(self) -> bool:
        """Whether something on the page has the keyboard; a page that is shown without it gives it to its main view."""
        focused = self.window().focusWidget()    # also while another program's window is in front
        return focused is not None and focused is not self and self.isAncestorOf(focused)

    def foot_height(self) -> int:
        """Of a bar of buttons at the bottom, which messages must not cover."""
        return 0

    def busy(self) -> bool:
        """Whether the page still waits for something besides the session (its picture would not be complete)."""
        return False


def can_write(page: Page) -> bool:
    """Whether there is a project, and it may be changed: what a command that changes it asks."""
    return page.session.project is not None and not page.session.read_only
