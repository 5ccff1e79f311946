"""The form of the Alignment page: what is trained, on what, how, and what that takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workbench import wording
from workbench.alignment.options import PRESETS
from workbench.gui.alignment.fields import OptionFields
from workbench.gui.charts.chart import one_line
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import Button, primary, secondary
from workbench.gui.widgets.devices_choice import DevicesChoice
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.glyphs import paint_progress
from workbench.gui.widgets.labels import ElidedLabel, hairline, label, set_property
from workbench.gui.widgets.number_field import NumberField
from workbench.gui.widgets.pane import field
from workbench.gui.widgets.segmented import Segmented
from workbench.services.alignment import TrainingRun
from workbench.services.trainings import (
    EXAMPLES,
    PRESET_NAMES,
    Choices,
    Estimate,
    Estimator,
    TrainingRequest,
    default_pair,
    estimator,
    preset_options,
    preset_words,
    problem,
    sample_tasks,
)

ESTIMATE_MS = 300
NAMES = tuple(PRESET_NAMES)
ANOTHER = "another"                  # stands for "Choose a file…" in the list of pools
TASKS_HEIGHT = 98


class TrainingForm(QWidget):
    """``start_wanted`` and ``several_wanted`` carry a TrainingRequest, ``pool_wanted`` the file whose tasks are to be
    read (None: the project's). ``show_choices`` fills it; its fields keep what was chosen."""

    start_wanted = Signal(object)
    pool_wanted = Signal(object)
    several_wanted = Signal(object, object)      # TrainingRequest, Estimator or None

    def __init__(self) -> None:
        super().__init__()
        self._choices: Choices | None = None
        self._runs: list[TrainingRun] = []
        self._read_only = False
        self._waiting = QTimer(self, singleShot=True, interval=ESTIMATE_MS)
        self._waiting.timeout.connect(self._show_estimate)
        self.preset = Segmented(list(PRESET_NAMES.values()), 0, name="Preset")
        self.student, self.teacher, self.pool = ElidedCombo(), ElidedCombo(), ElidedCombo()
        self.devices = DevicesChoice()
        self.targets = QListWidget()
        self.fields = OptionFields()
        self.examples = NumberField(1, 10_000, EXAMPLES)
        self.start = primary("Start training", "play")
        self.several = secondary("Methods…")
        self.several.setToolTip("Train several methods with several seeds, to compare them")
        self._build()
        self._base = PRESETS[NAMES[0]]           # what the preset filled in
        self.fields.show_options(self._base)
        self._connect()

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(20, 14, 16, 14)
        column.setSpacing(8)
        self._state = label("", "faint")
        top = QHBoxLayout()
        top.addWidget(label("New run", "title"))
        top.addStretch(1)
        top.addWidget(self._state)
        column.addLayout(top)
        column.addWidget(self.preset)
        column.addWidget(field("Student", self.student))
        column.addWidget(field("Teacher", self.teacher))
        column.addWidget(self.devices)
        column.addWidget(field("Tasks", self.pool))
        self.targets.setFixedHeight(TASKS_HEIGHT)
        self.targets.setFrameShape(QListWidget.Shape.NoFrame)
        self.targets.setTabKeyNavigation(False)
        self.targets.setToolTip("Tasks that are ticked are not trained on: the student is measured on them.")
        self._held_out = label("", "faint")
        tasks = label("Held-out tasks", "section")
        tasks.setBuddy(self.targets)
        self.targets.setAccessibleName("Held-out tasks")
        above = QHBoxLayout()
        above.addWidget(tasks)
        above.addStretch(1)
        above.addWidget(self._held_out)
        below = QVBoxLayout()
        below.setSpacing(4)
        below.addLayout(above)
        below.addWidget(self.targets)
        column.addLayout(below)
        column.addWidget(self.fields)
        self._more = Button("More settings", "link", "right")
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.fields.more)
        self.fields.add_more("Examples measured", self.examples)
        self.fields.more.hide()
        self._estimate = EstimatePane()
        column.addWidget(self._estimate)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(inside)
        inside.setAutoFillBackground(False)
        area.viewport().setAutoFillBackground(False)
        area.setMinimumWidth(inside.minimumSizeHint().width() + 12)
        self._problem = label("", "small", wrap=True, tone="bad")
        foot = QVBoxLayout()
        foot.setContentsMargins(20, 10, 16, 12)
        foot.setSpacing(8)
        foot.addWidget(self._problem)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.several)
        buttons.addStretch(1)
        buttons.addWidget(self.start)
        foot.addLayout(buttons)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addWidget(hairline())
        whole.addLayout(foot)

    def _connect(self) -> None:
        self.preset.changed.connect(self._preset_chosen)
        self.pool.activated.connect(self._pool_chosen)
        for combo in (self.student, self.teacher):
            combo.currentIndexChanged.connect(lambda _: self._model_chosen())
        self.targets.itemChanged.connect(lambda _: self._edited())
        self.fields.changed.connect(self._edited)
        self.examples.valueChanged.connect(lambda _: self._edited())
        self.devices.changed.connect(self._edited)
        self._more.clicked.connect(lambda: self.show_more(self.fields.more.isHidden()))
        self.start.clicked.connect(self._start)
        self.several.clicked.connect(self._several)

    def show_more(self, on: bool) -> None:
        self.fields.more.setVisible(on)
        self._more.set_icon_name("down" if on else "right")
        self._more.setText("Fewer settings" if on else "More settings")

    # what it offers
    def show_choices(self, choices: Choices, runs: list[TrainingRun], *, read_only: bool) -> None:
        before = self._choices
        self._choices, self._runs, self._read_only = choices, runs, read_only
        models = [(one_line(model.ref.name), model.ref.id) for model in choices.models]
        teacher, student = default_pair(choices)
        _fill(self.student, models, student)
        _fill(self.teacher, models, teacher)
        self._show_pools(choices)
        if before is None or (before.pool, before.tasks) != (choices.pool, choices.tasks):
            self._show_tasks(choices, before)
        self._model_chosen()

    def _show_pools(self, choices: Choices) -> None:
        pools: list[tuple[str, Path | str | None]] = [("The project's tasks", None), ("Sample tasks", sample_tasks())]
        if choices.pool is not None and choices.pool != sample_tasks():
            pools.append((one_line(choices.pool.name), choices.pool))
        pools.append(("Choose a file…", ANOTHER))
        self.pool.clear()
        for words, value in pools:
            self.pool.addItem(words, value)
        self.pool.setCurrentIndex([value for _, value in pools].index(choices.pool))

    def _show_tasks(self, choices: Choices, before: Choices | None) -> None:
        """Every third task is held out at first; in the same pool what was ticked stays ticked."""
        same = before is not None and before.pool == choices.pool
        kept = self._ticked() if same and before is not None else ()
        known = set(before.tasks) if same and before is not None else set()
        self.targets.blockSignals(True)
        self.targets.clear()
        for task, size in choices.tasks.items():
            item = QListWidgetItem(f"{one_line(task)}, {size}")
            item.setData(Qt.ItemDataRole.UserRole, task)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            ticked = task in kept if task in known else task in choices.held_out
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
            self.targets.addItem(item)
        self.targets.setCurrentRow(0)            # where the keys begin
        self.targets.blockSignals(False)

    def _ticked(self) -> tuple[str, ...]:
        items = [self.targets.item(row) for row in range(self.targets.count())]
        return tuple(item.data(Qt.ItemDataRole.UserRole) for item in items
                     if item.checkState() == Qt.CheckState.Checked)

    # what it says
    def request(self) -> TrainingRequest | None:
        """None while a field holds no number, or a model is missing."""
        values = self.fields.values()
        teacher, student = self.teacher.currentData(), self.student.currentData()
        if self._choices is None or None in values.values() or teacher is None or student is None:
            return None
        options = replace(self._base, **values)
        return TrainingRequest(teacher, student, self._ticked(), options, self._choices.pool, self.examples.value(),
                               1 if self.devices.one else None)

    def _preset(self) -> str:
        return NAMES[self.preset.current()]

    def _preset_chosen(self, index: int) -> None:
        """Fill the fields; the method and the seed stay as they are."""
        values = self.fields.values()
        chosen = self._choices.model(self.student.currentData()) if self._choices is not None else None
        self._base = preset_options(NAMES[index], chosen, self._estimator())
        self.fields.show_options(replace(self._base, method=values["method"], seed=values["seed"]))
        self._edited()

    def _model_chosen(self) -> None:
        """What a preset fills in depends on the models, unless a person has changed it."""
        request = self.request()
        if request is not None and not self._changed(request):
            self._preset_chosen(self.preset.current())
        self._edited()

    def _changed(self, request: TrainingRequest) -> bool:
        return preset_words(self._preset(), self._base, request.options) != PRESET_NAMES[self._preset()]

    def _estimator(self) -> Estimator | None:
        if self._choices is None:
            return None
        return estimator(self._choices, self.teacher.currentData(), self.student.currentData(), self.examples.value(),
                         self._runs, self.devices.number)

    def _pool_chosen(self, index: int) -> None:
        chosen = self.pool.itemData(index)
        if chosen == ANOTHER:
            path, _ = QFileDialog.getOpenFileName(self, "Tasks to train on")
            if self._choices is not None:
                self._show_pools(self._choices)
            if path:
                self.pool_wanted.emit(Path(path))
        elif self._choices is not None and chosen != self._choices.pool:
            self.pool_wanted.emit(chosen)

    def _edited(self) -> None:
        if self._choices is None:
            return
        request = self.request()
        ticked = len(self._ticked())
        self._held_out.setText(f"{ticked} of {len(self._choices.tasks)} kept aside")
        wrong = problem(self._choices, request) if request is not None else "A field holds no number that can be used."
        if request is not None:
            self.devices.offer(self._choices.devices(request), len(self._choices.machine.gpus))
            self._state.setText(preset_words(self._preset(), self._base, request.options))
        self._problem.setText(wrong)
        self._problem.setVisible(bool(wrong))
        for button in (self.start, self.several):
            button.setEnabled(not wrong and not self._read_only)
        self._waiting.start()

    def _show_estimate(self) -> None:
        request, found = self.request(), self._estimator()
        if request is not None:
            self._estimate.show_estimate(found.estimate(request.options) if found is not None else None)

    def estimating(self) -> bool:
        return self._waiting.isActive()

    def _start(self) -> None:
        request = self.request()
        if request is not None and self.start.isEnabled():
            self.start_wanted.emit(request)

    def _several(self) -> None:
        request = self.request()
        if request is not None and self.several.isEnabled():
            self.several_wanted.emit(request, self._estimator())


