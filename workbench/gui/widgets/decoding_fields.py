"""How answers are drawn: the fields for all decoding parameters, for every form that asks for them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QWidget

from workbench.domain import DecodingSettings
from workbench.gui.widgets.number_field import NumberField
from workbench.gui.widgets.pane import field

MOST_TOKENS = 32_768


class DecodingFields(QWidget):
    """``value`` is what the fields say. ``columns`` of them stand side by side."""

    def __init__(self, *, columns: int = 4, tokens: int = 256, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.temperature, self.top_p = decimal(0.0, 2.0, 0.0), decimal(0.01, 1.0, 1.0)
        self.top_k, self.min_p = NumberField(0, 1_000), decimal(0.0, 1.0, 0.0)
        self.penalty = decimal(0.5, 2.0, 1.0)
        self.tokens, self.seed = NumberField(1, MOST_TOKENS, tokens), NumberField(0, 2**31 - 1)
        self.temperature.setSpecialValueText("Greedy")
        self.top_k.setSpecialValueText("Off")
        self.min_p.setSpecialValueText("Off")
        self.min_p.setToolTip("Only tokens at least this share as likely as the likeliest one")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for place, (name, widget) in enumerate((
            ("Temperature", self.temperature), ("Top-p", self.top_p), ("Top-k", self.top_k), ("Min-p", self.min_p),
            ("Repetition", self.penalty), ("Most tokens", self.tokens), ("Seed", self.seed),
        )):
            widget.setMinimumWidth(60)
            grid.addWidget(field(name, widget), place // columns, place % columns)
        for column in range(columns):
            grid.setColumnStretch(column, 1)

    def add(self, button: QWidget) -> None:
        """A button after the last field, level with it."""
        grid = self.layout()
        assert isinstance(grid, QGridLayout)
        grid.addWidget(button, grid.rowCount() - 1, grid.columnCount() - 1,
                       Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)

    def value(self) -> DecodingSettings:
        return DecodingSettings(
            max_tokens=self.tokens.value(), temperature=round(self.temperature.value(), 2),
            top_p=round(self.top_p.value(), 2), top_k=self.top_k.value(), min_p=round(self.min_p.value(), 2),
            repetition_penalty=round(self.penalty.value(), 2), seed=self.seed.value())


def decimal(low: float, high: float, value: float, *, step: float = 0.05) -> QDoubleSpinBox:
    """A field for a number with two digits, as far from its outline as in a NumberField."""
    made = QDoubleSpinBox()
    made.lineEdit().setTextMargins(8, 0, 0, 0)
    made.setRange(low, high)
    made.setSingleStep(step)
    made.setDecimals(2)
    made.setValue(value)
    return made
