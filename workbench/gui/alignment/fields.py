"""The fields of the training form that stand for one option each."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from workbench.alignment.options import METHOD_NAMES, AlignmentOptions
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.number_field import NumberField
from workbench.gui.widgets.pane import field

# option, its label, least, most
MAIN = (("steps", "Steps", 1, 1_000_000), ("learning_rate", "Learning rate", 0.0, 1.0),
        ("subsets", "Subsets", 2, 16), ("ranking_weight", "λ, ranking", 0.0, 1_000.0))
MORE = (("batch", "Batch", 1, 4_096), ("accumulation", "Accumulation", 1, 4_096),
        ("fewest", "Fewest shown", 1, 64), ("most", "Most shown", 1, 64),
        ("episodes", "Samples", 1, 1_000_000), ("warmup_steps", "Warm-up steps", 0, 1_000_000),
        ("evaluate_every", "Measure every", 0, 1_000_000), ("save_every", "Save every", 1, 1_000_000),
        ("keep", "Checkpoints kept", 1, 1_000),
        ("lora_rank", "LoRA rank", 0, 1_024), ("kl_chunk", "KL chunk", 1, 65_536), ("seed", "Seed", 0, 2**31 - 1),
        ("pairs", "Pairs of subsets", 0, 120), ("floor", "Least range, nats", 0.0, 1_000.0))
CHOICES = (
    ("subset_method", "Subsets are drawn", (("random", "At random, one size"), ("sizes", "At random, any size"),
                                            ("similarity", "By similarity"))),
    ("output_scope", "KL is taken over", (("sequence", "The whole sequence"), ("answers", "All answers"),
                                               ("label", "The test’s answer"))),
    ("margin", "Margin of the ranking", (("rank", "Difference of ranks"), ("score", "Difference of scores"))),
    ("normaliser_gradient", "The range of the scores", ((False, "Is a constant"), (True, "Carries a gradient"))),
    ("push", "A wrong order moves", (("both", "Both subsets"), ("up", "The preferred one, up"))),
    ("gradient_checkpointing", "Activations are", ((False, "Kept"), (True, "Computed again, for less memory"))),
    ("precision", "Precision", (("float32", "float32"), ("bfloat16", "bfloat16"))),
)
RANKING = ("subsets", "ranking_weight", "pairs", "floor", "subset_method", "margin", "normaliser_gradient", "push")
TIPS = {
    "subsets": "N: how many subsets of a sample's demonstrations are compared",
    "ranking_weight": "L = L_KL + λ · L_rank",
    "fewest": "Demonstrations in a sample, at least", "most": "Demonstrations in a sample, at most",
    "pairs": "Drawn for each sample's ranking loss; 0 takes all",
    "evaluate_every": "Steps between two measurements; 0 measures at the ends",
    "floor": "Eq. 3 divides by the range of the student's scores, but by no less than this",
    "kl_chunk": "Tokens whose logits are held at a time; fewer take less memory",
    "save_every": "Steps between two checkpoints",
    "keep": "The newest; the best by the held-out likelihood stays too",
    "lora_rank": "Rank of the adapters that are trained in place of all weights; 0 trains all",
    "episodes": "Samples drawn from the tasks that are trained on",
}


class DecimalField(QLineEdit):
    """A number such as 0.002 or 2e-3 within limits; ``value`` is None while it is none."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self._low, self._high = low, high

    def value(self) -> float | None:
        try:
            number = float(self.text().strip().replace("\N{MINUS SIGN}", "-").replace(",", "."))
        except ValueError:
            return None
        return number if self._low <= number <= self._high else None

    def set_value(self, number: float) -> None:
        if self.value() != number:
            self.setText(f"{number:g}")


class OptionFields(QWidget):
    """The main fields; ``more`` is a widget with the others. ``changed`` says that a person changed something."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.more = QWidget()
        self._by_name: dict[str, NumberField | DecimalField | ElidedCombo] = {}
        self._rooms: dict[str, QWidget] = {}
        self.method = ElidedCombo()
        for method, words in METHOD_NAMES.items():
            self.method.addItem(words, method)
        self.method.currentIndexChanged.connect(lambda _: self._method_changed())
        main, more = _grid(self), _grid(self.more)
        main.addWidget(field("Method", self.method), 0, 0, 1, 2)
        self._add_numbers(main, MAIN, 1)
        self._add_numbers(more, MORE, 0)
        for row, (name, words, options) in enumerate(CHOICES, start=len(MORE)):
            combo = ElidedCombo()
            for value, shown in options:
                combo.addItem(shown, value)
            combo.currentIndexChanged.connect(lambda _: self.changed.emit())
            self._place(more, name, words, combo, row, 0, 2)

    def _add_numbers(self, grid: QGridLayout, numbers: tuple[Any, ...], first: int) -> None:
        for index, (name, words, low, high) in enumerate(numbers):
            made: NumberField | DecimalField
            if isinstance(low, int):
                made = NumberField(low, high)
                made.valueChanged.connect(lambda _: self.changed.emit())
            else:
                made = DecimalField(low, high)
                made.textChanged.connect(lambda _: self.changed.emit())
            self._place(grid, name, words, made, first + index // 2, index % 2, 1)

    def add_more(self, words: str, widget: QWidget) -> None:
        """Put a field that is no option below the others."""
        grid = self.more.layout()
        assert isinstance(grid, QGridLayout)
        grid.addWidget(field(words, widget), grid.rowCount(), 0, 1, 2)

    def _place(self, grid: QGridLayout, name: str, words: str, widget: Any, row: int, column: int, span: int) -> None:
        widget.setToolTip(TIPS.get(name, ""))
        widget.setMinimumWidth(60)
        self._by_name[name] = widget
        self._rooms[name] = field(words, widget)
        grid.addWidget(self._rooms[name], row, column, 1, span)

    def _method_changed(self) -> None:
        method = self.method.currentData()
        for name in RANKING:
            self._rooms[name].setEnabled(method == "bialign")
        for name in ("steps", "learning_rate"):
            self._rooms[name].setEnabled(method != "vanilla")
        self.changed.emit()

    def show_options(self, options: AlignmentOptions) -> None:
        self.method.setCurrentIndex(self.method.findData(options.method))
        for option, widget in self._by_name.items():
            value = getattr(options, option)
            if isinstance(widget, ElidedCombo):
                widget.setCurrentIndex(widget.findData(value))
            elif isinstance(widget, DecimalField):
                widget.set_value(value)
            else:
                widget.setValue(value)

    def values(self) -> dict[str, Any]:
        """Each option's value by its name, the method too; None for what is no number within its limits."""
        found: dict[str, Any] = {"method": self.method.currentData()}
        for name, widget in self._by_name.items():
            found[name] = widget.currentData() if isinstance(widget, ElidedCombo) else widget.value()
        return found


def _grid(widget: QWidget) -> QGridLayout:
    grid = QGridLayout(widget)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(10)
    grid.setColumnStretch(0, 1)
    grid.setColumnStretch(1, 1)
    return grid
