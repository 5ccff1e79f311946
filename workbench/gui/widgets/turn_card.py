"""One turn of a demonstration as a card that can be written in."""

from __future__ import annotations

import json
import math
from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QResizeEvent, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from workbench.domain import Role, Turn
from workbench.domain.demonstration import holdings
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.labels import IconLabel, label, set_property
from workbench.gui.widgets.safe_text import CHUNK, LINE, SafeText, tooltip
from workbench.wording import counted

_ICONS = {Role.USER: ("user", "text3"), Role.ASSISTANT: ("spark", "accent_text"), Role.SYSTEM: ("chip", "text3"),
          Role.TOOL: ("chip", "text3")}


class GrowingEdit(QPlainTextEdit):
    """As high as its text, so that the pane scrolls and not the field. Plain text in and out."""

    focus_changed = Signal(bool)

    def __init__(self, accessible: str, *, bare: bool = True, least_lines: int = 1, most_lines: int = 0,
                 mono: bool = False, parent: QWidget | None = None) -> None:
        """``most_lines`` 0: as many as there are; beyond that it scrolls."""
        super().__init__(parent)
        self._least, self._most, self._mono = least_lines, most_lines, mono
        if bare:
            self.setProperty("k", "bare")
        self.setAccessibleName(accessible)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded if most_lines
                                        else Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(0)
        self.textChanged.connect(self._fit)
        theme.notifier.changed.connect(self._retheme)
        self._retheme()

    def _retheme(self) -> None:
        if self._mono:
            self.setFont(theme.font("mono"))
        self._fit()

    def _fit(self) -> None:
        layout, block, height = self.document().documentLayout(), self.document().firstBlock(), 0.0
        while block.isValid():                       # the document's own size does not count what was never in view
            height += layout.blockBoundingRect(block).height()
            block = block.next()
        line = self.fontMetrics().lineSpacing()
        height = max(height, self._least * line)
        height = min(height, self._most * line) if self._most else height
        frame = 0 if self.property("k") == "bare" else 10
        self.setFixedHeight(math.ceil(height) + 2 + frame)
        if not self._most:
            self.verticalScrollBar().setValue(0)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.verticalScrollBar().maximum() and self._most:
            super().wheelEvent(event)
        else:
            event.ignore()                           # the pane scrolls

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()


def too_long(text: str) -> bool:
    """Whether Qt would lay it out for seconds: such text is shown in pieces and not edited."""
    return len(text) > CHUNK or any(len(line) > 4 * LINE for line in text.split("\n"))


class TurnCard(QFrame):
    """``edited`` follows the typing; ``left`` says that the person has moved on (time to save)."""

    edited = Signal()
    left = Signal()
    remove_pressed = Signal()
    move_pressed = Signal(int)                       # -1 up, 1 down
    role_chosen = Signal(object)

    def __init__(self, turn: Turn, *, read_only: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._role = turn.role
        self._text = turn.text
        self._attached = turn.attached
        self._loading = False
        self.too_long = too_long(turn.text)
        self.edit: GrowingEdit | None = None
        self._tokens = label("", "caption")
        self._holds = label("", "caption")
        self._show_holdings()
        self._set_look(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 8, 12)
        column.setSpacing(2)
        column.addLayout(self._head(read_only))
        if self.too_long:
            column.addWidget(self._long_text(turn.text))
        else:
            self.edit = GrowingEdit(f"{turn.role.value.capitalize()} turn")
            self.edit.setPlainText(turn.text)
            self.edit.setReadOnly(read_only)
            self.edit.setPlaceholderText("What the person asks" if turn.role is Role.USER else
                                         "What a good answer says" if turn.role is Role.ASSISTANT else "Rules")
            self.edit.textChanged.connect(lambda: None if self._loading else self.edited.emit())
            self.edit.focus_changed.connect(self._focused)
            column.addWidget(self.edit)

    def _head(self, read_only: bool) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(IconLabel(*_ICONS[self._role], 16))
        row.addWidget(label(self._role.value.capitalize(), "section"))
        row.addWidget(self._tokens)
        row.addWidget(self._holds)
        row.addStretch(1)
        copy = self._copy = icon_button("copy", "Copy turn", size=16, token="text3")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.turn().text))
        self._more = icon_button("more", "More for this turn", size=16, token="text3")
        self._more.setMenu(self._menu())
        self._more.setEnabled(not read_only)
        row.addWidget(copy)
        row.addWidget(self._more)
        return row

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        for role in (Role.SYSTEM, Role.USER, Role.ASSISTANT):
            if role is not self._role:
                menu.addAction(f"Make it the {role.value}'s turn", partial(self.role_chosen.emit, role))
        menu.addSeparator()
        menu.addAction("Move up", lambda: self.move_pressed.emit(-1))
        menu.addAction("Move down", lambda: self.move_pressed.emit(1))
        menu.addSeparator()
        menu.addAction("Remove turn", self.remove_pressed.emit)
        return menu

    def _long_text(self, text: str) -> QWidget:
        view = SafeText(text, accessible=f"{self._role.value.capitalize()} turn, too long to edit here")
        view.setFixedHeight(260)
        view.setToolTip(f"{counted(len(text), 'character')}: too long to edit here")
        return view

    def take(self, turn: Turn) -> bool:
        """Show another turn in this card, if it is of the same kind; returns whether it was."""
        if self.edit is None or turn.role is not self._role or too_long(turn.text):
            return False
        self._loading = True
        self._attached = turn.attached
        self._show_holdings()
        if self.edit.toPlainText() != turn.text:
            self.edit.setPlainText(turn.text)
        self._loading = False
        return True

    def turn(self) -> Turn:
        return Turn(self._role, self._text if self.edit is None else self.edit.toPlainText(), self._attached)

    def _show_holdings(self) -> None:
        """What the turn holds beside its text, and the whole of it where the mouse rests."""
        held = holdings(Turn(self._role, "", self._attached))
        self._holds.setText(f"with {', '.join(held)}" if held else "")
        self._holds.setToolTip(tooltip(json.dumps(self._attached, ensure_ascii=False, indent=1)[:2000])
                               if self._attached else "")

    def set_tokens(self, tokens: int | None) -> None:
        self._tokens.setText("" if tokens is None else counted(tokens, "token"))

    def stops(self) -> tuple[list[QWidget], list[QWidget]]:
        """What Tab stops at: the text, and the tools."""
        return [self.edit] if self.edit is not None else [], [self._copy, self._more]

    def start(self) -> None:
        """Put the cursor at the end of the text."""
        if self.edit is not None:
            self.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)

    def _focused(self, on: bool) -> None:
        self._set_look(on)
        if not on:
            self.left.emit()

    def _set_look(self, edited: bool) -> None:
        set_property(self, "card", "selected" if edited else "canvas" if self._role is not Role.ASSISTANT else "1")
