"""The dialog that starts a score or search job. Its defaults make sense as they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from workbench import wording
from workbench.domain import Position
from workbench.gui.charts.chart import one_line
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.devices_choice import DevicesChoice
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.labels import label, set_property
from workbench.gui.widgets.pane import field
from workbench.gui.widgets.segmented import Segmented
from workbench.search.options import SearchOptions
from workbench.search.strategies import strategies
from workbench.search.strategy import Strategy
from workbench.services import searches
from workbench.services.demonstrations import Filter
from workbench.services.searches import NO_SET, SPLIT, Pool, SearchChoices, SearchRequest, Work

ESTIMATE_MS = 300
KINDS: tuple[Literal["score", "search"], ...] = ("search", "score")
RACING = (("off", "Exact: everybody on every question"), ("t_race", "t-race: the clearly worse drop out"),
          ("halving", "Halving: half go on after 8, 16, 32, …"))
ORDERS = (("found", "As found"), ("likelihood", "Likeliest answers"),
          ("global_entropy", "Even labels (global entropy)"), ("local_entropy", "Unsure labels (local entropy)"))


class RunForm(Dialog):
    """``request()`` is what the fields say; ``started`` gets it when the person starts the run."""

    def __init__(self, session: Session, choices: SearchChoices, request: SearchRequest,
                 started: Callable[[SearchRequest], None], parent: QWidget | None = None) -> None:
        super().__init__("rank", "Score candidates, or search for a set", (), parent, width=640)
        self._session, self._choices, self._start = session, choices, request
        self._started = started
        self._waiting = QTimer(self, singleShot=True, interval=ESTIMATE_MS)
        self._waiting.timeout.connect(self._estimate)
        self._build_fields()
        self._fill(request)
        self._lay_out()
        self._what = label("", "muted", wrap=True)
        self.room.insertWidget(1, self._what)
        self._work = label("", "small", wrap=True)
        self._work.setAccessibleName("Estimate of the work")
        self.room.addWidget(self._work)
        cancel = self.add_button(secondary("Cancel"))
        cancel.clicked.connect(self.reject)
        self.start = self.add_button(primary("Start search", "play"), default=True)
        self.start.clicked.connect(self._accept)
        self._watch()
        self._kind_changed()

    # fields
    def _build_fields(self) -> None:
        self.kind = Segmented(("Search for a set", "Score each candidate"), name="What to do")
        self.model, self.prompt, self.questions, self.heldout = (ElidedCombo() for _ in range(4))
        self.pool, self.strategy, self.position, self.turns = (ElidedCombo() for _ in range(4))
        self.racing, self.order = ElidedCombo(), ElidedCombo()
        self.beam_width, self.swap_passes, self.random_tries = _spin(1, 64), _spin(1, 20), _spin(0, 1_000_000)
        self.random_tries.setSpecialValueText("As many as greedy search")
        self.by_embeddings = QCheckBox("Compare with the sets that the model’s embeddings choose")
        self.equal = QCheckBox("Compare with the best of as many random sets as the search evaluates")
        self.overlapping = QCheckBox("Also try candidates that ask one of the questions")
        self.devices = DevicesChoice()
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("tag:code  tokens<200")
        self.rounds, self.budget = _spin(1, 64), _spin(0, 1_000_000)
        self.random_sets, self.seed = _spin(0, 1_000), _spin(0, 2**31 - 1)
        self.budget.setSpecialValueText("What fits the context")
        self.budget.setSingleStep(50)
        for model in self._choices.models:
            if model.state == "ready":
                self.model.addItem(one_line(model.ref.name), model.ref.id)
        self.prompt.addItem("No prompt", None)
        for prompt in self._choices.prompts:
            name = one_line(prompt.name) or "Prompt"
            self.prompt.addItem(f"{name}, {wording.counted(prompt.demonstrations, 'demonstration')}", prompt.id)
        self.heldout.addItem("Every second question", SPLIT)
        self.heldout.addItem("None", NO_SET)
        for info in self._choices.answered_sets:
            words = f"{one_line(info.name)}, {wording.counted(info.with_references, 'question')}"
            self.questions.addItem(f"{words}, held out" if info.held_out else words, info.id)
            self.heldout.addItem(words, info.id)
        for pool in Pool:
            if pool is not Pool.SELECTION or self._start.selection:
                words = f"{pool} ({len(self._start.selection)})" if pool is Pool.SELECTION else str(pool)
                self.pool.addItem(words, pool)
        choices = tuple((found.name, found.choice) for found in strategies().values() if found.offered)
        for combo, offered in ((self.strategy, choices), (self.racing, RACING), (self.order, ORDERS)):
            for value, words in offered:
                combo.addItem(words, value)
        self.position.addItem("Before the base", Position.BEFORE_BASE)
        self.position.addItem("After the base", Position.AFTER_BASE)
        self.turns.addItem("First turn", "first")
        self.turns.addItem("All turns", "all")

    def _fill(self, request: SearchRequest) -> None:
        self.kind.set_current(KINDS.index(request.kind))
        for combo, value in ((self.model, request.model_id), (self.prompt, request.prompt_id),
                             (self.questions, request.set_id), (self.heldout, request.heldout_id),
                             (self.pool, request.pool), (self.strategy, request.strategy),
                             (self.position, request.position), (self.turns, request.turns),
                             (self.racing, request.options.racing), (self.order, request.options.order)):
            combo.setCurrentIndex(max(0, combo.findData(value)))
        for spin, number in ((self.rounds, request.rounds), (self.budget, request.token_budget),
                             (self.random_sets, request.random_sets), (self.seed, request.seed),
                             (self.beam_width, request.options.beam_width),
                             (self.swap_passes, request.options.swap_passes),
                             (self.random_tries, request.options.random_tries)):
            spin.setValue(number)
        self.equal.setChecked(request.options.equal_evaluations)
        self.by_embeddings.setChecked(request.options.embedding_baselines)
        self.overlapping.setChecked(request.overlapping)
        self.filter.setText(request.filter.text)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        for column in range(6):                      # rows of two and of three fields
            grid.setColumnStretch(column, 1)
        self._filter_field = field("Filter", self.filter)
        self._search_fields = [field("Held-out questions", self.heldout), field("Strategy", self.strategy),
                               field("Demonstrations to add", self.rounds), field("Token budget", self.budget),
                               field("Random sets to compare with", self.random_sets),
                               field("Order of the chosen ones", self.order), self.by_embeddings, self.equal,
                               self.overlapping]
        self._option_fields = {
            "racing": field("Racing", self.racing), "beam_width": field("Sets that go on", self.beam_width),
            "swap_passes": field("Passes of swaps", self.swap_passes),
            "random_tries": field("Random sets to try", self.random_tries)}
        heldout, strategy, rounds, budget, random, order, compared, equal, met = self._search_fields
        racing, beam, swap, tries = self._option_fields.values()
        self._option = _one_of(racing, beam, tries)
        rows = ((field("Model", self.model), field("Base prompt", self.prompt)),
                (field("Candidates", self.pool), field("Questions", self.questions)), (self._filter_field,),
                (heldout, order), (strategy, self._option), (rounds, budget, random),
                (field("New demonstrations stand", self.position), field("Answers that count", self.turns),
                 field("Seed", self.seed)),
                (swap,), (self.devices,))
        for row, widgets in enumerate(rows):
            wide = 6 // len(widgets)
            for place, widget in enumerate(widgets):
                grid.addWidget(widget, row, place * wide, 1, wide)
        self.room.insertWidget(0, self.kind)
        self.room.addLayout(grid)
        self.room.addWidget(compared)
        self.room.addWidget(equal)
        self.room.addWidget(met)

    def _watch(self) -> None:
        self.kind.changed.connect(lambda _: self._kind_changed())
        for combo in (self.model, self.prompt, self.questions, self.heldout, self.pool, self.position, self.turns,
                      self.racing, self.order):
            combo.currentIndexChanged.connect(lambda _: self._changed())
        self.strategy.currentIndexChanged.connect(lambda _: self._kind_changed())
        for spin in (self.rounds, self.budget, self.random_sets, self.seed, self.beam_width, self.swap_passes,
                     self.random_tries):
            spin.valueChanged.connect(lambda _: self._changed())
        for box in (self.equal, self.by_embeddings, self.overlapping):
            box.toggled.connect(lambda _: self._changed())
        self.filter.textChanged.connect(lambda _: self._changed())
        self.devices.changed.connect(self._changed)

    # what they say
    def request(self) -> SearchRequest:
        return replace(
            self._start, kind=KINDS[self.kind.current()], model_id=self.model.currentData(),
            prompt_id=self.prompt.currentData(), set_id=self.questions.currentData(),
            heldout_id=self.heldout.currentData(), pool=Pool(self.pool.currentData()),
            filter=Filter(text=self.filter.text()), strategy=self._strategy().name,
            rounds=self.rounds.value(), token_budget=self.budget.value(),
            position=Position(self.position.currentData()), turns=self.turns.currentData(),
            random_sets=self.random_sets.value(), seed=self.seed.value(), options=self._options(),
            devices=1 if self.devices.one else None, overlapping=self.overlapping.isChecked())

    def _strategy(self) -> Strategy:
        return strategies()[self.strategy.currentData()]

    def _options(self) -> SearchOptions:
        """What does not go with the strategy is left as it is by default."""
        strategy, default = self._strategy(), SearchOptions()
        return SearchOptions(
            self.racing.currentData() if strategy.raced else default.racing,
            self.beam_width.value() if "beam_width" in strategy.options else default.beam_width,
            self.swap_passes.value() if "swap_passes" in strategy.options else default.swap_passes,
            self.random_tries.value() if "random_tries" in strategy.options else default.random_tries,
            self.order.currentData(), strategy.searches and self.equal.isChecked(),
            self.heldout.currentData() != NO_SET and self.by_embeddings.isChecked())

    def _kind_changed(self) -> None:
        kind = KINDS[self.kind.current()]
        for widget in self._search_fields:
            widget.setVisible(kind == "search")
        strategy = self._strategy()
        options = strategy.options if kind == "search" else ()
        for name, widget in self._option_fields.items():
            widget.setVisible(name in options)
        self._option.setVisible(bool(options))
        self.equal.setVisible(kind == "search" and strategy.searches)
        seen = "" if strategy.sees_references else UNSEEN
        self._what.setText(strategy.words + seen + REPORTED if kind == "search" else SCORING)
        self.start.setText("Start search" if kind == "search" else "Start scoring")
        self._changed()
        self.fit(640)

    def _changed(self) -> None:
        self._filter_field.setVisible(self.pool.currentData() == Pool.FILTER)
        self.devices.offer(self._choices.devices(self.model.currentData()), len(self._choices.machine.gpus))
        for widget in (self.random_sets, self.by_embeddings, self.equal):
            widget.setEnabled(self.heldout.currentData() != NO_SET)
        problem = searches.problem(self._choices, self.request())
        set_property(self._work, "tone", "warn" if problem else "")
        self.start.setEnabled(not problem)
        if problem:
            self._work.setText(problem)
            self._waiting.stop()
        else:
            self._waiting.start()

    def _estimate(self) -> None:
        request = self.request()

        def show(work: Work) -> None:
            if request == self.request():
                self._work.setText(work.in_words())
                self.fit(640)
                self.start.setEnabled(work.candidates > 0 and work.answers > 0)

        self._session.ask(lambda project: searches.estimate(project, request), show, owner=self)

    def _accept(self) -> None:
        self.accept()
        self._started(self.request())


REPORTED = " The set is reported on questions that it was not searched on."
UNSEEN = " It looks at no reference answer."
SCORING = "Tries each candidate alone, added to the base prompt: what does it do to the reference answers?"


def _one_of(*fields: QWidget) -> QWidget:
    """Fields of which one is shown at a time, in one place."""
    place = QWidget()
    column = QVBoxLayout(place)
    column.setContentsMargins(0, 0, 0, 0)
    for one in fields:
        column.addWidget(one)
    return place


def _spin(low: int, high: int) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.lineEdit().setTextMargins(6, 0, 0, 0)
    return spin
