"""The Rankings page's header tools: which run and round, by which measure, export, and the way into the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QMenu

from workbench.domain import Position
from workbench.errors import WorkbenchError
from workbench.gui.charts import export
from workbench.gui.charts.chart import one_line, tip
from workbench.gui.rankings.model import RankingModel
from workbench.gui.rankings.table import RankingTable
from workbench.gui.shell.page import PageHeader
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import ghost, icon_button, primary, secondary
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.segmented import Segmented
from workbench.services.ranked_candidates import Measure
from workbench.services.ranking_reading import RunReading
from workbench.services.results import RunInfo

TOP = (1, 2, 3, 5, 8, 10)


class RankingsHeader(QObject):
    """Puts its tools into ``header``; ``round`` is placed by the page."""

    run_chosen = Signal(int)
    round_chosen = Signal(int)
    measure_chosen = Signal(object)
    new_run = Signal()

    def __init__(self, session: Session, header: PageHeader, model: RankingModel, table: RankingTable) -> None:
        super().__init__(header)
        self._session, self._header, self._model, self._table = session, header, model, table
        self._reading: RunReading | None = None
        self._top = 3
        self._offer_chosen = True                # of a search: what it chose, rather than the newest round's best
        self.run = ElidedCombo("Run", 6)
        self.round = ElidedCombo("Round", 10)
        self.measure = Segmented([str(measure) for measure in Measure], name="Rank by")
        self.export = ghost("Export", "export")
        self.new = secondary("New run…", "play")
        self.add = primary("Add top 3 to prompt", "plus")
        self.more = icon_button("down", "How many to add")
        self.run.setPlaceholderText("New run")
        self._build()

    def _build(self) -> None:
        row = self._header.row
        row.insertWidget(2, self.run, 100)         # takes the room that there is, before the empty stretch
        self.run.setMaximumWidth(440)
        for tool in (self.measure, self.export, self.new):
            self._header.add_tool(tool)
        self._header.set_primary(self.add)
        row.addWidget(self.more)
        self.run.activated.connect(lambda index: self.run_chosen.emit(self.run.itemData(index)))
        self.round.activated.connect(lambda index: self.round_chosen.emit(self.round.itemData(index)))
        self.measure.changed.connect(lambda index: self.measure_chosen.emit(list(Measure)[index]))
        self.new.clicked.connect(self.new_run)
        self.add.clicked.connect(self.add_to_prompt)
        self._table.selectionModel().selectionChanged.connect(lambda *_: self.show_offer())
        self._session.current_prompt_changed.connect(self.show_offer)
        menu = QMenu(self.export)
        menu.addAction("Ranking table, CSV…", self.export_table)
        menu.addAction("Report, HTML…", lambda: self.export_report("html"))
        menu.addAction("Report, Markdown…", lambda: self.export_report("md"))
        self.export.setMenu(menu)
        self._counts = QMenu(self.more)
        self._counts.aboutToShow.connect(self._fill_counts)
        self.more.setMenu(self._counts)

    # what is shown
    def show_runs(self, runs: Sequence[RunInfo], reading: RunReading | None) -> None:
        new_run = reading is not None and (self._reading is None or self._reading.run.job_id != reading.run.job_id)
        self._reading = reading
        if new_run:
            self._offer_chosen = True
        _fill(self.run, [(_run_words(run), run.job_id) for run in runs], reading.run.job_id if reading else None)
        rounds = [(f"Round {round.number}", round.number) for round in reversed(reading.rounds)] if reading else []
        if reading is not None and reading.table.round not in [number for _, number in rounds] and reading.is_search:
            now = ", now" if reading.running else ""
            rounds.insert(0, (f"Round {reading.table.round}{now}", reading.table.round))
        _fill(self.round, rounds, reading.table.round if reading else None)
        self.round.setVisible(bool(rounds))
        self.run.setToolTip(tip(one_line(reading.run.title), one_line(reading.run.model)) if reading else "")
        for tool in (self.measure, self.export, self.add, self.more):
            tool.setVisible(reading is not None)
        self.run.setVisible(bool(runs))
        self.new.setVisible(bool(runs))
        self.show_offer()

    def offer(self) -> tuple[str, list[int]]:
        """The primary button's words, and the demonstrations that it adds: the selected rows, else the search's
        choice, else the best by the measure."""
        rows = self._table.selected_rows()
        if len(rows) > 1:
            return f"Add {len(rows)} selected to prompt", [self._model.id_at(row) for row in rows]
        chosen = list(self._reading.chosen) if self._reading is not None else []
        if chosen and self._offer_chosen:
            return f"Add {len(chosen)} chosen to prompt", chosen
        best = self._model.top(self._top)
        return f"Add top {len(best)} to prompt" if len(best) != 1 else "Add the best to prompt", best

    def show_offer(self) -> None:
        words, ids = self.offer()
        possible = bool(ids) and self._session.current_prompt_id is not None and not self._session.read_only
        self.add.setText(words)
        self.add.setEnabled(possible)
        self.more.setEnabled(bool(ids))
        self.new.setEnabled(not self._session.read_only)
        self.fit()
        self.add.setToolTip("" if possible or not ids else "The project is open for reading only"
                            if self._session.read_only else "There is no prompt yet: make one on the Prompt page")

    def fit(self) -> None:
        """Words on the quieter buttons where there is room, else their icons: no word is to be cut."""
        self._set_compact(False)
        layout = self._header.row
        layout.activate()
        if layout.totalMinimumSize().width() > self._header.width():
            self._set_compact(True)

    def _set_compact(self, compact: bool) -> None:
        for button, words in ((self.export, "Export"), (self.new, "New run…")):
            button.setText("" if compact else words)
            button.setAccessibleName(words)
            button.setToolTip(words if compact else "")

    def _fill_counts(self) -> None:
        self._counts.clear()
        chosen = self._reading.chosen if self._reading is not None else ()
        if chosen:
            self._counts.addAction(f"The {len(chosen)} that the search chose", lambda: self._set_offer(None))
            self._counts.addSeparator()
        for count in TOP:
            if count <= self._model.rowCount():
                self._counts.addAction(f"Top {count} of this round" if chosen else f"Top {count}",
                                       partial(self._set_offer, count))

    def _set_offer(self, count: int | None) -> None:
        self._offer_chosen = count is None
        self._top = count or self._top
        current = self._table.currentIndex().row()
        self._table.choose(current, [current])
        self.show_offer()

    # acting
    def add_to_prompt(self) -> None:
        prompt_id, ids = self._session.current_prompt_id, self.offer()[1]
        if prompt_id is None or not ids:
            return
        position = self._reading.spec.position if self._reading is not None else Position.BEFORE_BASE
        self._session.change(lambda project: project.prompts.add_demonstrations(prompt_id, ids, position))

    def export_table(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self._table, "Export the ranking table", "ranking.csv", "CSV (*.csv)")
        if path:
            try:
                export.write(_with_suffix(path, ".csv"), export.csv_text(self._model.export()).encode("utf-8"))
            except WorkbenchError as error:
                self._session.error.emit(error)

    def export_report(self, ending: str) -> None:
        if self._reading is None:
            return
        job_id = self._reading.run.job_id
        chosen, _ = QFileDialog.getSaveFileName(self._table, "Export the report", f"report.{ending}", f"*.{ending}")
        if chosen:
            path, format = _with_suffix(chosen, f".{ending}"), {"html": "html", "md": "markdown"}[ending]
            self._session.ask(lambda project: project.exports.report(job_id, path, format),
                              lambda _: self._session.notice.emit(f"{path.name} is written.", "info"))


def _run_words(run: RunInfo) -> str:
    return one_line(run.title) + ("" if run.state == "finished" else f", {run.state}")


def _with_suffix(path: str, suffix: str) -> Path:
    return Path(path) if Path(path).suffix else Path(path + suffix)


def _fill(combo: QComboBox, items: Sequence[tuple[str, int]], current: int | None) -> None:
    """Set a combo's items unless they are there already (an open list is not to jump while a job runs)."""
    if [(combo.itemText(i), combo.itemData(i)) for i in range(combo.count())] != list(items):
        combo.clear()
        for words, value in items:
            combo.addItem(words, value)
    combo.setCurrentIndex(combo.findData(current))
