"""Which subsets of an example's demonstrations are preferred: by the teacher, by the student before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.errors import WorkbenchError
from workbench.gui.charts.agreement import AgreementChart, AgreementLine
from workbench.gui.charts.chart_view import ChartTools, ChartView, scrolled
from workbench.gui.charts.slope import SlopeChart, SlopeLine, ranks
from workbench.gui.widgets import theme
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import ElidedLabel, hairline, label
from workbench.gui.widgets.pane import PaneHeader
from workbench.gui.widgets.safe_text import SafeText
from workbench.gui.widgets.segmented import Segmented
from workbench.services.alignment import TrainingRun
from workbench.services.training_reading import Example, examples
from workbench.wording import percent

TEXT_HEIGHT = 118
LOW = 380                            # a lower pane has room for the chart only; its tooltips have the texts
ONE, ALL = range(2)


class PreferencesPane(QWidget):
    """Shows the held-out examples of a finished run, one by one or all; what is picked shows its demonstrations."""

    def __init__(self, failed: Callable[[WorkbenchError], None]) -> None:
        super().__init__()
        self._run: TrainingRun | None = None
        self._examples: list[Example] = []
        self.slope = SlopeChart("Which subsets are preferred")
        self.matrix = AgreementChart("Agreement with the teacher")
        self.views = (ChartView(self.slope, self.slope), ChartView(self.matrix, scrolled(self.matrix)))
        self.part = Segmented(("One", "All"), name="Held-out examples")
        self.part.setToolTip("One held-out example, or all of them")
        self.example = ElidedCombo("Held-out example")
        self.text = SafeText(accessible="Demonstrations of the subset")
        self._agreement = ElidedLabel("", "faint")
        self._build(failed)

    def _build(self, failed: Callable[[WorkbenchError], None]) -> None:
        self._head = PaneHeader("Preferred subsets", height=44)
        self._tools = ChartTools(lambda: self.views[self.part.current()], failed)
        for tool in (self.part, self._tools.table, self._tools.export):
            self._head.add_tool(tool)
        one = QWidget()
        rows = QVBoxLayout(one)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        legend = QHBoxLayout()
        legend.setSpacing(12)
        for words, tone in (("— closer to the teacher", "gain"), ("— farther", "loss"), ("— no closer", "")):
            legend.addWidget(label(words, "small", tone=tone))
        legend.addStretch(1)
        rows.addWidget(self.example)
        rows.addLayout(legend)
        rows.addWidget(self.views[ONE], 1)
        self._charts = QStackedWidget()
        self._charts.addWidget(one)
        self._charts.addWidget(self.views[ALL])
        self.text.setMaximumHeight(TEXT_HEIGHT)
        self.text.setMinimumHeight(60)
        content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(16, 10, 12, 10)
        inner.setSpacing(8)
        inner.addWidget(self._charts, 3)
        inner.addWidget(self._agreement)
        inner.addWidget(self.text, 1)
        self._none = EmptyState("align", "No preferences yet", "They are compared when a run has finished.")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._none)
        self._stack.addWidget(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(hairline())
        column.addWidget(self._stack, 1)
        self.part.changed.connect(self._part_chosen)
        self.example.currentIndexChanged.connect(self._show_example)
        self.slope.picked.connect(lambda line: self._show_subset(self.example.currentIndex(), line))
        self.matrix.picked.connect(self._cell_picked)
        theme.notifier.changed.connect(self.slope.update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.text.setVisible(event.size().height() >= LOW)

    @property
    def view(self) -> ChartView:
        """The chart in front."""
        return self.views[self.part.current()]

    def _part_chosen(self, part: int) -> None:
        self._charts.setCurrentIndex(part)
        self._tools.view_changed()
        self._say_agreement()

    def show_run(self, run: TrainingRun | None) -> None:
        """The run's examples; the place among them is kept."""
        same = run is not None and self._run is not None and run.job_id == self._run.job_id
        if same and run is not None and self._run is not None and run.result == self._run.result:
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
        self.part.setVisible(bool(self._examples))
        self.matrix.set_rows(agreement(self._examples))
        self.views[ALL].chart_changed()
        self._say_agreement()
        self._show_example()

    def _say_agreement(self) -> None:
        if self._run is None or self._run.result is None:
            return
        if self.part.current() == ALL:
            self._agreement.setText("The student’s rank; fuller colour is nearer the teacher’s")
            return
        before, after = (measures.get("consistency_best") for measures in (self._run.result.before,
                                                                           self._run.result.after))
        if before is not None and after is not None:
            self._agreement.setText(f"Best subset as the teacher’s in {percent(after)}, was {percent(before)}")

    def _show_example(self) -> None:
        index = self.example.currentIndex()
        compared = self._examples[index].compared if 0 <= index < len(self._examples) else ()
        self.slope.set_lines([SlopeLine(one.label, one.scores, one.instructions) for one in compared])
        self.views[ONE].chart_changed()
        self._show_subset(index, -1)

    def _cell_picked(self, index: int, subset: int) -> None:
        """The example of a cell is also the one that is shown alone."""
        self.example.setCurrentIndex(index)
        self.slope.select(subset)
        self._show_subset(index, subset)

    def _show_subset(self, index: int, subset: int) -> None:
        """The texts of a subset's demonstrations, or of the test when no subset is picked."""
        if not 0 <= index < len(self._examples):
            self.text.set_text("")
            return
        example = self._examples[index]
        test = example.test
        said = f"Test: {test.instruction}\n→ {test.answer}" if test is not None else ""
        if subset < 0:
            self.text.set_text(f"Click a line or a cell to read its demonstrations.\n\n{said}")
            return
        chosen = [(place, example.demonstrations[place]) for place in example.subsets[subset]]
        shown = "\n".join(f"{place + 1}. {one.instruction}\n→ {one.answer}" if one is not None
                          else f"{place + 1}. (not kept)" for place, one in chosen)
        self.text.set_text(f"{shown}\n\n{said}".strip())


def agreement(found: Sequence[Example]) -> list[AgreementLine]:
    """The ranks of each example's subsets, by the teacher and by the student before and after."""
    rows = []
    for number, example in enumerate(found, start=1):
        teacher, before, after = (tuple(ranks(scores)) for scores in zip(*(one.scores for one in example.compared),
                                                                         strict=True))
        labels = tuple(one.label for one in example.compared)
        rows.append(AgreementLine(f"{number}. {example.task}", labels, teacher, before, after))
    return rows
