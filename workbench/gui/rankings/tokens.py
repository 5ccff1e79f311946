"""The lower right of the Rankings page: one cell of the heat map, token by token, the exact prompts, the candidates'
texts. With two candidates: the one against the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Demonstration
from workbench.gui.charts.chart import one_line
from workbench.gui.charts.chart_view import ChartTools, ChartView, scrolled
from workbench.gui.charts.heat_scale import ScaleBar
from workbench.gui.charts.numbers import tone
from workbench.gui.charts.token_strip import ROWS, UNLIKELY, TokenStrip, mean
from workbench.gui.rankings.text_pair import TextPair
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import link
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import ElidedLabel, label, set_property
from workbench.gui.widgets.segmented import Segmented
from workbench.jobs.events import Failed, Finished, Stopped, Tokens
from workbench.jobs.kinds.inspect import InspectSpec
from workbench.services.project import Project
from workbench.services.ranking_reading import RunReading
from workbench.wording import plain, signed

FOLLOW_MS = 450                      # how long the current cell rests before its tokens are read
TABS = ("Tokens", "Prompts", "Texts")
TOKENS, PROMPTS, TEXTS = range(3)
STATE, STRIP, PAIR = range(3)        # what the body shows
KEPT = 64                            # results that are remembered


@dataclass(frozen=True, slots=True)
class Cell:
    """What is looked at: a demonstration (rows move while a run grows) and a question's index in the table."""

    job_id: int
    round: int
    demonstration_id: int
    question: int
    turn: int = 0


