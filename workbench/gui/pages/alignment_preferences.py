"""Which subsets of an example's demonstrations are preferred: by the teacher, by the student before and after."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.errors import WorkbenchError
from workbench.gui import theme
from workbench.gui.charts.chart_view import ChartTools, ChartView
from workbench.gui.charts.numbers import percent
from workbench.gui.charts.slope import SlopeChart
from workbench.gui.pages.alignment_reading import Example, examples
from workbench.gui.views.elided_combo import ElidedCombo
from workbench.gui.views.empty import EmptyState
from workbench.gui.views.labels import ElidedLabel, hairline, label
from workbench.gui.views.pane import PaneHeader
from workbench.gui.views.safe_text import SafeText
from workbench.services.alignment import TrainingRun

TEXT_HEIGHT = 118
LOW = 380                            # a lower pane has room for the slopes only; their tooltips have the texts


class PreferencesPane(QWidget):
    """Shows one held-out example of a finished run; a line that is picked shows its demonstrations below."""

    def __init__(self, failed: Callable[[WorkbenchError], None]) -> None:
        super().__init__()
        self._run: TrainingRun | None = None
        self._examples: list[Example] = []
        self.slope = SlopeChart("Which subsets are preferred")
        self.view = ChartView(self.slope, self.slope)
        self.example = ElidedCombo("Held-out example")
        self.text = SafeText(accessible="Demonstrations of the subset")
        self._agreement = ElidedLabel("", "faint")
        self._build(failed)

    def _build(self, failed: Callable[[WorkbenchError], None]) -> None:
        head = PaneHeader("Which subsets are preferred", "best on top", height=44)
        tools = ChartTools(lambda: self.view, failed)
        head.add_tool(tools.table)
        head.add_tool(tools.export)
        legend = QHBoxLayout()
        legend.setSpacing(12)
        for words, tone in (("— closer to the teacher", "gain"), ("— farther", "loss"), ("— no closer", "")):
            legend.addWidget(label(words, "small", tone=tone))
        legend.addStretch(1)
        self.text.setMaximumHeight(TEXT_HEIGHT)
        self.text.setMinimumHeight(60)
        content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(16, 10, 12, 10)
        inner.setSpacing(8)
        inner.addWidget(self.example)
        inner.addLayout(legend)
        inner.addWidget(self.view, 3)
        inner.addWidget(self._agreement)
        inner.addWidget(self.text, 1)
        self._none = EmptyState("align", "No preferences yet", "They are compared when a run has finished.")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._none)
        self._stack.addWidget(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(hairline())
        column.addWidget(self._stack, 1)
        self.example.currentIndexChanged.connect(self._show_example)
        self.slope.picked.connect(self._show_subset)
        theme.notifier.changed.connect(self.slope.update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.text.setVisible(event.size().height() >= LOW)

    def show_run(self, run: TrainingRun | None) -> None:
        """The run's examples; the place among them is kept."""
        same = run is not None and self._run is not None and run.job_id == self._run.job_id
        if same and run is not None and self._run is not None and bool(run.summary) == bool(self._run.summary):
            return
        self._run = run
        self._examples = examples(run) if run is not None else []
        place = max(self.example.currentIndex(), 0)
        self.example.blockSignals(True)
        self.example.clear()
        self.example.addItems([example.title for example in self._examples])
        self.example.setCurrentIndex(min(place, len(self._examples) - 1))
        self.example.blockSignals(False)
        self._stack.setCurrentIndex(1 if self._examples else 0)
        if run is not None and run.summary:
            before, after = run.summary["before"], run.summary["after"]
            self._agreement.setText(
                f"Best subset as the teacher’s in {percent(after['consistency_best'])}, "
                f"was {percent(before['consistency_best'])}")
        self._show_example()

    def _show_example(self) -> None:
        index = self.example.currentIndex()
        lines = self._examples[index].lines if 0 <= index < len(self._examples) else ()
        self.slope.set_lines(lines)
        self.view.chart_changed()
        self._show_subset(-1)

    def _show_subset(self, line: int) -> None:
        """The texts of a subset's demonstrations, or of the test when no subset is picked."""
        index = self.example.currentIndex()
        if not 0 <= index < len(self._examples):
            self.text.set_text("")
            return
        example = self._examples[index]
        if line < 0:
            test = example.test
            said = f"Test: {test.instruction}\n→ {test.answer}\n\n" if test is not None else ""
            self.text.set_text(said + "Click a line to read the demonstrations of its subset.")
            return
        chosen = [(place, example.demonstrations[place]) for place in example.subsets[line]]
        self.text.set_text("\n".join(f"{place + 1}. {one.instruction}\n→ {one.answer}" if one is not None
                                     else f"{place + 1}. (not kept)" for place, one in chosen))
