"""What stands where there is nothing to show yet."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from workbench.gui.widgets.labels import IconTile, label


class EmptyState(QWidget):
    """A soft icon, one strong line, one plain line, one or two buttons; centred in its room."""

    def __init__(
        self, icon: str, title: str, text: str = "", buttons: Sequence[QPushButton] = (), *, tone: str = "accent",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(IconTile(icon, 48, tone), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(16)
        self._title = label(title, "strong", wrap=True)
        self._text = label(text, "small", wrap=True)
        for line in (self._title, self._text):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            line.setMaximumWidth(480)
            line.setMinimumWidth(160)
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(line, 100)
            row.addStretch(1)
            column.addLayout(row)
            column.addSpacing(4)
        column.addSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        self.setAccessibleName(title)
        self._text.setVisible(bool(text))

    def set_text(self, title: str, text: str = "") -> None:
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self.setAccessibleName(title)
