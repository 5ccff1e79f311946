"""Every key of the window and of its pages, from the tables in which they declare their commands (F1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.shell.commands import Declared
from workbench.gui.shell.pages import PAGES
from workbench.gui.widgets.buttons import IconButton
from workbench.gui.widgets.keycaps import KeyHints
from workbench.gui.widgets.labels import hairline, label
from workbench.gui.widgets.overlay import Overlay

_MOVING = (("F6", "Next pane"), ("Shift+F6", "Previous pane"), ("Tab", "Next control"), ("Esc", "Back to the list"))


class ShortcutsDialog(Overlay):
    def __init__(self, commands: Sequence[Declared[Any]], window: QWidget) -> None:
        """``commands`` are the window's own."""
        super().__init__(window, 880, top=64)
        top = QHBoxLayout()
        top.setContentsMargins(24, 16, 16, 12)
        top.addWidget(label("Keys", "heading"))
        top.addSpacing(8)
        top.addWidget(label("Single letters act while no text field has the focus", "muted"))
        top.addStretch(1)
        close = IconButton("x", "Close", "Close, Esc")
        close.clicked.connect(self.close)
        top.addWidget(close)
        self.column.addLayout(top)
        self.column.addWidget(hairline())
        self.column.addWidget(self._scrolled(_groups(commands)), 1)
        self._close = close

    def open(self) -> None:
        super().open()
        self._close.setFocus()

    def card_height(self) -> int:
        return 640

    def _scrolled(self, groups: dict[str, list[tuple[tuple[str, ...], str]]]) -> QScrollArea:
        inside = QWidget()
        inside.setProperty("scrolled", "1")
        columns = QHBoxLayout(inside)
        columns.setContentsMargins(24, 16, 24, 20)
        columns.setSpacing(40)
        halves = [QVBoxLayout(), QVBoxLayout()]
        heights = [0, 0]
        for title, lines in groups.items():
            shorter = 0 if heights[0] <= heights[1] else 1
            halves[shorter].addWidget(_group(title, lines))
            heights[shorter] += len(lines) + 2
        for half in halves:
            half.setSpacing(18)
            half.addStretch(1)
            columns.addLayout(half, 1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        area.setAccessibleName("List of keys")
        return area


def _groups(commands: Sequence[Declared[Any]]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """(keys, what they do) under the name of the page or group that they belong to."""
    groups: dict[str, list[tuple[tuple[str, ...], str]]] = {
        "Everywhere": _lines(command for command in commands
                             if command.group != "Pages" and not command.id.startswith("pane.")),
        "Pages": [(keys, title.removeprefix("Go to ")) for keys, title in _lines(
            command for command in commands if command.group == "Pages")],
        **{page.title: _lines(page.commands()) for page in PAGES},
        "Moving about": [((keys,), words) for keys, words in _MOVING]}
    return {title: lines for title, lines in groups.items() if lines}


def _lines(commands: Iterable[Declared[Any]]) -> list[tuple[tuple[str, ...], str]]:
    return [(_caps(command.shortcuts), command.title) for command in commands if command.shortcuts]


def _caps(shortcuts: tuple[str, ...]) -> tuple[str, ...]:
    """As it stands on the key: Enter, be it the large one (Return) or that of the number pad."""
    return tuple(dict.fromkeys(keys.replace("Return", "Enter") for keys in shortcuts))


def _group(title: str, lines: list[tuple[tuple[str, ...], str]]) -> QWidget:
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setVerticalSpacing(6)
    grid.setHorizontalSpacing(12)
    grid.addWidget(label(title, "section"), 0, 0, 1, 2)
    for row, (keys, words) in enumerate(lines, 1):
        caps = KeyHints([*((one, "or") for one in keys[:-1]), (keys[-1], "")])
        caps.setFixedWidth(max(150, caps.sizeHint().width()))
        caps.setAccessibleName(f"{' or '.join(keys)}: {words}")
        grid.addWidget(caps, row, 0)
        grid.addWidget(label(words.removesuffix("…"), wrap=True), row, 1, Qt.AlignmentFlag.AlignVCenter)
    grid.setColumnStretch(1, 1)
    return made