class TokensPane(QWidget):
    """Reads a cell's tokens with a short job, and remembers what it has read."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._reading: RunReading | None = None
        self._pool: dict[int | None, Demonstration] = {}     # of the reading
        self._shown: list[tuple[int, int]] = []  # (row of the table, rank) of one candidate, or of two
        self._cells: tuple[Cell, ...] = ()       # as many, or none
        self._asked: Cell | None = None          # the cell whose job is on its way
        self._job: int | None = None
        self._mine: set[int] = set()             # jobs of this pane: taken out of the list when they have ended
        self._known: dict[Cell, Tokens] = {}
        self._follow = QTimer(self, singleShot=True, interval=FOLLOW_MS)
        self._follow.timeout.connect(self.read)
        self._build()
        self._show_state("eye", *NO_CELL)
        session.job_event.connect(self._job_said)

    # building
    def _build(self) -> None:
        self._title = ElidedLabel("Answer tokens", "strong")
        self._question = label("", "faint")      # beside the title, so that a long title does not push it out
        self._gain = label("", "strong")
        self.turns = Segmented(("Turn 1", "Turn 2"), name="Turn")
        self.turns.hide()
        self.turns.changed.connect(self._turn_changed)
        self.tabs = Segmented(TABS, name="What of this cell")
        self.strip = TokenStrip()
        self.view = ChartView(self.strip, self._scrolled())
        self.tools = ChartTools(lambda: self.view, self._session.error.emit)
        self.other = link("Charts")              # shown where there is room for one pane only
        self.other.hide()
        self._top = top = QWidget()
        top.setFixedHeight(40)
        self._top_row = row = QHBoxLayout(top)
        row.setContentsMargins(14, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(self._title, 100)
        row.addWidget(self._question)
        row.addStretch(1)                        # what the title does not need
        for widget in (self._gain, self.turns, self.tabs, self.other, self.tools.table, self.tools.export):
            row.addWidget(widget)
        self._body = QStackedWidget()
        self._state = EmptyState("eye", *NO_CELL)
        self._state.setMinimumHeight(60)         # it may be cut before it pushes the table away
        self.pair = TextPair()
        for page in (self._state, self._tokens_page(), self.pair):
            self._body.addWidget(page)
        self.tabs.changed.connect(lambda tab: self._show_tab())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(top)
        column.addWidget(self._body, 1)
        self.setMinimumSize(280, 160)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_title()

    def _fit_title(self) -> None:
        """The question's number goes before a word on the tabs is cut; the heat map shows it too."""
        self._question.show()
        self._top_row.activate()
        self._question.setVisible(self._top_row.totalMinimumSize().width() <= self.width())

    def _scrolled(self) -> QScrollArea:
        area = scrolled(self.strip)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return area

    def _tokens_page(self) -> QWidget:
        page = QWidget()
        likely, self._change_scale = ScaleBar(diverging=False), ScaleBar(diverging=True)
        likely.set_ends("0 likely", f"{plain(-UNLIKELY, 0)} unlikely")
        self.strip.clip_changed.connect(lambda clip: self._change_scale.set_ends(signed(-clip, 1), signed(clip, 1)))
        scales = QHBoxLayout()
        scales.setSpacing(24)
        scales.addWidget(likely)
        scales.addWidget(self._change_scale)
        scales.addStretch(1)
        self._means = [label("", "strong") for _ in ROWS]
        self._mean_names = [label("", "faint") for _ in ROWS]
        means = QHBoxLayout()
        means.setSpacing(6)
        means.addWidget(label("Mean per token", "faint"))
        for number, word in zip(self._means, self._mean_names, strict=True):
            means.addWidget(number)
            means.addWidget(word)
            means.addSpacing(8)
        self._most = ElidedLabel("", "faint")
        means.addWidget(self._most, 1)
        column = QVBoxLayout(page)
        column.setContentsMargins(14, 0, 16, 10)
        column.setSpacing(8)
        column.addLayout(scales)
        column.addWidget(self.view, 1)
        column.addLayout(means)
        return page

    # which cell
    def show_reading(self, reading: RunReading | None) -> None:
        same = (reading is not None and self._reading is not None
                and reading.run.job_id == self._reading.run.job_id and reading.table.round == self._reading.table.round)
        self._reading = reading
        if not same:
            self._pool = {}
            self._cells, self._shown = (), []
            self._follow.stop()
            self._show_state("eye", *NO_CELL)

    def show_cell(self, shown: Sequence[tuple[int, int]], question: int, *, at_once: bool = False) -> None:
        """Look at a question with one candidate or two, each a (row of the reading's table, rank): at once for a
        click, after a rest for the arrows. ``question`` -1: at the candidates alone."""
        moved, self._shown = list(shown) != self._shown, list(shown)
        if self._reading is None or not shown or question < 0:
            self._cells = ()
            self._show_state("eye", *NO_CELL)
            return
        table = self._reading.table
        cells = tuple(Cell(self._reading.run.job_id, table.round, table.demonstration_ids[row], question)
                      for row, _ in shown)
        self._show_title(question)
        same = tuple(replace(cell, turn=0) for cell in self._cells) == cells
        if same and not at_once:                 # newer numbers of the run: what was read, or failed, stays
            if moved and self._read_now():       # their ranks name them
                self.read()
            return
        if not same:
            self._cells = cells
            self._offer_turns(question)
            self._show_state("eye", *REST)
        if at_once or self._known.keys() >= set(self._cells):
            self._follow.stop()
            self.read()
        else:
            self._follow.start()

    def busy(self) -> bool:
        """Whether tokens are on their way."""
        return self._follow.isActive() or self._asked is not None

    def _show_title(self, question: int) -> None:
        assert self._reading is not None
        table, rows = self._reading.table, [row for row, _ in self._shown]
        self._say_title(one_line(table.titles[rows[0]]) if len(rows) == 1
                        else " against ".join(f"#{rank}" for _, rank in self._shown))
        category = one_line(table.questions[question].category)
        self._question.setText(f"question {question + 1}" + (f", {category}" if category else ""))
        gain = float(table.gain[rows[0]][question] - (table.gain[rows[1]][question] if len(rows) == 2 else 0.0))
        self._gain.setText(f"{signed(gain)} nats" if gain == gain else "not scored")
        set_property(self._gain, "tone", tone(gain))
        self._fit_title()

    def _say_title(self, text: str) -> None:
        self._title.setText(text)
        self._title.setMaximumWidth(self._title.fontMetrics().horizontalAdvance(text) + 8)

    def _offer_turns(self, question: int) -> None:
        assert self._reading is not None
        references = self._reading.table.questions[question].references
        several = self._reading.spec.turns == "all" and sum(1 for reference in references if reference) > 1
        self.turns.blockSignals(True)
        self.turns.set_current(0)
        self.turns.blockSignals(False)
        self.turns.setVisible(several)

    def _turn_changed(self, turn: int) -> None:
        if any(cell.turn != turn for cell in self._cells):
            self._cells = tuple(replace(cell, turn=turn) for cell in self._cells)
            self.read()

    # reading it
    def read(self) -> None:
        """Show the tokens of the current cells; start the short job that reads the first that is not known."""
        self._follow.stop()
        if not self._cells or self._reading is None:
            return
        cell = next((cell for cell in self._cells if cell not in self._known), None)
        if cell is None:
            self._show_tokens([self._known[cell] for cell in self._cells])
            return
        if self._session.read_only:
            self._show_state("eye", "The tokens cannot be read now",
                             "The project is open for reading only, so no job can be started.")
            return
        self._show_state("eye", "Reading the tokens", "The model scores this answer with and without the candidate.")
        if self._asked == cell:
            return
        self._drop_job()
        self._asked = cell
        reading = self._reading
        self._session.ask(lambda project: project.jobs.submit(_inspect(project, reading, cell)),
                          lambda job_id: self._started(cell, job_id), self._failed, owner=self)

    def _started(self, cell: Cell, job_id: int) -> None:
        self._mine.add(job_id)
        if self._asked != cell:                  # another cell was asked for meanwhile
            self._forget(job_id)
            return
        self._job = job_id

    def _job_said(self, job_id: int, event: object) -> None:
        if job_id in self._mine and isinstance(event, Finished | Failed | Stopped):
            self._mine.discard(job_id)
            self._session.ask(lambda project: project.jobs.remove(job_id), failed=lambda error: None)
        if job_id != self._job or self._asked is None:
            return
        if isinstance(event, Tokens):
            cell, self._asked = self._asked, None
            self._known[cell] = event
            while len(self._known) > KEPT:
                self._known.pop(next(iter(self._known)))
            if cell in self._cells:
                self.read()
        elif isinstance(event, Failed):
            self._failed(Exception(event.message))

    def _failed(self, error: Exception) -> None:
        self._asked = self._job = None
        self._show_state("alert", "The tokens could not be read", str(error))

    def _drop_job(self) -> None:
        if self._job is not None and self._asked is not None:
            self._forget(self._job)
        self._asked = self._job = None

    def _forget(self, job_id: int) -> None:
        """A cell that nobody looks at any more: end its job."""
        self._session.ask(lambda project: project.jobs.cancel(job_id), failed=lambda error: None)

    # showing it
    def _show_tokens(self, found: Sequence[Tokens]) -> None:
        """One cell: before and after. Two: with the second candidate, and with the first."""
        before, after, names = found[0].before, found[0].after, ROWS
        if len(found) == 2:
            before, names = found[1].after, (f"With #{self._shown[1][1]}", f"With #{self._shown[0][1]}", "Difference")
        self.strip.set_tokens(before, after, names)
        self.view.chart_changed()
        means = mean(before), mean(after)
        for number, text in zip(self._means, (*map(plain, means), signed(means[1] - means[0])), strict=True):
            number.setText(text)
        for word, name in zip(self._mean_names, names, strict=True):
            word.setText(name.lower())
        set_property(self._means[2], "tone", tone(means[1] - means[0]))
        largest = self.strip.largest()
        self._most.setText(f"Most of it: {largest}" if largest else "")
        self._show_tab()

    def _read_now(self) -> bool:
        return bool(self._cells) and self._known.keys() >= set(self._cells)

    def _show_tab(self) -> None:
        tab, there = self.tabs.current(), self._read_now()
        if tab == TEXTS and self._shown and self._reading is not None:
            self.pair.show_texts(self._texts())
            self._body.setCurrentIndex(PAIR)
        elif tab == PROMPTS and there:
            self.pair.show_texts(self._prompts())
            self._body.setCurrentIndex(PAIR)
        else:
            self._body.setCurrentIndex(STRIP if there else STATE)
        for button in (self.tools.table, self.tools.export):
            button.setEnabled(there and tab == TOKENS)

    def _prompts(self) -> list[tuple[str, str]]:
        found = [self._known[cell] for cell in self._cells]
        if len(found) == 1:
            return [("Prompt before", found[0].before_text), ("Prompt after", found[0].after_text)]
        return [(f"Prompt with #{rank}", tokens.after_text)
                for (_, rank), tokens in zip(self._shown, found, strict=True)]

    def _texts(self) -> list[tuple[str, str]]:
        """The candidates as they stand in the pool that was scored."""
        assert self._reading is not None
        table = self._reading.table
        if not self._pool:
            self._pool = {candidate.id: candidate for candidate in self._reading.spec.candidates}
        return [(f"#{rank} {one_line(table.titles[row])}",
                 "\n\n".join(f"{turn.role.value.capitalize()}\n{turn.text}"
                             for turn in self._pool[table.demonstration_ids[row]].turns))
                for row, rank in self._shown]

    def _show_state(self, icon: str, title: str, text: str) -> None:
        if not self._cells:
            self._say_title("Answer tokens")
            self._question.setText("")
            self._gain.setText("")
            self.turns.hide()
        self._state.set_text(title, text)
        self._show_tab()


NO_CELL = ("No cell is chosen", "Choose a cell of the heat map to see each token of the answer, with and without the "
                                "candidate.")
REST = ("Rest on this cell to read its tokens", "Enter reads them at once.")


def _inspect(project: Project, reading: RunReading, cell: Cell) -> InspectSpec:
    spec, table = reading.spec, reading.table
    candidates = {candidate.id: candidate for candidate in spec.candidates}
    return InspectSpec(spec.model, spec.base, candidates[cell.demonstration_id], table.questions[cell.question],
                       cell.turn, spec.position, tuple(candidates[id] for id in reading.chosen_before()))
