"""The dialog that runs a recipe. Its defaults are the paper's, made small enough for a first look."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QWidget

from workbench.domain import DecodingSettings
from workbench.gui.charts.chart import one_line
from workbench.gui.dialogs import Dialog
from workbench.gui.pages.bench_recipe_reading import RECIPES, RecipeRequest, numbers_in
from workbench.gui.pages.bench_request import BenchChoices
from workbench.gui.views.buttons import primary, secondary
from workbench.gui.views.elided_combo import ElidedCombo
from workbench.gui.views.labels import label, set_property
from workbench.gui.views.number_field import NumberField
from workbench.gui.views.pane import field
from workbench.gui.views.segmented import Segmented
from workbench.gui.wording import counted
from workbench.services.recipes import PAPER, PARTS, SCALING_SERIES, SIZES, TUNING_SIZES, TrainingWish

DECODING, SCALING, DEMONSTRATIONS, TUNING = range(4)
WIDTH = 700
SERIES_WORDS = {"random": "Random", "greedy": "Greedy-ranked", "diverse": "Diverse", "unsupervised": "Without answers"}
DRAWS = {DECODING: "Draws a question", SCALING: "Seeds of the random sets", DEMONSTRATIONS: "Seeds", TUNING: "Seeds"}


class RecipeForm(Dialog):
    """``request()`` is what the fields say; ``started`` gets it when the person starts."""

    def __init__(self, choices: BenchChoices, set_id: int | None, prompt_id: int | None,
                 started: Callable[[RecipeRequest], None], parent: QWidget | None = None) -> None:
        super().__init__("bench", "Run a recipe", (), parent, width=WIDTH)
        self._choices, self._started = choices, started
        self.kind = Segmented([name for _, name, _ in RECIPES], name="Recipe")
        self.model, self.prompt, self.questions = ElidedCombo(), ElidedCombo(), ElidedCombo()
        self.some, self.repeats = NumberField(0, 100_000), NumberField(1, 50, 3)
        self.tokens = NumberField(1, 32_768, 128)
        self.some.setSpecialValueText("All")
        self.temperature = QLineEdit(_words(PAPER["temperature"]))
        self.penalty = QLineEdit(_words(PAPER["repetition_penalty"]))
        self.sizes, self.tuned_sizes = QLineEdit(_words(SIZES)), QLineEdit(_words(TUNING_SIZES))
        self.epochs, self.rank = NumberField(1, 1_000, TrainingWish().epochs), NumberField(0, 512)
        self.rank.setSpecialValueText("All weights")
        self.series = {name: QCheckBox(SERIES_WORDS[name]) for name in SCALING_SERIES}
        for name, box in self.series.items():
            box.setChecked(name != "greedy" or choices.ranked)
        self.answers = QCheckBox("Generate answers too, not only the references' log-likelihood")
        self.answers.setChecked(True)
        self._fill(set_id, prompt_id)
        self._lay_out()
        self._work = label("", "small", wrap=True)
        self.room.addWidget(self._work)
        cancel = self.add_button(secondary("Cancel"))
        cancel.clicked.connect(self.reject)
        self.start = self.add_button(primary("Run recipe", "play"), default=True)
        self.start.clicked.connect(self._accept)
        self._watch()
        self._kind_changed()

    def _fill(self, set_id: int | None, prompt_id: int | None) -> None:
        for model in self._choices.models:
            self.model.addItem(one_line(model.ref.name), model.ref.id)
        current = next((place for place, model in enumerate(self._choices.models) if model.current), 0)
        self.model.setCurrentIndex(current)
        for prompt in self._choices.prompts:
            self.prompt.addItem(f"{one_line(prompt.name) or 'Prompt'}, {prompt.demonstrations} demonstrations",
                                prompt.id)
        self.prompt.addItem("No base prompt", None)
        self.prompt.setCurrentIndex(max(0, self.prompt.findData(prompt_id)))
        for id, reading in self._choices.readings.items():
            if reading.chosen is not None:
                self.questions.addItem(f"{one_line(reading.chosen.name)}, {len(reading.questions)} questions", id)
        self.questions.setCurrentIndex(max(0, self.questions.findData(set_id)))

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        for column in range(2):
            grid.setColumnStretch(column, 1)
        self._repeats_field = field("Draws a question", self.repeats)
        self._own = {DECODING: [field("Temperatures", self.temperature), field("Repetition penalties", self.penalty)],
                     SCALING: [field("Numbers of demonstrations", self.sizes)], DEMONSTRATIONS: [],
                     TUNING: [field("Numbers of demonstrations", self.tuned_sizes), field("Epochs", self.epochs),
                              field("LoRA rank", self.rank)]}
        widgets = [field("Model", self.model), field("Base prompt", self.prompt), field("Questions", self.questions),
                   field("How many of them", self.some), self._repeats_field, field("Most tokens", self.tokens)]
        for own in self._own.values():               # a recipe's own fields stand in the same places as another's
            for number, widget in enumerate((*widgets, *own)):
                grid.addWidget(widget, number // 2, number % 2)
        self._series_row = QWidget()
        row = QHBoxLayout(self._series_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        for box in self.series.values():
            row.addWidget(box)
        row.addStretch(1)
        self._own[SCALING].append(self._series_row)
        self._about = label("", "muted", wrap=True)
        self.room.addWidget(self.kind)
        self.room.addWidget(self._about)
        self.room.addLayout(grid)
        self.room.addWidget(self._series_row)
        self.room.addWidget(self.answers)

    def _watch(self) -> None:
        self.kind.changed.connect(lambda _: self._kind_changed())
        for box in (self.model, self.prompt, self.questions):
            box.currentIndexChanged.connect(lambda _: self._changed())
        for spin in (self.some, self.repeats, self.tokens, self.epochs, self.rank):
            spin.valueChanged.connect(lambda _: self._changed())
        for tick in self.series.values():
            tick.toggled.connect(lambda _: self._changed())
        for line in (self.temperature, self.penalty, self.sizes, self.tuned_sizes):
            line.textChanged.connect(lambda _: self._changed())

    def _kind_changed(self) -> None:
        self._changed()
        self.fit(WIDTH)

    def _changed(self) -> None:
        kind = self.kind.current()
        self._about.setText(RECIPES[kind][2] + ".")
        for other, widgets in self._own.items():
            for widget in widgets:
                widget.setVisible(other == kind)
        self.answers.setVisible(kind != DECODING)
        title = self._repeats_field.findChild(type(label("")))
        if title is not None:
            title.setText(DRAWS[kind])
        wrong = self._problem()
        self._work.setText(wrong or self._work_words())
        set_property(self._work, "r", "error" if wrong else "small")
        self.start.setEnabled(not wrong)

    def _problem(self) -> str:
        if self.model.currentData() is None:
            return "A recipe needs a model. Register one on the Models page."
        if self.questions.currentData() is None:
            return "A recipe needs a question set. Import one first."
        for line, name in ((self.temperature, "Temperatures"), (self.penalty, "Repetition penalties"),
                           (self.sizes, "Numbers of demonstrations"),
                           (self.tuned_sizes, "Numbers of demonstrations")):
            try:
                wrong = line.isVisibleTo(self) and min(numbers_in(line.text())) < 0
            except ValueError:
                wrong = True
            set_property(line, "error", "1" if wrong else "")
            if wrong:
                return f"{name}: write numbers with commas between, such as 0, 0.5, 1."
        if self.kind.current() == SCALING:
            if not any(box.isChecked() for box in self.series.values()):
                return "Tick at least one way to choose the demonstrations."
            if self.series["greedy"].isChecked() and not self._choices.ranked:
                return "The greedy-ranked series needs the candidates' gains. Score them first, on the Rankings page."
        return ""

    def _work_words(self) -> str:
        request = self.request()
        asked = len(self._choices.readings[request.set_id].questions)
        asked = min(asked, request.questions) if request.questions else asked
        if request.recipe == "decoding":
            settings = 2 * len(request.axes["temperature"]) * len(request.axes["repetition_penalty"])
            return f"{counted(settings, 'contestant')}, {counted(asked, 'question')}, {request.repeats} draws each."
        if request.recipe == "scaling":
            sets = len(request.series) + (request.repeats - 1) * ("random" in request.series)
            return (f"Up to {counted(len(request.sizes) * sets, 'contestant')}, "
                    f"{counted(asked, 'question')}. Numbers that the pool does not fill are left out.")
        if request.recipe == "tuning":
            runs = counted(len(request.sizes) * request.repeats, "training run")
            return (f"Up to {runs}, {counted(asked, 'question')}. Numbers that the pool does not fill are left out, "
                    "and in context those that the model does not hold.")
        return f"Up to {counted(len(PARTS) * request.repeats, 'contestant')}, {counted(asked, 'question')}."

    def request(self) -> RecipeRequest:
        recipe = RECIPES[self.kind.current()][0]
        axes = {"temperature": numbers_in(self.temperature.text()),
                "repetition_penalty": numbers_in(self.penalty.text())} if recipe == "decoding" else {}
        line = {"scaling": self.sizes, "tuning": self.tuned_sizes}.get(recipe)
        sizes = SIZES if line is None else tuple(int(size) for size in numbers_in(line.text()))
        series = tuple(name for name, box in self.series.items() if box.isChecked())
        return RecipeRequest(recipe, self.questions.currentData(), self.model.currentData(), self.prompt.currentData(),
                             self.some.value(), self.repeats.value(), axes, sizes, series, self.answers.isChecked(),
                             decoding=DecodingSettings(max_tokens=self.tokens.value()),
                             training=TrainingWish(self.epochs.value(), lora_rank=self.rank.value()))

    def _accept(self) -> None:
        self._started(self.request())
        self.accept()


def _words(values: Iterable[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
