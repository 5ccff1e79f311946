"""The Rankings page: what each candidate does, question by question, and how a search builds its set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Changes, Kind
from workbench.gui.charts.chart_view import ChartTools, ChartView
from workbench.gui.charts.heat_cells import NOTHING, HeatCells
from workbench.gui.charts.heat_map import HeatMap
from workbench.gui.charts.heat_scale import ScaleBar
from workbench.gui.rankings.charts import ChartsPane
from workbench.gui.rankings.header import RankingsHeader
from workbench.gui.rankings.model import RankingModel
from workbench.gui.rankings.start import RunStarter
from workbench.gui.rankings.table import RankingTable
from workbench.gui.rankings.tokens import TokensPane
from workbench.gui.shell import settings
from workbench.gui.shell.page import Page
from workbench.gui.shell.reader import Reader
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import icon_button, primary, secondary
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.notice import Notice
from workbench.gui.widgets.pane import PaneHeader, headed_pane, move_together, splitter
from workbench.services.project import Project
from workbench.services.ranked_candidates import Measure
from workbench.services.ranking_reading import Found, RunReading, find_run
from workbench.services.results import RunInfo
from workbench.wording import signed

UPDATE_MS = 250                      # live: at most four times a second
COLUMNS = [533, 737]
ROWS = [470, 326]
ROOMY = 1150                         # a narrower page shows the tokens or the charts, not both
EMPTY, WAITING, CONTENT = range(3)


class RankingsPage(Page):
    name = "rankings"
    title = "Rankings"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._runs: list[RunInfo] = []
        self._job_id: int | None = None
        self._round = 0
        self._reading: RunReading | None = None
        self._cells = NOTHING
        self._wanted_cell: tuple[int, int] | None = None
        self._at_top = self._selecting = False
        self.reader = Reader(session, self, self._question, self._have_read, wait_ms=UPDATE_MS, paced=True)
        self.model = RankingModel()
        self.table = RankingTable(self.model)
        self.heat = HeatMap()
        self.charts = ChartsPane(session.error.emit)
        self.tokens = TokensPane(session)
        self.tools = RankingsHeader(session, self.header(), self.model, self.table)
        self.starter = RunStarter(session, self._started, self)
        self._compact: bool | None = None
        self._build()
        self._connect()
        self.reader.read()

    # building
    def _build(self) -> None:
        self._start = start = primary("Start a search", "play")
        start.clicked.connect(self.starter.start_default)
        choose = secondary("Choose what to run…")
        choose.clicked.connect(lambda: self.starter.open_form())
        self._empty = EmptyState("rank", "Nothing is ranked yet", "A greedy search tries every candidate with the "
                                 "current model, and keeps the ones that help most.", (start, choose))
        self._waiting = EmptyState("rank", "Nothing is scored yet", "The first scores show here as they come.")
        self._stack = QStackedWidget()
        for state in (self._empty, self._waiting, self._content()):
            self._stack.addWidget(state)
        resume = secondary("Resume", "play")
        resume.clicked.connect(self._resume)
        self._notice = Notice("", "warn", resume)
        self._notice_room = QWidget()
        room = QVBoxLayout(self._notice_room)
        room.setContentsMargins(20, 8, 16, 8)
        room.addWidget(self._notice)
        self._notice_room.hide()
        self.body.addWidget(self._notice_room)
        self.body.addWidget(self._stack, 1)

    def _content(self) -> QWidget:
        self._candidates = PaneHeader("Candidates", "")
        self._candidates.add_tool(self.tools.round)
        compare = icon_button("split", "Compare", "Compare with the best, or the two that are selected, C")
        compare.clicked.connect(self.compare)
        self._candidates.add_tool(compare)
        columns = icon_button("more", "Columns", "Columns of the table")
        columns.setMenu(self.table.columns_menu())
        self._candidates.add_tool(columns)
        self._questions = PaneHeader("By question", "")
        self._scale = ScaleBar(diverging=True)
        self._questions.add_tool(self._scale)
        self._heat_view = ChartView(self.heat, self.heat)
        tools = ChartTools(lambda: self._heat_view, self.session.error.emit)
        self._questions.add_tool(tools.table)
        self._questions.add_tool(tools.export)
        across = Qt.Orientation.Horizontal
        self._below_table = QWidget()
        self._below_table.setFixedHeight(0)
        left = headed_pane(self._candidates, self.table, self._below_table)
        self._top = splitter(across, left, headed_pane(self._questions, self._heat_view), sizes=COLUMNS, stretch=1,
                             remembered=settings.RANKINGS_COLUMNS)
        self._bottom = splitter(across, self.charts, self.tokens,
                                sizes=COLUMNS, stretch=1, remembered=settings.RANKINGS_COLUMNS)
        for row in (self._top, self._bottom):
            row.setStretchFactor(0, COLUMNS[0])
            row.setStretchFactor(1, COLUMNS[1])
        rows = splitter(Qt.Orientation.Vertical, self._top, self._bottom, sizes=ROWS, remembered=settings.RANKINGS_ROWS)
        rows.setStretchFactor(0, ROWS[0])
        rows.setStretchFactor(1, ROWS[1])
        return rows

    def _connect(self) -> None:
        move_together(self._top, self._bottom)
        table, heat = self.table.verticalScrollBar(), self.heat.verticalScrollBar()
        table.valueChanged.connect(heat.setValue)
        heat.valueChanged.connect(table.setValue)
        # the table ends as far up as the heat map when that has a sideways bar, so that both end at one row
        bar = self.heat.horizontalScrollBar()
        bar.rangeChanged.connect(lambda low, high: self._below_table.setFixedHeight(
            bar.sizeHint().height() if high > low and not self._heat_view.as_table else 0))
        self.heat.scale_changed.connect(lambda clip: self._scale.set_ends(signed(-clip, 1), signed(clip, 1)))
        self.model.layoutChanged.connect(self._arranged)
        self.table.row_changed.connect(self._row_changed)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._candidates_changed())
        self.table.sideways.connect(self._sideways)
        self.heat.cell_changed.connect(self._cell_changed)
        self.heat.cell_opened.connect(lambda row, question: self._look(question, at_once=True))
        self.charts.other.clicked.connect(lambda: self._share(tokens=True))
        self.tokens.other.clicked.connect(lambda: self._share(tokens=False))
        self.charts.picked.connect(self.select_candidate)
        self.charts.asked.connect(self._asked)
        self.tools.run_chosen.connect(self.show_run)
        self.tools.round_chosen.connect(self.show_round)
        self.tools.new_run.connect(lambda: self.starter.open_form())
        self.tools.measure_chosen.connect(self._measure_chosen)

    # room
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.tools.fit()
        compact = self.width() < ROOMY
        if compact != self._compact:
            self._compact = compact
            self._share(tokens=self.heat.cell[1] >= 0)

    def _share(self, *, tokens: bool) -> None:
        """Where there is room for one only, show the tokens or else the charts; elsewhere both."""
        compact = bool(self._compact)
        self.charts.other.setVisible(compact)
        self.tokens.other.setVisible(compact)
        self.charts.setVisible(not compact or not tokens)
        self.tokens.setVisible(not compact or tokens)

    # the page's interface
    def shown(self, *, job: int | None = None, ids: Sequence[int] = (), form: bool = False,
              cell: tuple[int, int] | None = None, **arguments: Any) -> None:
        """``job`` shows that run, ``cell`` its (row, question); ``ids`` opens the form with these as candidates,
        ``form`` with the default pool."""
        if cell is not None:
            self._wanted_cell = cell
        if job is not None:
            self.show_run(job)
        elif cell is not None:
            self.reader.read()
        else:
            self.reader.catch_up()
        if ids or form:
            self.starter.open_form(ids)
        if self._reading is not None and not self.holds_focus():
            self.table.setFocus()

    def refresh(self, changes: Changes) -> None:
        if any(changes.concerns(kind) for kind in (Kind.SCORE, Kind.SEARCH, Kind.JOB, Kind.PROJECT)):
            self.reader.read_soon()

    def panes(self) -> list[QWidget]:
        if self._stack.currentIndex() != CONTENT:
            return [self._start]
        return [self.table, self._heat_view, self.charts.current_view(), self.tokens.view]

    def busy(self) -> bool:
        return self.reader.busy() or self.tokens.busy()

    # reading
    def show_run(self, job_id: int) -> None:
        if job_id != self._job_id:
            self._job_id, self._round = job_id, 0
        self.reader.read()

    def show_round(self, number: int) -> None:
        """``number`` 0 is the newest round."""
        self._round = number
        self.reader.read()

    def _question(self) -> Callable[[Project], tuple[Found, HeatCells]]:
        job_id, round = self._job_id, self._round

        def read(project: Project) -> tuple[Found, HeatCells]:
            found = find_run(project, job_id, round)
            if found.reading is None:
                return found, NOTHING
            table = found.reading.table
            return found, HeatCells.of(found.reading.candidates.titles, table.questions, table.gain)

        return read

    def _have_read(self, read: tuple[Found, HeatCells]) -> None:
        found, self._cells = read
        self._runs, reading = found.runs, found.reading
        if not found.waiting:
            self._job_id = reading.run.job_id if reading is not None else None
        self._show(reading)

    # showing
    def _show(self, reading: RunReading | None) -> None:
        selected, current, question = self._selection()
        self._selecting = True                   # until all is in place again, nothing follows the selection
        self._at_top = self.table.currentIndex().row() <= 0
        self._reading = reading
        table = reading.table if reading is not None else None
        self.tokens.show_reading(reading)
        self.tools.show_runs(self._runs, reading)
        self.model.show(reading.candidates if reading is not None else None,
                        frozenset(reading.chosen if reading is not None else ()))
        self.table.show_changes(reading is not None and bool(reading.candidates.previous.any()))
        self._arrange_heat()
        self.charts.show_reading(reading)
        filled = table is not None and bool(table.demonstration_ids)
        before = self._stack.currentIndex()
        self._stack.setCurrentIndex(CONTENT if filled else EMPTY if self._job_id is None else WAITING)
        if filled and before != CONTENT and self.isVisible():
            self.table.setFocus()                # what had it has gone with the empty state
        self._say_hints()
        self._select(selected, current, question)

    def _resume(self) -> None:
        job_id = self._job_id
        if job_id is not None:
            self.session.ask(lambda project: project.jobs.resume(job_id))

    def _say_hints(self) -> None:
        reading = self._reading
        early = reading.ended_early if reading is not None else ""
        self._notice_room.setVisible(bool(early) and not self.session.read_only)
        self._notice.set_text(f"{early} What it had found is shown.")
        if reading is None:
            return
        words = {Measure.MEAN: "sorted by mean gain", Measure.WIN_RATE: "sorted by win rate",
                 Measure.LOWER: "sorted by lower bound"}[self.model.measure]
        scored = len(reading.table.demonstration_ids)
        self._candidates.set_hint(f"{words}, {scored} of {len(reading.spec.candidates)} scored" if reading.running
                                  else words)
        self._questions.set_hint(f"gain in nats, {len(reading.table.questions)} questions")

    def _arrange_heat(self) -> None:
        """The heat map's rows follow the table's."""
        current = self.table.currentIndex().row()
        question = self.heat.cell[1]
        self.heat.blockSignals(True)
        self.heat.show_cells(self._cells, self.model.order)
        self.heat.set_cell(current, question)
        self.heat.blockSignals(False)
        self._scale.set_ends(signed(-self.heat.clip, 1), signed(self.heat.clip, 1))
        self._heat_view.chart_changed()

    def _arranged(self) -> None:
        """The rows stand in another order."""
        self._arrange_heat()
        self._candidates_changed()

    def _selection(self) -> tuple[list[int], int | None, int]:
        """(selected ids, current id, current question): what has to survive an update."""
        current = self.table.currentIndex().row()
        ids = [self.model.id_at(row) for row in self.table.selected_rows()]
        return ids, self.model.id_at(current) if current >= 0 else None, self.heat.cell[1]

    def _select(self, selected: Sequence[int], current: int | None, question: int) -> None:
        # while a run grows, who looks at the best so far goes on looking at the best, whoever that is
        follows = self._at_top and question < 0 and len(selected) < 2
        row = self.model.row_of(current) if current is not None and not follows else -1
        if self._wanted_cell is not None and self.model.rowCount():
            (row, question), self._wanted_cell, selected = self._wanted_cell, None, ()
        if row < 0 and self.model.rowCount():
            row = 0
        if row >= 0:
            self.table.choose(row, [row] if follows else [self.model.row_of(id) for id in selected])
            self.heat.set_cell(row, question)
        self._selecting = False
        self._candidates_changed()

    def select_candidate(self, demonstration_id: int) -> None:
        """Go to a candidate that was picked in a chart; one that the shown round no longer ranks is not there."""
        row = self.model.row_of(demonstration_id)
        if row >= 0:
            self.table.choose(row, [row])
            self.table.scrollTo(self.model.index(row, 0))
        else:
            self.charts.bump.select(demonstration_id)

    # moving about
    def _row_changed(self, row: int) -> None:
        if row >= 0 and self.heat.cell[1] >= 0:
            self.heat.set_cell(row, self.heat.cell[1])
        self._candidates_changed()

    def _shown_rows(self) -> list[int]:
        """The current row, or the two that are selected: those are compared, the upper one with the lower one."""
        rows, current = self.table.selected_rows(), self.table.currentIndex().row()
        return rows if len(rows) == 2 and current in rows else [current] if current >= 0 else []

    def _candidates_changed(self) -> None:
        if self._selecting:
            return
        rows = self._shown_rows()
        self.heat.set_bands(rows)
        self.charts.show_candidates([self.model.id_at(row) for row in rows])
        self._look(self.heat.cell[1])

    def compare(self) -> None:
        """Compare the two selected candidates, or the current one with the best (that one with the next)."""
        current = self.table.currentIndex().row()
        if len(self._shown_rows()) != 2 and self.model.rowCount() > 1:
            best = next(row for row in map(self.model.row_of, self.model.top(2)) if row != current)
            self.table.choose(current, [current, best])
        self.charts.show_comparison()
        self._share(tokens=False)

    def open_demonstration(self) -> None:
        row = max(0, self.table.currentIndex().row())
        self.session.open_page("demonstrations", demonstration_id=self.model.id_at(row))

    def _cell_changed(self, row: int, question: int) -> None:
        if row >= 0 and self.table.currentIndex().row() != row:
            rows = self._shown_rows()
            self.table.choose(row, rows if row in rows else [row])
        self._look(question)

    def _look(self, question: int, *, at_once: bool = False) -> None:
        if at_once:
            self._share(tokens=True)
        shown = [(self.model.order[row], self.model.rank_of(self.model.id_at(row))) for row in self._shown_rows()]
        self.tokens.show_cell(shown, question, at_once=at_once)

    def _asked(self, question: int) -> None:
        """A question that was picked in the comparison."""
        self.heat.set_cell(self.table.currentIndex().row(), question)
        self._look(question, at_once=True)

    def _sideways(self, key: Qt.Key) -> None:
        row, question = self.table.currentIndex().row(), self.heat.cell[1]
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if row >= 0:
                self.heat.set_cell(row, max(0, question))
                self._look(max(0, question), at_once=True)
        elif row >= 0 and question < 0:
            self.heat.set_cell(row, 0)
        else:
            self.heat.move_cell(key)

    def _measure_chosen(self, measure: Measure) -> None:
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.model.set_measure(measure)
        self._say_hints()
        self.tools.show_offer()

    def _started(self, job_id: int) -> None:
        self.session.notice.emit("The run has started. Its results show here as they come.", "info")
        self.show_run(job_id)
