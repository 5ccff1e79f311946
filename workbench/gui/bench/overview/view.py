"""The Bench page's overview: by category, by turn, by question, and two answers to the question that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from workbench.errors import WorkbenchError
from workbench.gui.bench.answers.columns import AnswerColumns
from workbench.gui.bench.answers.contents import columns
from workbench.gui.bench.answers.question_pane import QuestionPane
from workbench.gui.bench.charts import Behind, CategoryPane, ComparisonPane
from workbench.gui.bench.colours import contestant_colours
from workbench.gui.charts.chart import Exportable
from workbench.gui.charts.chart_view import ChartTools, ChartView, scrolled
from workbench.gui.charts.heat_scale import ScaleBar
from workbench.gui.charts.score_map import ROW, ScoreMap
from workbench.gui.shell import settings
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.gui.widgets.pane import splitter
from workbench.services.bench_measures import Measure
from workbench.services.bench_numbers import Summary
from workbench.services.bench_reading import BenchReading, is_baseline, short_names
from workbench.services.bench_report import Gathered
from workbench.wording import plain

MOST_ROWS, LOW_ROWS = 6, 4           # of the map that are seen without scrolling, and in a low window
LOW, LOWEST = 660, 540               # logical pixels; in the lowest windows the answers are on their own part only


class Overview(QWidget):
    """``behind`` carries the answers behind a mark; ``prompt_wanted`` a contestant and the question shown."""

    behind = Signal(object)
    prompt_wanted = Signal(int, int)

    def __init__(self, failed: Callable[[WorkbenchError], None]) -> None:
        super().__init__()
        self._reading = BenchReading()
        self._summary: Summary | None = None
        self._place = 0
        self._compared: dict[ElidedCombo, int] = {}
        self.categories, self.comparison = CategoryPane(failed), ComparisonPane(failed)
        self.map = ScoreMap("By question")
        self.map_view = ChartView(self.map, scrolled(self.map))
        self.map_tools = ChartTools(lambda: self.map_view, failed)
        self._map_hint, self._scale = ElidedLabel("", "faint"), ScaleBar(diverging=False)
        self.question = QuestionPane()
        self.first, self.second = ElidedCombo("Compare"), ElidedCombo("with")
        self.answers = AnswerColumns()
        self._build()
        self.map.picked.connect(lambda key: self._go_to(key[0]))
        self.map.opened.connect(self._open)
        self.question.stepped.connect(self.step)
        for box in (self.first, self.second):
            box.activated.connect(lambda _, box=box: self._compare(box))
        for pane in (self.categories, self.comparison):
            pane.behind.connect(self.behind)
        self.answers.prompt_wanted.connect(self._prompt_wanted)

    def _build(self) -> None:
        form = QGridLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.setColumnStretch(1, 1)
        for row, (words, box) in enumerate((("Compare", self.first), ("with", self.second))):
            name = label(words, "section")
            name.setBuddy(box)
            form.addWidget(name, row, 0)
            form.addWidget(box, row, 1)
        self.question.foot.addLayout(form)
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        top = splitter(across, self.categories, self.comparison,
                       sizes=[470, 770], stretch=1, remembered=settings.BENCH_TOP)
        bottom = splitter(across, self.question, self.answers,
                          sizes=[325, 920], stretch=1, remembered=settings.BENCH_ANSWERS)
        bottom.setMinimumHeight(200)
        self._bottom = bottom
        rows = splitter(down, top, self._strip(), bottom,
                        sizes=[300, 168, 270], stretch=2, remembered=settings.BENCH_ROWS)
        rows.setStretchFactor(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(rows)

    def _strip(self) -> QWidget:
        made = QWidget()
        line = QHBoxLayout()
        line.setContentsMargins(20, 6, 12, 0)
        line.setSpacing(8)
        line.addWidget(label("By question", "section"))
        line.addWidget(self._map_hint, 1)
        line.addWidget(self._scale)
        line.addWidget(self.map_tools.table)
        line.addWidget(self.map_tools.export)
        room = QVBoxLayout()
        room.setContentsMargins(20, 2, 16, 8)
        room.addWidget(self.map_view)
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addLayout(room, 1)
        self._strip_widget = made
        return made

    # what is shown
    def show_summary(self, reading: BenchReading, summary: Summary) -> None:
        self._reading, self._summary = reading, summary
        self.categories.show_summary(reading, summary)
        self.comparison.show_summary(reading, summary)
        called, colours, measure = short_names(reading.contestants), contestant_colours(reading), summary.measure
        known = summary.scores[summary.scores == summary.scores]
        low, high = (1.0, 10.0) if measure.kind == "rating" else (
            measure.scale if measure.scale[1] else (float(known.min()), float(known.max())) if known.size else (0, 1))
        self.map.show_scores([called[id] for id in summary.chosen], [colours[id] for id in summary.chosen],
                             reading.questions, summary.scores, low, high, measure.unit)
        self._scale.set_ends(plain(low, 0 if measure.kind == "rating" else 1),
                             plain(high, 0 if measure.kind == "rating" else 1))
        self.map_view.chart_changed()
        self._fit_strip()
        self._offer(summary.chosen)
        self._go_to(min(self._place, len(reading.questions) - 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bottom.setVisible(event.size().height() >= LOWEST)
        self._fit_strip()

    def _fit_strip(self) -> None:
        chosen = len(self._summary.chosen) if self._summary is not None else 1
        rows = min(chosen, MOST_ROWS if self.height() >= LOW else LOW_ROWS)
        self._strip_widget.setMinimumHeight(round(self.map.row_top() + rows * ROW) + 56)

    def filled_charts(self, found: Gathered) -> list[tuple[str, Exportable, str]]:
        """The charts of a report, filled with its numbers: (title, chart, caption)."""
        pane, note = self.comparison, found.summary.measure.note
        self.show_summary(found.reading, found.summary)
        pane.show_games(found.games)
        pane.show_lengths(found.points, found.slope)
        charts: list[tuple[str, Exportable, str]] = [("By turn", pane.bars, f"Means with 95 % intervals. {note}.")]
        if len(found.summary.by_category) > 2:
            charts.insert(0, ("By category", self.categories.radar, f"Means. {note}."))
        if found.games.contestants:
            charts += [("Win rates", pane.matrix, "The row's share of the games against the column, ties as half."),
                       ("Ratings", pane.ladder, "Bradley–Terry strengths on Elo's scale with 95 % intervals.")]
        charts.append(("By question", self.map, f"Each question's mean. {note}."))
        if found.points:
            charts.append(("Score against length", pane.length, "A dot an answer; large dots are means."))
        return charts

    def _offer(self, chosen: Sequence[int]) -> None:
        """The two boxes offer what is chosen; at first the baseline (or the first) and the last."""
        called = short_names(self._reading.contestants)
        start = next((place for place, id in enumerate(chosen) if is_baseline(self._reading.contestant(id))), 0)
        for box, place in ((self.first, start), (self.second, len(chosen) - 1 if start != len(chosen) - 1 else 0)):
            wanted = self._compared.get(box)
            box.clear()
            for id in chosen:
                box.addItem(called[id], id)
            box.setCurrentIndex(list(chosen).index(wanted) if wanted is not None and wanted in chosen else place)
        self.second.setEnabled(len(chosen) > 1)

    def _compare(self, box: ElidedCombo) -> None:
        """A person's choice stays while answers arrive; what was offered first does not."""
        self._compared[box] = box.currentData()
        self._show_answers()

    def _open(self, key: tuple[int, int]) -> None:
        """The answers to a question of the map, that contestant's beside another one's."""
        question = self._reading.questions[key[0]]
        if self._summary is not None and question.id is not None:
            words = f"Question {question.key or key[0] + 1}"
            self.behind.emit(Behind(words, (self._summary.chosen[key[1]],), (question.id,)))

    @property
    def place(self) -> int:
        """The place of the question that is shown."""
        return self._place

    def step(self, by: int) -> None:
        if self._reading.questions:
            self._go_to((self._place + by) % len(self._reading.questions))

    def go_to(self, place: int) -> None:
        self._go_to(place)

    def _go_to(self, place: int) -> None:
        self._place = max(0, place)
        self.map.choose(self._place)
        questions = self._reading.questions
        shown = questions[self._place] if self._place < len(questions) else None
        self.question.show_question(shown, self._place + 1)
        self._show_answers()
        all_shown = not self.map.shown or self.map.shown >= len(questions)
        measure: Measure | None = self._summary.measure if self._summary is not None else None
        hint = "" if all_shown else f"the first {self.map.shown // self._groups()} questions of each category · "
        self._map_hint.setText(hint + (_said(measure) if measure is not None else ""))
        self.map.note = measure.note if measure is not None else ""

    def _groups(self) -> int:
        return max(1, len({question.category for question in self._reading.questions}))

    def _show_answers(self) -> None:
        questions = self._reading.questions
        if self._summary is None or self._place >= len(questions):
            return
        question = questions[self._place]
        assert question.id is not None
        ids = dict.fromkeys(id for id in (self.first.currentData(), self.second.currentData()) if id is not None)
        self.answers.show_columns(columns(self._reading, question.id, list(ids), self._summary.measure))

    def _prompt_wanted(self, contestant_id: int) -> None:
        question_id = self._reading.questions[self._place].id
        if question_id is not None:
            self.prompt_wanted.emit(contestant_id, question_id)


def _said(measure: Measure) -> str:
    if not measure.judge:
        return "not judged yet"
    return measure.note if measure.kind == "measure" else f"{measure.label}, {measure.unit}"
