"""Benchmarks on the Alignment page: tasks of lm-evaluation-harness by model, and the dialog that starts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from workbench.alignment.harness_options import PAPER_TASKS, HarnessOptions
from workbench.gui.charts.chart import one_line
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.cell_table import CellTable
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.notice import Notice
from workbench.gui.widgets.number_field import NumberField
from workbench.gui.widgets.pane import field
from workbench.services.evaluations import BenchmarkChoices, BenchmarkRequest, TaskScore, problem
from workbench.wording import MISSING, grouped

INSTALL = "lm-evaluation-harness is not installed. Install it with: pip install 'lm-eval>=0.4.9,<0.5'"
AS_THE_TASK_SAYS = -1


class BenchmarksPane(QWidget):
    """A row for each task, a column for each model; of several jobs that asked the same the newest counts."""

    def __init__(self) -> None:
        super().__init__()
        self.table = CellTable("Benchmarks, scores by model")
        self.start = secondary("Run benchmarks…", "play")
        empty = EmptyState("bench", "No benchmark has been run yet",
                           "MMLU, BBH, GSM8K, LogiQA, HumanEval and other tasks of lm-evaluation-harness, or your own "
                           "questions, on any model of the project.")
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(self.table)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self._shown: tuple[TaskScore, ...] = ()

    def show_scores(self, scores: Sequence[TaskScore], chosen: int | None) -> None:
        """``chosen`` is a job whose first row becomes the current one."""
        if tuple(scores) != self._shown:
            self._shown = tuple(scores)
            self.table.show_cells(*cells(scores))
        self._stack.setCurrentIndex(1 if scores else 0)
        if chosen is not None:
            of_job = {row_of(score) for score in scores if score.job_id == chosen}
            rows = rows_of(scores)
            self.table.selectRow(next((place for place, row in enumerate(rows) if row in of_job), 0))


Row = tuple[str, str, int, int | None]


def row_of(score: TaskScore) -> Row:
    return score.task, score.measure, score.examples, score.shots


def rows_of(scores: Sequence[TaskScore]) -> list[Row]:
    return list(dict.fromkeys(row_of(score) for score in scores))


def cells(scores: Sequence[TaskScore]) -> tuple[list[str], list[list[str]]]:
    """The table's columns and rows; ``scores`` are the newest first."""
    models = list(dict.fromkeys(score.model for score in scores))
    by_place: dict[tuple[Row, str], TaskScore] = {}
    for score in scores:
        by_place.setdefault((row_of(score), score.model), score)
    rows = []
    for row in rows_of(scores):
        task, measure, examples, shots = row
        rows.append([one_line(task), measure.replace(",", ", "), grouped(examples),
                     "as the task says" if shots is None else str(shots),
                     *(score_words(by_place.get((row, model))) for model in models)])
    return ["Task", "Measure", "Examples", "Demonstrations", *map(one_line, models)], rows


def score_words(score: TaskScore | None) -> str:
    """ "0.520 ± 0.031": with its standard error"""
    if score is None:
        return MISSING
    return f"{score.value:.3f}" + ("" if score.error is None else f" ± {score.error:.3f}")


class BenchmarkDialog(Dialog):
    """Which tasks, on which model. ``started`` gets the request."""

    def __init__(self, choices: BenchmarkChoices, prompt_id: int | None, started: Callable[[BenchmarkRequest], None],
                 parent: QWidget) -> None:
        super().__init__("bench", "Run benchmarks",
                         ("Tasks of lm-evaluation-harness: it brings their questions and measures.",), parent,
                         width=540)
        self._prompt_id = prompt_id
        self.model, self.set = ElidedCombo("Model", 12), ElidedCombo("Question set", 12)
        for model in choices.models:
            self.model.addItem(one_line(model.ref.name), model.ref.id)
        self.model.setCurrentIndex(max(0, next((i for i, one in enumerate(choices.models) if one.current), 0)))
        self.set.addItem("None", None)
        for info in choices.sets:
            self.set.addItem(f"{one_line(info.name)}, {info.with_references} questions", info.id)
        self.tasks = {task: QCheckBox(task) for task in PAPER_TASKS}
        self.others = QLineEdit()
        self.others.setPlaceholderText("arc_easy, hellaswag")
        self.limit = NumberField(0, 1_000_000, 0)
        self.limit.setSpecialValueText("All")
        self.shots = NumberField(AS_THE_TASK_SAYS, 64, AS_THE_TASK_SAYS)
        self.shots.setSpecialValueText("As the task says")
        self.code = QCheckBox("Let tasks run code that the model writes, on this computer and with your rights")
        self.download = QCheckBox("Let the harness download questions that are not on this computer")
        self._lay_out()
        self._installed = choices.installed
        if not choices.installed:
            self.room.addWidget(Notice(INSTALL, "warn"))
        self._said = label("", "small", wrap=True)
        self.room.addWidget(self._said)
        self.add_button(secondary("Cancel")).clicked.connect(self.reject)
        self.start = self.add_button(primary("Run benchmarks", "play"), default=True)
        self.start.clicked.connect(self.accept)
        self.accepted.connect(lambda: started(self.request()))
        for box in (*self.tasks.values(), self.code, self.download):
            box.toggled.connect(lambda _: self._say())
        self.others.textChanged.connect(lambda _: self._say())
        self.set.currentIndexChanged.connect(lambda _: self._say())
        self._say()

    def _lay_out(self) -> None:
        boxes, fields = QWidget(), QGridLayout()
        row = QGridLayout(boxes)
        row.setContentsMargins(0, 0, 0, 0)
        for place, box in enumerate(self.tasks.values()):
            row.addWidget(box, place // 3, place % 3)
        fields.setHorizontalSpacing(16)
        fields.setVerticalSpacing(10)
        fields.addWidget(field("Examples of each task", self.limit), 0, 0)
        fields.addWidget(field("Demonstrations shown", self.shots), 0, 1)
        self.room.addWidget(field("Model", self.model))
        self.room.addWidget(field("Tasks of the paper", boxes))
        self.room.addWidget(field("Other tasks, by name", self.others))
        self.room.addWidget(field("A question set as a task", self.set))
        self.room.addLayout(fields)
        self.room.addWidget(self.code)
        self.room.addWidget(self.download)

    def request(self) -> BenchmarkRequest:
        named = [task for task, box in self.tasks.items() if box.isChecked()]
        named += [name.strip() for name in self.others.text().split(",") if name.strip()]
        shots = self.shots.value()
        options = HarnessOptions(tuple(dict.fromkeys(named)), limit=self.limit.value(),
                                 shots=None if shots == AS_THE_TASK_SAYS else shots, allow_code=self.code.isChecked())
        return BenchmarkRequest(self.model.currentData(), options, self.set.currentData(), self._prompt_id,
                                self.download.isChecked())

    def _say(self) -> None:
        wrong = problem(self.request())
        self._said.setText(wrong)
        self._said.setVisible(bool(wrong))
        self.start.setEnabled(not wrong and self._installed and self.model.count() > 0)
        self.fit(540)
