"""The dialogs of the window itself: known errors, bugs, and questions before something is lost."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from workbench.errors import WorkbenchError
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import Button, ghost, primary, secondary
from workbench.gui.widgets.labels import IconTile, label
from workbench.gui.widgets.safe_text import PlainText


class Dialog(QDialog):
    """A tile, a strong line, plain lines below it, room for more, and buttons at the right."""

    def __init__(self, icon: str, title: str, lines: Sequence[str], parent: QWidget | None, *,
                 tone: str = "accent", width: int = 460) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(round(width * theme.scale()))
        self.setModal(True)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 20)
        column.setSpacing(0)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(IconTile(icon, 40, tone), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(label(title, "title", wrap=True))
        for line in lines:
            if line:
                words.addWidget(label(line, "muted", wrap=True))
        words.addStretch(1)
        top.addLayout(words, 1)
        column.addLayout(top)
        self.room = QVBoxLayout()
        self.room.setContentsMargins(0, 12, 0, 0)
        self.room.setSpacing(10)
        column.addLayout(self.room)
        column.addSpacing(20)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        self.buttons.addStretch(1)
        column.addLayout(self.buttons)

    def fit(self, width: int) -> None:
        """As wide as ``width`` (logical pixels at the design's font) or the widest field, and high enough for it: a
        dialog with wrapping labels opens at its least height, which squeezes the fields."""
        layout = self._column
        layout.activate()
        wide = max(round(width * theme.scale()), self.width(), layout.totalMinimumSize().width())
        high = layout.totalHeightForWidth(wide) if layout.hasHeightForWidth() else layout.totalSizeHint().height()
        self.resize(wide, max(high, layout.totalSizeHint().height()))

    def give_room_to_fields(self) -> None:
        """What room there is below goes to the fields, not to the title."""
        self._column.setStretchFactor(self.room, 1)

    def add_button(self, button: Button, *, default: bool = False, left: bool = False) -> Button:
        if left:
            self.buttons.insertWidget(0, button)
        else:
            self.buttons.addWidget(button)
        button.setDefault(default)               # Enter on another button presses that one
        if default:
            button.setFocus(Qt.FocusReason.OtherFocusReason)
        return button


def error_dialog(error: WorkbenchError, parent: QWidget | None) -> Dialog:
    """What happened, what is safe, what to do."""
    made = Dialog("alert", error.what, (error.safe, error.remedy), parent, tone="bad")
    close = made.add_button(primary("Close"), default=True)
    close.clicked.connect(made.accept)
    return made


def bug_dialog(error: BaseException, log: Path | None, parent: QWidget | None) -> Dialog:
    """Something that should not happen: says so, with details to copy and where the log is."""
    lines = ("This is a fault of the program, not of what you did. Your project is safe: every change is saved "
             "at once.", f"The log is at {log}." if log else "")
    made = Dialog("alert", "Something went wrong in the program", lines, parent, tone="bad", width=560)
    report = "".join(traceback.format_exception(error))
    details = PlainText(mono=True, wrap=False, accessible="Details of the fault")
    details.setPlainText(report)
    details.setMinimumHeight(180)
    details.hide()
    made.room.addWidget(details)
    show = made.add_button(ghost("Show details", "down"), left=True)
    copy = made.add_button(secondary("Copy details", "copy"))
    close = made.add_button(primary("Close"), default=True)

    def toggle() -> None:
        details.setVisible(details.isHidden())
        show.setText("Hide details" if details.isVisible() else "Show details")
        show.set_icon_name("up" if details.isVisible() else "down")
        made.adjustSize()

    show.clicked.connect(toggle)
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report))
    close.clicked.connect(made.accept)
    return made


def confirm(title: str, text: str, verb: str, parent: QWidget | None, *, destroys: bool = False) -> bool:
    """Ask before something that cannot be undone. ``verb`` is the button: "Delete the results"."""
    made = Dialog("alert" if destroys else "help", title, (text,), parent, tone="bad" if destroys else "accent")
    cancel = made.add_button(secondary("Cancel"), default=destroys)
    cancel.clicked.connect(made.reject)
    act = made.add_button(Button(verb, "destroy" if destroys else "primary"), default=not destroys)
    act.clicked.connect(made.accept)
    return made.exec() == QDialog.DialogCode.Accepted
