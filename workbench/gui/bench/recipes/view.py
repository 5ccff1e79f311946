"""The Recipes part of the Bench page: the ICL-alignment paper's experiments as charts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.bench.recipe_table import RECIPES
from workbench.domain import Changes
from workbench.gui.bench.charts import Behind
from workbench.gui.bench.recipes.judged import JudgedPane
from workbench.gui.bench.recipes.register import RegisterDialog
from workbench.gui.bench.recipes.shift import ShiftPane
from workbench.gui.charts.band import BandChart, BandLine, BandPoint
from workbench.gui.charts.chart import one_line
from workbench.gui.charts.chart_view import ChartTools, ChartView, scrolled
from workbench.gui.charts.ladder import Ladder, Rung
from workbench.gui.charts.matrix import Matrix, MatrixCell
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import ElidedLabel, hairline, label
from workbench.services.project import Project
from workbench.services.recipe_reading import RecipeReading, axis_names, read_recipes
from workbench.services.recipe_results import RecipePoint, Score, Tuned
from workbench.wording import counted, interval_words, plain

NONE, NOTHING_YET, CHARTS = range(3)
WIDE = 30.0                          # from this ratio of the numbers on their axis is logarithmic
JUDGED, SHIFTED = 3, 4               # panes of their own among the charts


class RecipesPane(QWidget):
    """``behind`` carries what is behind a mark, and the question set; ``run_wanted`` opens the form."""

    behind = Signal(object, int)
    run_wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._reading = RecipeReading()
        self._job_id: int | None = None
        self._score: Score | None = None
        self._asked = 0
        self.jobs, self.score = ElidedCombo("Recipe", 20), ElidedCombo("What is measured", 16)
        self.run = secondary("Run a recipe…", "play")
        self.lines = BandChart("Recipe", "Series")
        self.ladder = Ladder("What matters in a demonstration", "Score", "Demonstrations with")
        self.grids = [Matrix("With the prompt", "number"), Matrix("Without a prompt", "number")]
        self._views = {"lines": ChartView(self.lines, self.lines), "ladder": ChartView(self.ladder,
                                                                                       scrolled(self.ladder))}
        self._grid_views = [ChartView(grid, grid) for grid in self.grids]
        self.tools = ChartTools(self.current_view, session.error.emit)
        self.whole = secondary("Whole range")
        self.whole.setCheckable(True)
        self.whole.setToolTip("Show the points that are off the scale, too")
        self.register = secondary("Register as model…", "models")
        self._hint = ElidedLabel("", "faint")
        self.judged, self.shift = JudgedPane(), ShiftPane()
        self._part = 0                       # the round, or the contestant, that they show
        self._charts, self.stack = QStackedWidget(), QStackedWidget()
        self._build()
        self.jobs.activated.connect(lambda index: self.show_job(self.jobs.itemData(index)))
        self.score.activated.connect(lambda index: self._choose_score(self.score.itemData(index)))
        for pane in (self.judged, self.shift):
            pane.said.connect(self._hint.setText)
        self.judged.round_wanted.connect(self._choose_score)
        self.shift.contestant_wanted.connect(self._choose_score)
        self.judged.demonstration_wanted.connect(self._open_demonstration)
        self.judged.answers_wanted.connect(self._open_tried)
        self.run.clicked.connect(self.run_wanted)
        self.register.clicked.connect(self.ask_which_to_register)
        self.whole.toggled.connect(self.lines.set_whole)
        for chart in (self.lines, self.ladder, *self.grids):
            chart.picked.connect(self._picked)

    def _build(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(20, 8, 12, 8)
        line.setSpacing(8)
        self.jobs.setMaximumWidth(460)
        self.score.setMaximumWidth(420)
        line.addWidget(self.jobs, 3)
        line.addWidget(self.score, 3)
        line.addStretch(1)
        line.addWidget(self.run)
        second = QHBoxLayout()
        second.setContentsMargins(20, 8, 12, 0)
        second.setSpacing(8)
        second.addWidget(self._hint, 1)
        second.addWidget(self.register)
        second.addWidget(self.whole)
        second.addWidget(self.tools.table)
        second.addWidget(self.tools.export)
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(24)
        for title, view in zip(("With the prompt", "Without a prompt"), self._grid_views, strict=True):
            column = QVBoxLayout()
            column.addWidget(label(title, "section"))
            column.addWidget(view, 1)
            row.addLayout(column, 1)
        for widget in (self._views["lines"], self._views["ladder"], both):
            framed = QWidget()
            inside = QVBoxLayout(framed)
            inside.setContentsMargins(20, 4, 20, 16)
            inside.addWidget(widget)
            self._charts.addWidget(framed)
        self._charts.addWidget(self.judged)
        self._charts.addWidget(self.shift)
        start = primary("Run a recipe…", "play")
        start.clicked.connect(self.run_wanted)
        self.stack.addWidget(EmptyState(
            "bench", "No recipe has been run", "A recipe is an experiment of the paper on in-context alignment: "
            "decoding parameters, the number of demonstrations, what matters in one, or training on them.", [start]))
        self._waiting = EmptyState("history", "Nothing measured yet", "The chart fills in while the recipe runs.")
        self.stack.addWidget(self._waiting)
        self.stack.addWidget(self._charts)
        self._tools = [self.tools.table, self.tools.export]
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._top = QWidget()
        self._top.setLayout(line)
        outer.addWidget(self._top)
        self._hairline = hairline()
        outer.addWidget(self._hairline)
        outer.addLayout(second)
        outer.addWidget(self.stack, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(20, 0, 20, 0)
        self.words = label("", "small", wrap=True)
        self.words.setContentsMargins(0, 0, 0, 14)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.hide()
        foot.addWidget(self.words)
        outer.addLayout(foot)

    def current_view(self) -> ChartView:
        place = self._charts.currentIndex()
        if place in (JUDGED, SHIFTED):
            return self.judged.current_view() if place == JUDGED else self.shift.current_view()
        if place == 2:
            focused = next((view for view in self._grid_views if view.isAncestorOf(view.focusWidget() or view)), None)
            return focused or self._grid_views[0]
        return list(self._views.values())[place]

    @property
    def shown_job(self) -> int | None:
        return self._job_id

    # reading
    def show_job(self, job_id: int | None) -> None:
        self._job_id = job_id
        self.read()

    def _choose_score(self, score: Score | int) -> None:
        if isinstance(score, int):           # a round, or a contestant
            self._part = score
        else:
            self._score = score
        self.read()

    def read(self) -> None:
        """Read the chosen recipe again."""
        self._asked += 1
        number, job_id, score = self._asked, self._job_id, self._score

        def found(reading: RecipeReading) -> None:
            if number == self._asked:
                self._show(reading)

        self._session.ask(lambda project: read_recipes(project, job_id, score), found, owner=self)

    def _show(self, reading: RecipeReading) -> None:
        self._reading = reading
        self._job_id = reading.job.id if reading.job is not None else None
        self._score = reading.score
        for box, entries, chosen in ((self.jobs, [(f"{one_line(job.title)}, {job.state.value}", job.id)
                                                  for job in reading.jobs], self._job_id),
                                     (self.score, self._parts(reading), self._part if reading.found else
                                      reading.score)):
            box.clear()
            for words, value in entries:
                box.addItem(words, value)
            box.setCurrentIndex(next((place for place, (_, value) in enumerate(entries) if value == chosen), -1))
        self.score.setVisible(self.score.count() > 0)
        for widget in (self._top, self._hairline):
            widget.setVisible(bool(reading.jobs))
        there = bool(reading.points) or (reading.found is not None and not reading.found.empty)
        for tool in self._tools:
            tool.setVisible(there)
        self._hint.setText("")
        self.words.setText(reading.words)
        self.words.setVisible(bool(reading.words and reading.points))
        self.register.setVisible(bool(reading.tuned) and not self._session.read_only)
        self.whole.hide()
        self.stack.setCurrentIndex(NONE if not reading.jobs else CHARTS if there else NOTHING_YET)
        if reading.points:
            self._fill(reading)
        elif there and reading.found is not None:
            self._charts.setCurrentIndex(JUDGED if reading.found.rounds else SHIFTED)
            if reading.found.rounds:
                self.judged.show_found(reading.found, self._part)
            else:
                self.shift.show_found(reading.found.shifts, self._part)
            self.tools.view_changed()

    def _parts(self, reading: RecipeReading) -> list[tuple[str, Any]]:
        """What can be chosen beside the recipe: what is measured, a round, or a contestant."""
        if reading.found is None:
            return [(one.title, one) for one in reading.scores]
        named = [f"Round {one.number}" for one in reading.found.rounds] or [one.name for one in reading.found.shifts]
        self._part = min(self._part, max(len(named) - 1, 0))
        return [(name, place) for place, name in enumerate(named)]

    # charts
    def _fill(self, reading: RecipeReading) -> None:
        assert reading.spec is not None
        assert reading.score is not None
        note = reading.score.title
        for chart in (self.lines, self.ladder, *self.grids):
            chart.note = note
        answers = max(point.answers for point in reading.points)
        said = [note, f"{counted(len(reading.spec.questions), 'question')}, up to {counted(answers, 'answer')} a point",
                "95 % intervals over questions and draws", "a click shows the answers"]
        self._hint.setText(" · ".join(said))
        fillers: dict[str, Callable[[RecipeReading], int]] = {
            "curves": self._fill_curves, "ladder": self._fill_ladder, "grids": self._fill_grids}
        filler = fillers[RECIPES[reading.spec.recipe].chart]
        self._charts.setCurrentIndex(filler(reading))
        self.tools.view_changed()
        for view in (*self._views.values(), *self._grid_views):
            view.chart_changed()

    def _fill_curves(self, reading: RecipeReading) -> int:
        self.lines.setAccessibleName("Score by number of demonstrations")
        sizes = [point.x for point in reading.points if point.x]
        # only a likelihood breaks down without end
        focused = reading.score is not None and reading.score.name == "log_likelihood"
        self.lines.show_lines(_lines(reading.points), ("demonstrations", _unit(reading.score)), focused=focused,
                              logarithmic=max(sizes, default=1) > WIDE * min(sizes, default=1), limit=reading.limit)
        off = self.lines.off_scale()
        self.whole.setVisible(off > 0)
        self.whole.setText(f"Whole range, {off} more")
        return 0

    def _fill_ladder(self, reading: RecipeReading) -> int:
        rungs = [Rung(point.label, point.interval, place, ("point", place), _basis(point))
                 for place, point in enumerate(reading.points)]
        self.ladder.show_rungs(rungs, unit=_unit(reading.score), digits=2)
        return 1

    def _fill_grids(self, reading: RecipeReading) -> int:
        assert reading.spec is not None
        names = axis_names(reading.spec)
        if all(point.y is None for point in reading.points):
            self.lines.setAccessibleName(f"Score by {names[0]}")
            self.lines.show_lines(_lines(reading.points), (names[0], _unit(reading.score)))
            return 0
        for series, grid in zip(("prompt", "none"), self.grids, strict=True):
            self._fill_grid(grid, [point for point in reading.points if point.series == series], names)
        return 2

    def _fill_grid(self, grid: Matrix, points: Sequence[RecipePoint], names: tuple[str, str]) -> None:
        down = sorted({point.x for point in points})
        across = sorted({point.y for point in points if point.y is not None})
        found = {(point.x, point.y): point for point in points}
        cells = [[_cell(found.get((x, y)), self._reading.points) for y in across] for x in down]
        means = [point.interval.mean for point in self._reading.points]
        grid.show_cells([f"{x:g}" for x in down], [f"{y:g}" for y in across], cells, titles=names,
                        ends=(min(means), max(means)))

    def ask_which_to_register(self) -> None:
        RegisterDialog(self._reading.tuned, self.register_as, self.window()).open()

    def register_as(self, tuned: Tuned, name: str) -> None:
        self._session.change(lambda project: project.recipes.register(tuned, name), lambda _: self.read())

    def _open_demonstration(self, id: int) -> None:
        self._session.open_page("demonstrations", demonstration_id=id)

    def _open_tried(self, number: int, demonstration_id: int) -> None:
        """The answers under a set that a search by a judge has tried, beside those under the set before."""
        found, job_id = self._reading.found, self._job_id
        set_id = None if found is None else found.set_id
        if set_id is None or job_id is None or self._session.read_only:      # it would have to be written
            self._open_demonstration(demonstration_id)
            return
        tried: list[int] = []

        def bring(project: Project) -> Changes:
            ids, changes = project.recipes.bring_back(job_id, number, demonstration_id)
            tried.extend(ids)
            return changes

        def show(_: Changes) -> None:
            if tried:
                self.behind.emit(Behind(f"Round {number}, with and without {demonstration_id}", tuple(tried)), set_id)
            else:                            # searched before answers were kept
                self._open_demonstration(demonstration_id)

        self._session.change(bring, show, owner=self)

    def _picked(self, key: Any) -> None:
        points, set_id = self._reading.points, self._reading.set_id
        if set_id is None or key is None:
            return
        point = points[key[1]]
        words = f"{point.title}, {point.label}" if point.label != point.title else point.title
        self.behind.emit(Behind(words, point.contestant_ids), set_id)


def _lines(points: Sequence[RecipePoint]) -> list[BandLine]:
    """One line a series, in the order of their first points; turns that stand apart share the series' colour."""
    series = list(dict.fromkeys(point.series for point in points))
    made = []
    for name, turn in dict.fromkeys((point.series, point.turn) for point in points):
        own = sorted(((place, point) for place, point in enumerate(points)
                      if (point.series, point.turn) == (name, turn)), key=lambda pair: pair[1].x)
        made.append(BandLine(own[0][1].title, tuple(
            BandPoint(point.x, point.interval, ("point", place), _basis(point))
            for place, point in own), -1 if name == "none" else series.index(name),
            dashed=name == "unsupervised" or bool(turn)))
    return made


def _basis(point: RecipePoint) -> str:
    return f"{counted(point.answers, 'answer')}, {point.basis}"


def _cell(point: RecipePoint | None, points: Sequence[RecipePoint]) -> MatrixCell:
    if point is None:
        return MatrixCell(math.nan)
    interval = point.interval
    return MatrixCell(interval.mean, (interval_words(interval), _basis(point)),
                ("point", list(points).index(point)), f"{plain(interval.low)} to {plain(interval.high)}")


def _unit(score: Score | None) -> str:
    """The score's title is its name, its unit and what it is not; an axis has room for the first."""
    return "" if score is None else score.title.split(":")[0]
