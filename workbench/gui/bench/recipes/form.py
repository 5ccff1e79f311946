"""The dialog that runs a recipe. Its defaults are the paper's, made small enough for a first look."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench.bench.measures import LANGUAGE_MODEL, Grader, instant
from workbench.bench.recipe_table import DECODING, RECIPES, SCALING, TUNING
from workbench.bench.recipes import SCALING_SERIES, SIZES
from workbench.bench.sweep import PAPER
from workbench.bench.tuning import TUNING_SIZES
from workbench.domain import Changes, DecodingSettings, Prompt
from workbench.gui.charts.chart import one_line
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.labels import label, set_property
from workbench.gui.widgets.number_field import NumberField
from workbench.gui.widgets.pane import field
from workbench.gui.widgets.segmented import Segmented
from workbench.services.project import Project
from workbench.services.recipes import (
    MADE,
    RecipeChoices,
    RecipeRequest,
    default_judge,
    default_request,
    default_series,
    maker,
    numbers_in,
    pool,
    problem,
    work_words,
)
from workbench.services.tuning import TuningSettings
from workbench.wording import counted

KINDS = tuple(RECIPES)
WIDTH = 880
DEFAULTS = RecipeRequest("", 0, 0)
COUNT_MS = 250                       # after the last key, before the pool is counted
SERIES_WORDS = {"random": "Random", "greedy": "Greedy-ranked", "diverse": "Diverse", "unsupervised": "Without answers"}
NAMES = {
    "model": "Model", "prompt": "Base prompt", "questions": "Questions", "some": "How many of them",
    "draws": "Draws a question", "tokens": "Most tokens", "temperature": "Temperatures",
    "penalty": "Repetition penalties", "seeds": "Seeds", "sizes": "Numbers of demonstrations",
    "tuned_sizes": "Numbers of demonstrations", "query": "Demonstrations to draw from", "judge": "Judge",
    "rounds": "Rounds", "epochs": "Epochs", "rank": "LoRA rank", "rate": "Learning rate",
}
COLUMNS = 4
WIDE = ("model", "prompt", "questions", "temperature", "penalty", "sizes", "tuned_sizes", "query", "judge")
LISTS = ("temperature", "penalty", "sizes", "tuned_sizes")


class RecipeForm(Dialog):
    """``request()`` is what the fields say; ``started`` gets it when the person starts. ``ticked`` are contestants that
    a comparison with a base model takes at first."""

    def __init__(self, session: Session, choices: RecipeChoices, set_id: int | None, prompt_id: int | None,
                 started: Callable[[RecipeRequest], None], parent: QWidget | None = None, *,
                 ticked: Collection[int] = ()) -> None:
        super().__init__("bench", "Run a recipe", (), parent, width=WIDTH)
        self._session, self._choices, self._started = session, choices, started
        self._pool, self._counted, self._ticked = choices.pool, 0, set(ticked)
        self._soon = QTimer(self, singleShot=True, interval=COUNT_MS)
        self._soon.timeout.connect(self._count)
        self.kind = Segmented([one.choice for one in RECIPES.values()], 1, name="Recipe", vertical=True)
        self._build_fields()
        self._fill(set_id, prompt_id)
        self._lay_out()
        cancel = self.add_button(secondary("Cancel"))
        cancel.clicked.connect(self.reject)
        self.start = self.add_button(primary("Run recipe", "play"), default=True)
        self.start.clicked.connect(self._accept)
        self._watch()
        self._kind_changed()
        self._count()

    def _build_fields(self) -> None:
        self.model, self.prompt, self.questions, self.judge = (ElidedCombo() for _ in range(4))
        self.some = NumberField(0, 100_000, DEFAULTS.questions)
        self.draws, self.seeds = NumberField(1, 50, DEFAULTS.repeats), NumberField(1, 50, DEFAULTS.repeats)
        self.tokens = NumberField(1, 32_768, DEFAULTS.decoding.max_tokens)
        self.rounds = NumberField(1, 50, DEFAULTS.rounds)
        self.some.setSpecialValueText("All")
        self.temperature = QLineEdit(_words(PAPER["temperature"]))
        self.penalty = QLineEdit(_words(PAPER["repetition_penalty"]))
        self.sizes, self.tuned_sizes = QLineEdit(_words(SIZES)), QLineEdit(_words(TUNING_SIZES))
        self.query = QLineEdit(placeholderText="All that are not rejected")
        self.epochs, self.rank = NumberField(1, 1_000, TuningSettings().epochs), NumberField(0, 512)
        self.rank.setSpecialValueText("All weights")
        self.rate = QDoubleSpinBox(decimals=6, maximum=1.0, singleStep=0.0001)
        self.rate.lineEdit().setTextMargins(8, 0, 0, 0)
        self.rate.setSpecialValueText("By the width")
        self.series = {name: QCheckBox(SERIES_WORDS[name]) for name in SCALING_SERIES}
        for name, box in self.series.items():
            box.setChecked(name in default_series(self._choices))
        self.answers = QCheckBox("Generate answers too, not only the references’ log-likelihood")
        self.answers.setChecked(True)
        self.contestants = QListWidget()
        self.contestants.setAccessibleName("Contestants to compare; Space ticks")
        self.contestants.setFrameShape(QFrame.Shape.NoFrame)
        self.contestants.setMinimumHeight(176)
        self.contestants.setSpacing(2)
        self.add_pool = secondary(f"Make {counted(MADE, 'demonstration')}", "plus")
        self.add_pool.setToolTip("New demonstrations for questions such as these, none of which is asked here. Ctrl+Z "
                                 "takes them out again.")

    def _fill(self, set_id: int | None, prompt_id: int | None) -> None:
        bench = self._choices.bench
        for name, measure in instant().items():
            self.judge.addItem(one_line(measure.about if isinstance(measure, Grader) else measure.title), (name, None))
        for model in bench.models:
            self.model.addItem(one_line(model.ref.name), model.ref.id)
            self.judge.addItem(f"{one_line(model.ref.name)}, as a judge", (LANGUAGE_MODEL, model.ref.id))
        self.model.setCurrentIndex(next((place for place, model in enumerate(bench.models) if model.current), 0))
        for prompt in bench.prompts:
            shown = counted(prompt.demonstrations, "demonstration")
            self.prompt.addItem(f"{one_line(prompt.name) or 'Prompt'}, {shown}", prompt.id)
        self.prompt.addItem("No base prompt", None)
        default = default_request(self._choices, "", set_id, prompt_id)
        if default is not None:
            prompt_id, set_id = default.prompt_id, default.set_id
        self.prompt.setCurrentIndex(max(0, self.prompt.findData(prompt_id)))
        for id, reading in bench.readings.items():
            if reading.chosen is not None:
                self.questions.addItem(f"{one_line(reading.chosen.name)}, "
                                       f"{counted(len(reading.questions), 'question')}", id)
        self.questions.setCurrentIndex(max(0, self.questions.findData(set_id)))
        self._set_changed()

    def _set_changed(self) -> None:
        """The judge may not know these questions, and others have answered them."""
        set_id = self.questions.currentData()
        by = self.judge.currentData()[0]
        if by != LANGUAGE_MODEL and set_id not in self._choices.known.get(by, ()):
            wanted = default_judge(self._choices, set_id)
            self.judge.setCurrentIndex(next((place for place in range(self.judge.count())
                                             if self.judge.itemData(place) == wanted), 0))
        reading = self._choices.bench.readings.get(set_id)
        self.contestants.clear()
        for one in reading.contestants if reading is not None else ():
            if not one.from_file:
                item = QListWidgetItem(one_line(one.name))
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if one.id in self._ticked else Qt.CheckState.Unchecked)
                item.setData(Qt.ItemDataRole.UserRole, one.id)
                self.contestants.addItem(item)

    def _lay_out(self) -> None:
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(10)
        for column in range(COLUMNS):
            self._grid.setColumnStretch(column, 1)
        self._places = {name: field(words, getattr(self, name)) for name, words in NAMES.items()}
        self._series_row = QWidget()
        row = QHBoxLayout(self._series_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        for box in self.series.values():
            row.addWidget(box)
        row.addStretch(1)
        frame = QFrame()
        frame.setProperty("card", "1")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(8, 6, 2, 6)
        inside.addWidget(self.contestants)
        self._list = field("Contestants", frame)
        self._title, self._about = label("", "strong"), label("", "muted", wrap=True)
        self._work = label("", "small", wrap=True)
        self._work.setAccessibleName("Estimate of the work")
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addWidget(self._title)
        right.addWidget(self._about)
        right.addLayout(self._grid)
        for widget in (self._list, self._series_row, self.answers, self._work):
            right.addWidget(widget)
        right.addWidget(self.add_pool, 0, Qt.AlignmentFlag.AlignLeft)
        right.addStretch(1)
        both = QHBoxLayout()
        both.setSpacing(24)
        both.addWidget(self.kind, 0, Qt.AlignmentFlag.AlignTop)
        both.addLayout(right, 1)
        self.room.addLayout(both)
        self.give_room_to_fields()

    def _watch(self) -> None:
        self.kind.changed.connect(lambda _: self._kind_changed())
        self.questions.currentIndexChanged.connect(lambda _: self._set_changed())
        for box in (self.model, self.prompt, self.questions, self.judge):
            box.currentIndexChanged.connect(lambda _: self._changed())
        for spin in (self.some, self.draws, self.seeds, self.tokens, self.rounds, self.epochs, self.rank, self.rate):
            spin.valueChanged.connect(lambda _: self._changed())
        for tick in (*self.series.values(), self.answers):
            tick.toggled.connect(lambda _: self._changed())
        for name in LISTS:
            getattr(self, name).textChanged.connect(lambda _: self._changed())
        self.contestants.itemChanged.connect(lambda _: self._changed())
        self.query.textChanged.connect(lambda _: self._soon.start())
        self.prompt.currentIndexChanged.connect(lambda _: self._soon.start())
        self.add_pool.clicked.connect(self._add_to_pool)

    # what is drawn from
    def _count(self) -> None:
        self._counted += 1
        number, query, prompt_id = self._counted, self.query.text(), self.prompt.currentData()

        def count(project: Project) -> int:
            prompt = Prompt() if prompt_id is None else project.prompts.get(prompt_id)
            return len(pool(project, prompt, query))

        def show(found: int) -> None:
            if number == self._counted:
                self._pool = found
                self._changed()

        self._session.ask(count, show, owner=self)

    def _add_to_pool(self) -> None:
        found = maker(self._choices, self.questions.currentData())
        if found is None:
            return

        def add(project: Project) -> Changes:
            return project.imports.run_made(found, MADE).changes

        self.add_pool.setEnabled(False)
        self._session.change(add, lambda _: self._count())

    # what is asked for
    def _kind_changed(self) -> None:
        recipe = RECIPES[KINDS[self.kind.current()]]
        self._title.setText(recipe.choice)
        self._about.setText(recipe.about)
        for widget in self._places.values():
            self._grid.removeWidget(widget)
            widget.hide()
        place = 0
        for name in (name for name in recipe.fields if name in NAMES):
            span = 2 if name in WIDE else 1
            self._grid.addWidget(self._places[name], place // COLUMNS, place % COLUMNS, 1, span)
            self._places[name].show()
            place += span
        by_contestant = "contestants" in recipe.fields
        title = self._places["model"].findChild(QLabel)
        assert title is not None
        title.setText("Base model" if by_contestant else "Model")
        self._list.setVisible(by_contestant)
        self._series_row.setVisible(recipe == SCALING)
        self.answers.setVisible(recipe.chosen_answers)
        self._changed()
        self.fit(WIDTH)

    def _changed(self) -> None:
        wrong, words = self._missing() or self._wrong_list(), ""
        if not wrong:
            request = self.request()
            wrong = problem(self._choices, request, self._pool)
            words = wrong or work_words(self._choices, request, self._pool)
        self._work.setText(wrong or words)
        set_property(self._work, "r", "error" if wrong else "small")
        self.start.setEnabled(not wrong)
        self.add_pool.setVisible(not wrong and self._too_small())

    def _too_small(self) -> bool:
        request = self.request()
        return (request.recipe == TUNING.name and maker(self._choices, request.set_id) is not None
                and self.add_pool.isEnabled() and max(request.numbers) > self._choices.available(request, self._pool))

    def _missing(self) -> str:
        if self.model.currentData() is None:
            return "A recipe needs a model. Register one on the Models page."
        return "" if self.questions.currentData() is not None else "A recipe needs a question set. Import one first."

    def _wrong_list(self) -> str:
        found = ""
        for name in set(LISTS) & set(RECIPES[KINDS[self.kind.current()]].fields):
            line = getattr(self, name)
            try:
                wrong = min(numbers_in(line.text())) < 0
            except ValueError:
                wrong = True
            set_property(line, "error", "1" if wrong else "")
            if wrong:
                found = f"{NAMES[name]}: write numbers with commas between, such as 0, 0.5, 1."
        return found

    def request(self) -> RecipeRequest:
        kind = KINDS[self.kind.current()]
        axes = {"temperature": numbers_in(self.temperature.text()),
                "repetition_penalty": numbers_in(self.penalty.text())} if kind == DECODING.name else {}
        line = {SCALING.name: self.sizes, TUNING.name: self.tuned_sizes}.get(kind)
        by, judge_id = self.judge.currentData()
        items = [self.contestants.item(row) for row in range(self.contestants.count())]
        return RecipeRequest(
            kind, self.questions.currentData(), self.model.currentData(), self.prompt.currentData(), self.some.value(),
            (self.draws if kind == DECODING.name else self.seeds).value(), axes,
            None if line is None else tuple(int(size) for size in numbers_in(line.text())),
            tuple(name for name, box in self.series.items() if box.isChecked()), self.answers.isChecked(),
            self.query.text().strip(), DecodingSettings(max_tokens=self.tokens.value()),
            TuningSettings(self.epochs.value(), self.rate.value(), self.rank.value()), self.rounds.value(), by,
            judge_id,
            tuple(item.data(Qt.ItemDataRole.UserRole) for item in items
                  if item.checkState() == Qt.CheckState.Checked))

    def _accept(self) -> None:
        self._started(self.request())
        self.accept()


def _words(values: Iterable[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
