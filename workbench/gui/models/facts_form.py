"""Facts as a form: a name at the left, what is so at the right, which can be selected and copied."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout

from workbench.gui.widgets.labels import label

SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


class FactsForm(QFormLayout):
    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalSpacing(16)
        self.setVerticalSpacing(8)
        self.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)

    def show_facts(self, facts: Iterable[tuple[str, str]]) -> None:
        while self.rowCount():
            self.removeRow(0)
        for name, value in facts:
            words = label(value, "body", wrap=True)
            words.setTextInteractionFlags(SELECTABLE)
            words.setAccessibleName(f"{name}: {value}")
            self.addRow(label(name, "small"), words)
