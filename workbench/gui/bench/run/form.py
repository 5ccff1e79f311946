"""The dialog that runs a bench: a question set, contestants (model × prompt × decoding), and who judges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench.domain import Backend
from workbench.gui.charts.chart import one_line, tip
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.decoding_fields import DecodingFields, decimal
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.labels import label, set_property
from workbench.gui.widgets.number_field import NumberField
from workbench.gui.widgets.pane import field
from workbench.jobs.kinds.judge import Mode, Price
from workbench.services.bench_reading import details
from workbench.services.benching import (
    BenchChoices,
    BenchRequest,
    JudgeChoice,
    NewContestant,
    problem,
    suggested_name,
    work_words,
)
from workbench.services.benching_cost import cost_words

MODES = (("single", "Rate each answer, 1 to 10"), ("pair_baseline", "Pairs against a baseline, both orders"),
         ("pair_all", "All pairs, both orders"))
OWN_PROMPTS, FROM_FILE = None, "file"


class BenchForm(Dialog):
    """``request()`` is what the fields say; ``started`` gets it when the person starts."""

    def __init__(self, choices: BenchChoices, request: BenchRequest, started: Callable[[BenchRequest], None],
                 parent: QWidget | None = None) -> None:
        super().__init__("bench", "Run a bench", (), parent, width=680)
        self._choices, self._started = choices, started
        self._known_ticked = set(request.known)
        self._new = list(request.new)
        self._build_fields()
        self._lay_out()
        self._work = label("", "small", wrap=True)
        self._work.setAccessibleName("Estimate of the work")
        self.room.addWidget(self._work)
        cancel = self.add_button(secondary("Cancel"))
        cancel.clicked.connect(self.reject)
        self.start = self.add_button(primary("Run bench", "play"), default=True)
        self.start.clicked.connect(self._accept)
        self.questions.setCurrentIndex(max(0, self.questions.findData(request.set_id)))
        self._connect()
        self._fill_contestants()
        self._judge_changed()

    # fields
    def _build_fields(self) -> None:
        self.questions, self.model, self.prompt = ElidedCombo(), ElidedCombo(), ElidedCombo()
        self.judge, self.mode, self.baseline, self.judge_prompts = (ElidedCombo() for _ in range(4))
        self.repeats, self.decoding = NumberField(1, 100, 1), DecodingFields()
        self.price_in, self.price_out, self.limit = (decimal(0.0, 1e6, 0.0, step=0.5) for _ in range(3))
        self.limit.setSpecialValueText("No limit")
        self.contestants = QListWidget()
        self.contestants.setAccessibleName("Contestants; Space ticks, Delete takes a new one out")
        self.contestants.setMinimumHeight(116)
        self.contestants.setFrameShape(QFrame.Shape.NoFrame)
        self.add = secondary("Add", "plus")
        for id, reading in self._choices.readings.items():
            assert reading.chosen is not None
            self.questions.addItem(f"{one_line(reading.chosen.name)}, {len(reading.questions)} questions", id)
        self.judge.addItem("Nobody yet; what needs no model is measured anyway", ("none", None))
        self.judge.addItem("Reference log-likelihood: not an MT-Bench score", ("likelihood", None))
        for model in self._choices.models:
            self.model.addItem(one_line(model.ref.name), model.ref.id)
            self.judge.addItem(f"{one_line(model.ref.name)}, as a judge", ("model", model.ref.id))
        self.prompt.addItem("No prompt", None)
        for prompt in self._choices.prompts:
            self.prompt.addItem(f"{one_line(prompt.name) or 'Prompt'}, {prompt.demonstrations} demonstrations",
                                prompt.id)
        for mode, words in MODES:
            self.mode.addItem(words, mode)
        self.judge_prompts.addItem("The workbench's own", OWN_PROMPTS)
        self.judge_prompts.addItem("From a judge_prompts.jsonl…", FROM_FILE)

    def _lay_out(self) -> None:
        top = QGridLayout()
        top.setHorizontalSpacing(16)
        top.setColumnStretch(0, 3)
        top.setColumnStretch(1, 1)
        top.addWidget(field("Questions", self.questions), 0, 0)
        top.addWidget(field("Draws a question", self.repeats), 0, 1)
        make = QGridLayout()
        make.setHorizontalSpacing(12)
        make.setVerticalSpacing(8)
        make.addWidget(field("Model", self.model), 0, 0, 1, 3)
        make.addWidget(field("Prompt", self.prompt), 0, 3, 1, 3)
        make.addWidget(self.decoding, 1, 0, 1, 6)
        self.add.setAccessibleName("Add this contestant")
        self.decoding.add(self.add)
        judge = QGridLayout()
        judge.setHorizontalSpacing(16)
        judge.setVerticalSpacing(8)
        judge.setColumnStretch(0, 1)
        judge.setColumnStretch(1, 1)
        judge.addWidget(field("Judge", self.judge), 0, 0, 1, 2)
        self._model_fields = [field("How it judges", self.mode), field("Judge prompts", self.judge_prompts)]
        self._baseline_field = field("Baseline", self.baseline)
        for place, chooser in enumerate(self._model_fields):
            judge.addWidget(chooser, 1, place)
        judge.addWidget(self._baseline_field, 2, 0)
        self.again = QCheckBox("Ask again where this judge's words could not be read")
        judge.addWidget(self.again, 4, 0, 1, 2)
        self._price_fields = QWidget()
        prices = QHBoxLayout(self._price_fields)
        prices.setContentsMargins(0, 0, 0, 0)
        prices.setSpacing(12)
        for name, widget in (("Price, million tokens in", self.price_in), ("Million tokens out", self.price_out),
                             ("Stop at a cost of", self.limit)):
            prices.addWidget(field(name, widget), 1)
        judge.addWidget(self._price_fields, 3, 0, 1, 2)
        whole = QVBoxLayout()
        whole.setSpacing(12)
        whole.addLayout(top)
        frame = QFrame()
        frame.setProperty("card", "1")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(8, 6, 2, 6)
        inside.addWidget(self.contestants)
        whole.addWidget(field("Contestants", frame))
        whole.addLayout(make)
        whole.addLayout(judge)
        around = QHBoxLayout()
        around.addLayout(whole)
        self.room.addLayout(around)

    def _connect(self) -> None:
        self.questions.currentIndexChanged.connect(lambda _: self._set_changed())
        self.contestants.itemChanged.connect(self._ticked)
        self.contestants.keyPressEvent = self._list_key          # type: ignore[method-assign]
        self.add.clicked.connect(self._add)
        self.judge.currentIndexChanged.connect(lambda _: self._judge_changed())
        self.judge_prompts.activated.connect(self._choose_prompts)
        for box in (self.mode, self.baseline):
            box.currentIndexChanged.connect(lambda _: self._judge_changed())
        for number in (self.repeats, self.price_in, self.price_out, self.limit):
            number.valueChanged.connect(lambda _: self._say())

    # contestants
    def _fill_contestants(self) -> None:
        reading = self._choices.readings[self.questions.currentData()]
        self.contestants.blockSignals(True)
        self.contestants.clear()
        for one in reading.contestants:
            self._item(f"{one_line(one.name)}", details(one), ("known", one.id), one.id in self._known_ticked)
        for new in self._new:
            self._item(f"{one_line(new.name)} (new)", "answers with the next run; Delete takes it out",
                       ("new", new), True)
        self.contestants.blockSignals(False)
        before = self.baseline.currentData()
        self.baseline.blockSignals(True)
        self.baseline.clear()
        for one in reading.contestants:
            self.baseline.addItem(one_line(one.name), one.id)
        self.baseline.setCurrentIndex(max(0, self.baseline.findData(before)))
        self.baseline.blockSignals(False)
        self._say()

    def _item(self, words: str, tooltip: str, data: object, ticked: bool) -> None:
        item = QListWidgetItem(words)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        item.setData(Qt.ItemDataRole.UserRole, data)
        item.setToolTip(tip(words, tooltip))
        self.contestants.addItem(item)

    def _set_changed(self) -> None:
        reading = self._choices.readings[self.questions.currentData()]
        self._known_ticked = {contestant.id for contestant in reading.contestants if contestant.id is not None}
        self._fill_contestants()

    def _ticked(self, item: QListWidgetItem) -> None:
        kind, what = item.data(Qt.ItemDataRole.UserRole)
        on = item.checkState() == Qt.CheckState.Checked
        if kind == "known":
            (self._known_ticked.add if on else self._known_ticked.discard)(what)
            self._say()
        elif not on:
            self._new.remove(what)
            self._fill_contestants()

    def _list_key(self, event: QKeyEvent) -> None:
        item = self.contestants.currentItem()
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and item is not None:
            kind, what = item.data(Qt.ItemDataRole.UserRole)
            if kind == "new":
                self._new.remove(what)
                self._fill_contestants()
            return
        QListWidget.keyPressEvent(self.contestants, event)

    def _add(self) -> None:
        if self.model.currentData() is None:
            return
        decoding = self.decoding.value()
        prompt_id = self.prompt.currentData()
        name = suggested_name(self._choices.model(self.model.currentData()), next(
            (info for info in self._choices.prompts if info.id == prompt_id), None), decoding)
        taken = {one.name for one in self._new}
        made = NewContestant(self.model.currentData(), prompt_id, decoding, name)
        if any(replace(one, name="") == replace(made, name="") for one in self._new):
            return                               # the same again would give the same answers
        number = 2
        while made.name in taken:
            made = replace(made, name=f"{name} ({number})")
            number += 1
        self._new.append(made)
        self._fill_contestants()
        self.contestants.setCurrentRow(self.contestants.count() - 1)

    # judge
    def _judge_changed(self) -> None:
        kind, model_id = self.judge.currentData()
        model = self._choices.model(model_id) if kind == "model" else None
        self._price_fields.setVisible(model is not None and model.ref.backend is Backend.OPENAI)
        for widget in (*self._model_fields, self.again):
            widget.setVisible(kind == "model")
        self._baseline_field.setVisible(kind == "model" and self.mode.currentData() == "pair_baseline")
        self._say()

    def _choose_prompts(self, index: int) -> None:
        if self.judge_prompts.itemData(index) != FROM_FILE:
            return
        chosen, _ = QFileDialog.getOpenFileName(self, "Judge prompts", "", "Judge prompts (*.jsonl);;All files (*)")
        if chosen:
            self.judge_prompts.insertItem(1, Path(chosen).name, Path(chosen))
            self.judge_prompts.setCurrentIndex(1)
        else:
            self.judge_prompts.setCurrentIndex(0)

    def request(self) -> BenchRequest:
        kind, model_id = self.judge.currentData()
        prompts = self.judge_prompts.currentData()
        mode: Mode = self.mode.currentData() if kind == "model" else "single"
        reading = self._choices.readings[self.questions.currentData()]
        known = tuple(one.id for one in reading.contestants if one.id in self._known_ticked and one.id is not None)
        choice = JudgeChoice(kind, model_id, mode, self.baseline.currentData() if mode == "pair_baseline" else None,
                             prompts if isinstance(prompts, Path) else None,
                             kind == "model" and self.again.isChecked(), self._price())
        return BenchRequest(self.questions.currentData(), known, tuple(self._new), self.repeats.value(), choice)

    def _price(self) -> Price:
        """Nothing for a model that runs here."""
        if self._price_fields.isHidden():
            return Price()
        return Price(self.price_in.value(), self.price_out.value(), self.limit.value())

    def _say(self) -> None:
        request = self.request()
        wrong = problem(self._choices, request)
        words = (work_words(self._choices, request), cost_words(self._choices, request))
        self._work.setText(wrong or " ".join(filter(None, words)))
        set_property(self._work, "r", "error" if wrong else "small")
        self.start.setEnabled(not wrong)
        self.add.setEnabled(self.model.count() > 0)
        self.model.setPlaceholderText("None yet: add one on the page Models")

    def _accept(self) -> None:
        self._started(self.request())
        self.accept()
