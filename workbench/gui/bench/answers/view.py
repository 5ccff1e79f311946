"""The answer browser: questions at the left, and side by side what the chosen contestants answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Question
from workbench.gui.bench.answers.columns import AnswerColumns
from workbench.gui.bench.answers.contents import columns
from workbench.gui.bench.answers.found_words import FoundWords
from workbench.gui.bench.answers.question_list import QuestionList, QuestionRow
from workbench.gui.bench.answers.question_pane import QuestionPane
from workbench.gui.bench.charts import Behind
from workbench.gui.charts.chart import one_line
from workbench.gui.shell import settings
from workbench.gui.widgets.buttons import ghost, link
from workbench.gui.widgets.chips import FilterChip
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.flow_layout import remove_widgets
from workbench.gui.widgets.labels import ElidedLabel, hairline
from workbench.gui.widgets.pane import splitter
from workbench.gui.widgets.search_field import SearchField
from workbench.services.bench import Hit
from workbench.services.bench_measures import Measure
from workbench.services.bench_numbers import Summary
from workbench.services.bench_reading import BenchReading
from workbench.services.token_shifts import SHIFT_NAME
from workbench.wording import MISSING, plain

TITLE = 160


class AnswersPane(QWidget):
    """``search_wanted`` carries what was typed; ``prompt_wanted`` an answer's contestant, question and repeat."""

    search_wanted = Signal(str)
    prompt_wanted = Signal(int, int, int)
    behind_cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._reading = BenchReading()
        self._summary: Summary | None = None
        self._contestants: tuple[int, ...] = ()
        self._only: tuple[int, ...] = ()         # of these contestants alone, as chosen in a chart
        self._behind: Behind | None = None
        self._found: dict[int, int] | None = None        # hits by question, while there is a search
        self._said_found: frozenset[int] = frozenset()   # questions whose judgements were found
        self.search, self.words = SearchField("Search answers and judgements"), FoundWords()
        self.list = QuestionList()
        self.question, self.columns = QuestionPane(), AnswerColumns()
        self.differences, self.judgements = ghost("Differences", "split"), ghost("Judgements", "eye")
        self.shifts = ghost("Shift", "chip")
        self.shifts.hide()
        self.draw = ElidedCombo("Draw", 8)
        self._hint = ElidedLabel("", "faint")
        self._chips = QHBoxLayout()
        clear = link("Clear search and filter")
        clear.clicked.connect(self._clear)
        self._lists = QStackedWidget()
        self._lists.addWidget(EmptyState("search", "No question matches", "", [clear]))
        self._lists.addWidget(self.list)
        self._build()
        self._connect()

    def _build(self) -> None:
        left = QWidget()
        room = QVBoxLayout(left)
        room.setContentsMargins(0, 10, 0, 0)
        room.setSpacing(0)
        top = QVBoxLayout()
        top.setContentsMargins(20, 0, 12, 8)
        top.setSpacing(8)
        top.addWidget(self.search)
        self._chips.addStretch(1)
        top.addLayout(self._chips)
        room.addLayout(top)
        room.addWidget(hairline())
        room.addWidget(self._lists, 1)
        tools = QHBoxLayout()
        tools.setContentsMargins(16, 4, 12, 4)
        tools.setSpacing(8)
        tools.addWidget(self._hint, 1)
        self.draw.setMaximumWidth(130)
        for tool in (self.draw, self.shifts, self.differences, self.judgements):
            tools.addWidget(tool)
        for button in (self.differences, self.judgements, self.shifts):
            button.setCheckable(True)
        self.differences.setChecked(True)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(tools)
        column.addWidget(hairline())
        column.addWidget(self.columns, 1)
        right = splitter(Qt.Orientation.Vertical, self.question, lower,
                         sizes=[170, 560], stretch=1, remembered=settings.BENCH_BROWSER_RIGHT)
        self.question.setMinimumHeight(90)
        lower.setMinimumHeight(200)
        left.setMinimumWidth(220)
        all_panes = splitter(Qt.Orientation.Horizontal, left, right,
                             sizes=[290, 960], stretch=1, remembered=settings.BENCH_BROWSER)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(all_panes)

    def _connect(self) -> None:
        self.search.searched.connect(self.search_wanted)
        self.search.left.connect(lambda: self.list.setFocus(Qt.FocusReason.TabFocusReason))
        self.list.chosen.connect(lambda _: self._show_question())
        self.question.stepped.connect(self.list.step)
        self.differences.toggled.connect(self.columns.set_marked)
        self.judgements.toggled.connect(self._expand)
        self.shifts.toggled.connect(self.columns.set_shifts)
        self.shifts.setToolTip("Colour the tokens that a base model would not have chosen")
        self.draw.currentIndexChanged.connect(lambda _: self._show_question())
        self.columns.prompt_wanted.connect(self._prompt_wanted)
        self._look_of_toggles()
        for button in (self.differences, self.judgements, self.shifts):
            button.toggled.connect(lambda _: self._look_of_toggles())

    def _look_of_toggles(self) -> None:
        for button in (self.differences, self.judgements, self.shifts):
            button.set_kind("on" if button.isChecked() else "ghost")

    # what is shown
    def show_summary(self, reading: BenchReading, summary: Summary | None, contestants: Sequence[int]) -> None:
        """``summary`` None: nothing is judged yet, and answers show without scores."""
        self._reading, self._summary, self._contestants = reading, summary, tuple(contestants)
        self.draw.blockSignals(True)
        before = max(0, self.draw.currentIndex())
        self.draw.clear()
        self.draw.addItems([f"Draw {number + 1} of {reading.repeats}" for number in range(reading.repeats)])
        self.draw.setCurrentIndex(min(before, reading.repeats - 1))
        self.draw.setVisible(reading.repeats > 1)
        self.shifts.setVisible(any(one.name == SHIFT_NAME for one in reading.judgements))
        self.draw.blockSignals(False)
        self._fill()

    def show_behind(self, behind: Behind | None, contestants: Sequence[int] = ()) -> None:
        """Only the questions behind a mark of a chart, answered by ``contestants``; None for all."""
        self._behind, self._only = behind, tuple(contestants)
        remove_widgets(self._chips, keep=1)
        if behind is not None:
            chip = FilterChip(behind.words or "Chosen in a chart")
            chip.removed.connect(self._drop_behind)
            self._chips.insertWidget(0, chip)
        self._fill()

    def _drop_behind(self) -> None:
        self.show_behind(None)
        self.behind_cleared.emit()

    def show_hits(self, hits: Sequence[Hit] | None) -> None:
        """Only the questions where something was found; None ends the search."""
        if hits is None:
            self._found, self._said_found = None, frozenset()
        else:
            questions = Counter(self._reading.answers[hit.answer_id].question_id for hit in hits
                                if hit.answer_id in self._reading.answers)
            self._found = dict(questions)
            self._said_found = frozenset(self._reading.answers[hit.answer_id].question_id for hit in hits
                                         if hit.judgement_id is not None and hit.answer_id in self._reading.answers)
        self.words.search(self.search.text() if hits is not None else "")
        self._fill()
        if hits:
            self.words.go_to(0)
            self._say()

    def step_found(self, by: int) -> None:
        """The next word that was found, or the one before: in this question, or in the one after it."""
        if self._found is None:
            return
        self._mark_found()                       # judgements may have been opened since
        ids, here = self.list.ids(), self.list.current_id()
        if not self.words.step(by) and here is not None and ids:
            self.list.choose(ids[(ids.index(here) + by) % len(ids)])
            self.words.go_to(0 if by > 0 else -1)
        self._say()

    def _expand(self, on: bool) -> None:
        self.columns.set_expanded(on)
        self._mark_found()

    def _mark_found(self) -> None:
        self.words.show([*self.question.texts, *(text for column in self.columns.columns for turn in column.turns
                                                 for text in turn.texts())])
        self._say()

    def _say(self) -> None:
        measure = self._summary.measure if self._summary is not None else None
        if self._found is not None and self.words.count:
            self._hint.setText(f"{self.words.at + 1} of {self.words.count} found here · F3 next, Shift+F3 before")
        else:
            self._hint.setText(measure.note if measure is not None else "Not judged yet")

    def _clear(self) -> None:
        self.search.clear()
        self._drop_behind()

    def go_to(self, question_id: int) -> None:
        if not self.list.choose(question_id):
            self._clear()
            self.list.choose(question_id)

    def step(self, by: int) -> None:
        self.list.step(by)

    def _fill(self) -> None:
        wanted = set(self._behind.questions) if self._behind is not None and self._behind.questions else None
        rows = [self._row(place, question) for place, question in enumerate(self._reading.questions)
                if (wanted is None or question.id in wanted)
                and (self._found is None or question.id in self._found)]
        self.list.show_rows(rows)
        self._lists.setCurrentIndex(1 if rows else 0)
        self._show_question()

    def _row(self, place: int, question: Question) -> QuestionRow:
        assert question.id is not None
        if self._found is not None:
            hits = self._found[question.id]
            value = f"{hits} found"
        else:
            value = self._scores(place)
        asked = one_line(question.turns[0][:TITLE]) if question.turns else ""
        return QuestionRow(question.id, question.key or str(place + 1), asked, one_line(question.category), value)

    def _scores(self, place: int) -> str:
        """ "3.0 / 8.5": the first and the last shown contestant's."""
        if self._summary is None or place >= self._summary.scores.shape[1]:
            return ""
        digits = self._summary.measure.digits
        column = self._summary.scores[:, place]
        shown = [plain(float(value), digits) for value in (column[0], *column[1:][-1:])]
        return "" if set(shown) == {MISSING} else " / ".join(shown)

    def _show_question(self) -> None:
        id = self.list.current_id()
        place = self._reading.place(id) if id is not None else -1
        if id is None or place < 0:
            self.question.show_question(None)
            self.columns.show_columns([])
            return
        self.question.show_question(self._reading.questions[place], place + 1)
        measure: Measure | None = self._summary.measure if self._summary is not None else None
        known = {one.id for one in self._reading.contestants}
        # those that a search has just brought back are not in what was read before
        shown = [id for id in self._only if id in known] or [id for id in self._contestants if id in known]
        self.columns.show_columns(columns(self._reading, id, shown, measure,
                                          max(0, self.draw.currentIndex())))
        if id in self._said_found:
            self.judgements.setChecked(True)
        self._mark_found()

    def _prompt_wanted(self, contestant_id: int) -> None:
        question_id = self.list.current_id()
        if question_id is not None:
            self.prompt_wanted.emit(contestant_id, question_id, max(0, self.draw.currentIndex()))
