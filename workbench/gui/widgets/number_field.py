"""A field for a whole number, with the arrows inside."""

from __future__ import annotations

from PySide6.QtWidgets import QSpinBox, QWidget


class NumberField(QSpinBox):
    """A spin box whose figures stand as far from the outline as in the other fields.

    Qt's style sheets do not apply a spin box's padding to its text when the arrows are styled.
    """

    def __init__(self, low: int = 0, high: int = 99, value: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lineEdit().setTextMargins(8, 0, 0, 0)
        self.setRange(low, high)
        self.setValue(value)