class EstimatePane(QWidget):
    """What a run takes, as an estimate: time, memory at its peak, and disk."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(6)
        column.addWidget(label("Estimate", "section"))
        self._time, self._memory, self._disk = (ElidedLabel("", "small") for _ in range(3))
        self._memory_bar, self._disk_bar = _Bar(), _Bar()
        for name, words, bar in (("Time", self._time, None), ("Memory at peak", self._memory, self._memory_bar),
                                 ("Disk", self._disk, self._disk_bar)):
            line = QHBoxLayout()
            line.addWidget(label(name, "small"))
            line.addWidget(words, 1)
            words.setAlignment(Qt.AlignmentFlag.AlignRight)
            column.addLayout(line)
            if bar is not None:
                column.addWidget(bar)
        self.hide()

    def show_estimate(self, found: Estimate | None) -> None:
        self.setVisible(found is not None)
        if found is None:
            return
        self._time.setText(f"{'about' if found.from_earlier else 'very roughly'} {wording.duration(found.seconds)}")
        for words, bar, needed, free, tight in (
            (self._memory, self._memory_bar, found.memory, found.free, found.tight),
            (self._disk, self._disk_bar, found.disk, found.disk_free, found.disk_tight),
        ):
            words.setText(f"{wording.gigabytes(needed)} of {wording.gigabytes(free)} free")
            set_property(words, "tone", "warn" if tight else "")
            bar.show_part(needed / max(1, free), "warn" if tight else "accent")


class _Bar(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._part, self._token = 0.0, "accent"
        self.setFixedHeight(6)
        theme.notifier.changed.connect(self.update)

    def show_part(self, part: float, token: str) -> None:
        self._part, self._token = part, token
        self.setAccessibleName(f"{part:.0%} of what is free")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_progress(QPainter(self), QRectF(self.rect()), self._part, self._token, height=4)


def _fill(combo: ElidedCombo, items: list[tuple[str, int | None]], otherwise: int | None) -> None:
    """Set a combo's items; what was chosen stays chosen if it is still there."""
    if [(combo.itemText(i), combo.itemData(i)) for i in range(combo.count())] == items:
        return
    wanted = combo.currentData()
    combo.blockSignals(True)
    combo.clear()
    for words, value in items:
        combo.addItem(words, value)
    values = [value for _, value in items]
    combo.setCurrentIndex(values.index(wanted if wanted in values else otherwise) if values else -1)
    combo.blockSignals(False)
