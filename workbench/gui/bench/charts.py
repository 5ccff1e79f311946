"""The charts of the Bench page's overview: one by category, and five that share a pane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Interval
from workbench.errors import WorkbenchError
from workbench.gui.bench.colours import contestant_colours
from workbench.gui.charts.bars import Bar, BarChart, BarGroup
from workbench.gui.charts.chart import Exportable
from workbench.gui.charts.chart_view import ChartTools, ChartView, scrolled
from workbench.gui.charts.ladder import Ladder, Rung
from workbench.gui.charts.matrix import Matrix, MatrixCell
from workbench.gui.charts.numbers import nice_ticks
from workbench.gui.charts.radar import MOST, Outline, RadarChart
from workbench.gui.charts.scatter import Dot, Scatter
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.gui.widgets.segmented import Segmented
from workbench.services.bench_measures import Measure
from workbench.services.bench_numbers import AgreementRow, Compared, Games, LengthPoint, Mean, Summary
from workbench.services.bench_reading import BenchReading, short_names
from workbench.statistics.paired import ONE_QUESTION
from workbench.wording import counted, interval_words, percent, plain, signed

TABS = ("By turn", "Win rates", "Ratings", "Length", "Judges")
TURNS, WINS, RATINGS, LENGTH, JUDGES = range(5)


@dataclass(frozen=True, slots=True)
class Behind:
    """The answers behind a mark: whose, and to which questions (all of them where there are none)."""

    words: str
    contestants: tuple[int, ...]
    questions: tuple[int, ...] = ()


class ChartPane(QWidget):
    """A title line (name, hint, tools) over a chart, or over a sentence where there is nothing to draw."""

    def __init__(self, title: QWidget, view: Callable[[], ChartView], failed: Callable[[WorkbenchError], None]) -> None:
        super().__init__()
        self.tools = ChartTools(view, failed)
        self.hint = ElidedLabel("", "faint")
        self.line = QHBoxLayout()
        self.line.setContentsMargins(20, 8, 12, 0)
        self.line.setSpacing(8)
        self.line.addWidget(title)
        self.line.addWidget(self.hint, 1)
        self.line.addWidget(self.tools.table)
        self.line.addWidget(self.tools.export)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addLayout(self.line)
        self.setMinimumSize(280, 220)


def _framed(chart: Exportable, widget: QWidget, empty: EmptyState) -> tuple[QStackedWidget, ChartView]:
    """``chart`` behind ``empty``, which may be cut before it pushes anything away."""
    view = ChartView(chart, widget)
    empty.setMinimumHeight(60)
    both = QStackedWidget()
    both.addWidget(empty)
    both.addWidget(view)
    return both, view


class CategoryPane(ChartPane):
    """The radar. ``behind`` carries the answers behind a mark."""

    behind = Signal(object)

    def __init__(self, failed: Callable[[WorkbenchError], None]) -> None:
        self.radar, self._empty = RadarChart("By category"), EmptyState("bench", "Nothing is judged yet")
        self._stack, self.view = _framed(self.radar, self.radar, self._empty)
        super().__init__(label("By category", "section"), lambda: self.view, failed)
        room = QVBoxLayout()
        room.setContentsMargins(20, 0, 20, 8)
        room.addWidget(self._stack)
        self.column.addLayout(room, 1)
        self.radar.picked.connect(self._picked)
        self._reading = BenchReading()

    def show_summary(self, reading: BenchReading, summary: Summary) -> None:
        self._reading = reading
        shown, called, colours = summary.chosen[:MOST], short_names(reading.contestants), contestant_colours(reading)
        axes = list(summary.by_category)
        best = _best(summary)
        outlines = [Outline(called[id], tuple(_interval(summary.by_category[axis].get(id)) for axis in axes),
                            colours[id], id, id == best) for id in shown]
        values = [value.mean for outline in outlines for value in outline.values if value is not None]
        self.radar.show_outlines(axes, outlines, _rings(summary.measure, values), summary.measure.unit)
        self._stack.setCurrentIndex(1 if len(axes) > 2 and values else 0)
        few = "A radar needs three categories or more" if values else _nothing(summary)
        self._empty.set_text(few, "Each contestant's mean in each category shows here.")
        left_out = len(summary.chosen) - len(shown)
        hints = [f"the first {MOST} of {len(summary.chosen)}"] if left_out > 0 else []
        self.hint.setText(" · ".join(hints + [summary.measure.note] * (summary.measure.kind == "measure")))
        self.radar.note = summary.measure.note
        self.view.chart_changed()

    def _picked(self, key: object) -> None:
        assert isinstance(key, tuple)
        contestant, axis = key
        ids = tuple(question.id for question in self._reading.questions
                    if (question.category or "No category") == axis and question.id is not None)
        self.behind.emit(Behind(axis, (contestant,), ids))


def _nothing(summary: Summary) -> str:
    return "No judgement could be read" if any(summary.unreadable.values()) else "Nothing is judged yet"


def _interval(mean: object) -> Interval | None:
    return getattr(mean, "interval", None)


def _best(summary: Summary) -> int | None:
    """The contestant with the highest mean over all turns."""
    means = list(summary.by_turn.values())[-1] if summary.by_turn else {}
    return max(means, key=lambda id: means[id].interval.mean, default=None)


def _rings(measure: Measure, values: Sequence[float]) -> list[float]:
    """Round numbers from the middle to the outer ring, around all values."""
    if measure.kind == "rating":
        return [0, 3, 6, 9] if max(values, default=0) <= 9 else [0, 5, 10]
    low, high = min([*values, measure.scale[0]], default=0.0), max([*values, measure.scale[1]], default=1.0)
    ticks = nice_ticks(low, high, 3)
    if len(ticks) < 2:
        return [low, high if high > low else low + 1]
    step = ticks[1] - ticks[0]
    return ([round(ticks[0] - step, 12)] if ticks[0] > low else []) + ticks + (
        [round(ticks[-1] + step, 12)] if ticks[-1] < high else [])


class ComparisonPane(ChartPane):
    """Five charts, one in front. ``wanted`` says that one came to the front whose numbers are to be computed."""

    behind = Signal(object)
    wanted = Signal(int)

    def __init__(self, failed: Callable[[WorkbenchError], None]) -> None:
        self.tabs = Segmented(TABS, TURNS, name="Chart")
        self.bars = BarChart("By turn", "Turn")
        self.matrix = Matrix("Win rates", "share", "row beats column")
        self.ladder = Ladder("Ratings", "Bradley–Terry rating")
        self.length, self.judges = Scatter("Score against length"), Scatter("Judges against each other")
        charts: list[tuple[Exportable, QWidget]] = [
            (self.bars, self.bars), (self.matrix, self.matrix), (self.ladder, scrolled(self.ladder)),
            (self.length, self.length), (self.judges, self.judges)]
        super().__init__(self.tabs, self.current_view, failed)
        self.other = ElidedCombo("Compare with", 18)
        self.other.setMaximumWidth(320)
        self.line.insertWidget(2, self.other)
        self._pages, self._views = QStackedWidget(), []
        for (chart, widget), words in zip(charts, NOTHING, strict=True):
            both, view = _framed(chart, widget, EmptyState("bench", *words))
            self._pages.addWidget(both)
            self._views.append(view)
        self._said = label("", "small", wrap=True)
        room = QVBoxLayout()
        room.setContentsMargins(20, 4, 12, 8)
        room.setSpacing(6)
        room.addWidget(self._pages, 1)
        room.addWidget(self._said)
        self.column.addLayout(room, 1)
        self._reading = BenchReading()
        self._summary: Summary | None = None
        self._hints, self._words = [""] * len(TABS), [""] * len(TABS)
        self.tabs.changed.connect(self._tab_changed)
        for chart in (self.bars, self.ladder, self.matrix, self.length, self.judges):
            chart.picked.connect(self._picked)
        self._tab_changed(TURNS)

    def current_view(self) -> ChartView:
        return self._views[self.tabs.current()]

    def compared_with(self) -> Measure | None:
        found: Measure | None = self.other.currentData()
        return found

    def offer(self, others: Sequence[Measure]) -> None:
        """The measures that the shown one can be compared with."""
        before = self.compared_with()
        self.other.blockSignals(True)
        self.other.clear()
        for measure in others:
            self.other.addItem(f"against {measure.label}", measure)
        self.other.setCurrentIndex(max(0, list(others).index(before) if before is not None and before in others else 0))
        self.other.blockSignals(False)
        self.other.setVisible(self.tabs.current() == JUDGES and bool(others))

    def _tab_changed(self, tab: int) -> None:
        self._pages.setCurrentIndex(tab)
        self.other.setVisible(tab == JUDGES and self.other.count() > 0)
        self.tools.view_changed()
        self._say(tab)
        self.wanted.emit(tab)

    def _say(self, tab: int) -> None:
        if tab == self.tabs.current():
            self.hint.setText(self._hints[tab])
            self._said.setText(self._words[tab])
            self._said.setVisible(bool(self._words[tab]))

    def _stack_of(self, tab: int) -> QStackedWidget:
        page = self._pages.widget(tab)
        assert isinstance(page, QStackedWidget)
        return page

    def _filled(self, tab: int, *, filled: bool, hint: str, words: str = "") -> None:
        self._stack_of(tab).setCurrentIndex(1 if filled else 0)
        self._hints[tab], self._words[tab] = hint, words
        self._views[tab].chart_changed()
        self._say(tab)

    # what is shown
    def show_summary(self, reading: BenchReading, summary: Summary) -> None:
        self._reading, self._summary = reading, summary
        for chart in (self.bars, self.matrix, self.ladder, self.length, self.judges):
            chart.note = summary.measure.note
        called, colours = short_names(reading.contestants), contestant_colours(reading)
        groups = [BarGroup(name, tuple(
            Bar(called[id], means[id].interval, colours[id], ("turn", id, name),
                _basis(means[id])) for id in summary.chosen if id in means))
            for name, means in summary.by_turn.items()]
        measure = summary.measure
        empty = self._stack_of(TURNS).widget(0)
        assert isinstance(empty, EmptyState)
        empty.set_text(_nothing(summary), NOTHING_READ if any(summary.unreadable.values()) else NOTHING[TURNS][1])
        self.bars.show_groups(groups, *measure.scale, unit=measure.unit, digits=measure.digits)
        hint = f"{self._caution()}mean with 95 % interval over {_questions(summary)}" if groups else ""
        self._filled(TURNS, filled=bool(groups), hint=hint, words=_summary_words(summary, called))

    def show_games(self, found: Games) -> None:
        called, colours = short_names(self._reading.contestants), contestant_colours(self._reading)
        cells = [[self._game_cell(found, row, column) for column in range(len(found.contestants))]
                 for row in range(len(found.contestants))]
        titles = [called[id] for id in found.contestants]
        self.matrix.show_cells(titles, titles, cells)
        source = "from its values on the same answers" if found.derived else "from its pairs"
        hint = f"{self._caution()}{counted(found.played, 'game')} {source}"
        self._filled(WINS, filled=bool(found.contestants), hint=hint, words=_game_words(found))
        rungs = [Rung(called[id], Interval(one.rating, one.low, one.high), colours[id], ("contestant", id),
                      counted(one.games, "game")) for id, one in found.ratings]
        self.ladder.show_rungs(rungs, reference=1000.0)
        self._filled(RATINGS, filled=bool(rungs), hint=f"Bradley–Terry on Elo's scale, 95 %, {hint}")

    def _game_cell(self, found: Games, row: int, column: int) -> MatrixCell:
        won, lost = found.wins[row, column], found.wins[column, row]
        if row == column or not won + lost:
            return MatrixCell(float("nan"))
        a, b = found.contestants[row], found.contestants[column]
        return MatrixCell(won / (won + lost), (f"{won:g} of {won + lost:g} games",), ("pair", a, b))

    def show_lengths(self, points: Sequence[LengthPoint], slope: Interval | None) -> None:
        assert self._summary is not None
        called, colours = short_names(self._reading.contestants), contestant_colours(self._reading)
        place = {question.id: question.key or str(n) for n, question in enumerate(self._reading.questions, start=1)}
        dots = [Dot(f"{called[one.contestant_id]}, question {place.get(one.question_id, '')}", one.length, one.value,
                    colours[one.contestant_id], ("answer", one.contestant_id, one.question_id)) for one in points]
        for id in self._summary.chosen:
            own = [one for one in points if one.contestant_id == id]
            if own:
                dots.append(Dot(called[id], sum(one.length for one in own) / len(own),
                                sum(one.value for one in own) / len(own), colours[id], ("contestant", id), True))
        unit = self._summary.measure.unit
        self.length.show_dots(dots, ("characters", f"{self._summary.measure.label}, {unit}"), logarithmic=True)
        words = "" if slope is None else (
            f"An answer twice as long gets {signed(slope.mean)} {unit} ({interval_words(slope)}), within the same "
            "question and turn. Longer answers may also be better ones.")
        self._filled(LENGTH, filled=bool(points), hint=f"{self._caution()}a dot an answer", words=words)

    def show_compared(self, found: Compared, x: Measure, y: Measure) -> None:
        called, colours = short_names(self._reading.contestants), contestant_colours(self._reading)
        dots = [Dot(called[id], a, b, colours[id], ("answer", id, question)) for id, question, a, b in found.points]
        for id in {point[0] for point in found.points}:
            own = [(a, b) for one, _, a, b in found.points if one == id]
            dots.append(Dot(called[id], sum(a for a, _ in own) / len(own), sum(b for _, b in own) / len(own),
                            colours[id], ("contestant", id), True))
        self.judges.show_dots(dots, (f"{x.label}, {x.unit}", f"{y.label}, {y.unit}"), digits=(2, 2))
        words = ""
        row = found.correlation
        if row.tau == row.tau:
            words = (f"Kendall's τ over {counted(row.answers, 'answer')}: {plain(row.tau)} "
                     f"(95 % interval {plain(row.low)} to {plain(row.high)} over "
                     f"{counted(row.questions, 'question')})")
            if row.contestants_tau == row.contestants_tau:
                words += f"; over the contestants' means: {plain(row.contestants_tau)}"
            words += ". 1 is the same order, 0 none, −1 the reverse."
        words += _agreement_words(found.agreement)
        self._filled(JUDGES, filled=bool(found.points), hint=f"{self._caution()}a dot an answer", words=words)

    def _caution(self) -> str:
        """What the number is not, on the charts that have no other room for it."""
        measure = self._summary.measure if self._summary is not None else None
        return f"{measure.note} · " if measure is not None and measure.kind == "measure" else ""

    def nothing_to_compare(self) -> None:
        self._filled(JUDGES, filled=False, hint="")

    def _picked(self, key: object) -> None:
        assert isinstance(key, tuple)
        what, id, *rest = key
        called = short_names(self._reading.contestants)
        if what == "answer":
            self.behind.emit(Behind("One question", (id,), (rest[0],)))
        elif what == "pair":
            self.behind.emit(Behind(f"{called[id]} and {called[rest[0]]}", (id, rest[0])))
        else:
            self.behind.emit(Behind(called[id], (id,)))


NOTHING_READ = "Ask again, choose another judge, or other judge prompts: Run bench."
NOTHING = (
    ("Nothing is judged yet", "Each contestant's mean with its interval shows here, turn by turn."),
    ("No pairs yet", "Who wins against whom shows here, once two contestants have been judged on the same question."),
    ("No pairs yet", "Ratings from pairs show here, with their intervals."),
    ("Nothing is judged yet", "What answers score against how long they are shows here."),
    ("One measure only", "When there are two, one shows against the other here, with Kendall's τ."),
)


def _basis(mean: Mean) -> str:
    return f"{counted(mean.count, 'answer')}, {counted(mean.questions, 'question')}"


def _questions(summary: Summary) -> str:
    """ "40 questions", "38 to 40 questions": how many the intervals of the means are over."""
    counts = [mean.questions for means in summary.by_turn.values() for mean in means.values()]
    least, most = min(counts), max(counts)
    return counted(most, "question") if least == most else f"{least:,} to {counted(most, 'question')}"


def _summary_words(summary: Summary, called: dict[int, str]) -> str:
    """The paired comparison of the last with the first contestant, and what could not be read."""
    words = []
    found = summary.difference
    if found is not None and found.questions > 1:
        last, first = called[summary.chosen[-1]], called[summary.chosen[0]]
        words.append(f"{last} over {first}: {signed(found.interval.mean)} {summary.measure.unit}, "
                     f"{interval_words(found.interval)}, p {_p(found.p)} by a sign-flip test on the same "
                     f"{counted(found.questions, 'question')}.")
    if summary.scores.shape[1] == 1:
        words.append(ONE_QUESTION)
    lost = sum(summary.unreadable.get(id, 0) for id in summary.chosen)
    if lost:
        words.append(f"{counted(lost, 'judgement')} could not be read and {'is' if lost == 1 else 'are'} not counted.")
    return " ".join(words)


def _game_words(found: Games) -> str:
    words = []
    consistent, first, second = found.position
    if consistent == consistent:
        words.append(f"Swapped orders agree in {percent(consistent)}; {percent(first)} favour what is shown first, "
                     f"{percent(second)} what is shown second. Where they disagree it is a tie.")
    share, decided = found.longer
    if decided:
        words.append(f"The longer answer won {percent(share)} of {counted(decided, 'decided game')}.")
    if found.unreadable:
        words.append(f"{counted(found.unreadable, 'game')} could not be read and do not count.")
    return " ".join(words)


def _agreement_words(row: AgreementRow | None) -> str:
    """How far two judges agree where both said something of the same."""
    if row is None:
        return ""
    words = []
    if row.compared:
        words.append(f"the same verdict on {row.agreeing} of {counted(row.compared, 'pair')}, "
                     f"{row.agreeing_decided} of {row.decided} without ties, Cohen's κ {plain(row.kappa)}")
    if row.ratings and row.alpha == row.alpha:
        words.append(f"Krippendorff's α over {counted(row.ratings, 'rating')} {plain(row.alpha)}")
    return " They gave " + "; ".join(words) + "." if words else ""


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {plain(value, 3)}"
