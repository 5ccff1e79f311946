"""The Bench page: contestants answer the same questions; judges and people say who does it better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from workbench.domain import Changes, Kind, Rendered
from workbench.gui.bench.actions import BenchActions
from workbench.gui.bench.answers.view import AnswersPane
from workbench.gui.bench.arena.view import ArenaPane
from workbench.gui.bench.bar import BenchBar
from workbench.gui.bench.charts import Behind
from workbench.gui.bench.counting import Counting
from workbench.gui.bench.overview.view import Overview
from workbench.gui.bench.prompt_dialog import PromptDialog
from workbench.gui.bench.recipes.view import RecipesPane
from workbench.gui.bench.run.progress import RunLine
from workbench.gui.bench.state import BenchState
from workbench.gui.charts.legend import MOST
from workbench.gui.shell.page import Page
from workbench.gui.shell.reader import Reader
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import ghost, primary, secondary
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import hairline
from workbench.gui.widgets.segmented import Segmented
from workbench.jobs.events import Failed, Finished, Started, StateChanged, Stopped
from workbench.services import bench_numbers as numbers
from workbench.services.bench_measures import Measure, measures
from workbench.services.bench_reading import BenchReading, place_of_job, read_bench
from workbench.services.project import Project
from workbench.wording import counted

EMPTY, SHOWN = range(2)
OVERVIEW, ANSWERS, ARENA, RECIPES = range(4)
NO_CHARTS = (ARENA, RECIPES)         # parts that do not show the chosen contestants' numbers
UPDATE_MS = 250                      # live: at most four times a second
NARROW = 1150
_KINDS = (Kind.CONTESTANT, Kind.ANSWER, Kind.JUDGEMENT, Kind.QUESTION_SET, Kind.PROJECT)
_RECIPE_KINDS = (*_KINDS, Kind.SCORE, Kind.SEARCH)


class BenchPage(Page):
    name, title = "bench", "Bench"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.state = BenchState()
        self._due = False                        # numbers are to be computed once they are looked at
        self._latest: tuple[numbers.Summary, bool] | None = None
        self._not_shown: set[int] = set()        # parts that have not been filled with them
        self.reader = Reader(session, self, self._question, self._have_read, wait_ms=UPDATE_MS, paced=True)
        self.part = Segmented(("Overview", "Answers", "Blind arena", "Recipes"), name="Bench")
        self.bar = BenchBar()
        self.overview, self.answers = Overview(session.error.emit), AnswersPane()
        self.arena, self.recipes, self.line = ArenaPane(session), RecipesPane(session), RunLine()
        self.counting = Counting(session, self.overview.comparison)
        self.commands = BenchActions(session, self.state, self.overview.filled_charts, self)
        self._build()
        self._connect()
        self.reader.read()

    def _build(self) -> None:
        header = self.header()
        self.export = ghost("Export report…", "export")
        self.run = primary("Run bench", "play")
        header.add_tool(self.part)
        header.add_tool(self.export)
        header.set_primary(self.run)
        self.bar.manage.setMenu(self.commands.manage_menu(self.bar.manage))
        self.body.addWidget(self.bar)
        self._hairline = hairline()
        self.body.addWidget(self._hairline)
        self.body.addWidget(self.line)
        self._line_end = hairline()
        self._line_end.hide()
        self.body.addWidget(self._line_end)
        self._empty_recipe = secondary("Run a recipe…", "play")
        self._empty_run, self._empty_import = primary("Run bench…", "play"), secondary("Import answers…", "folder")
        self._empty = EmptyState("bench", "Nobody has answered yet",
                                 "A bench lets models, prompts and decoding settings answer the same questions, and "
                                 "shows which is better, and how sure that is.",
                                 [self._empty_run, self._empty_recipe, self._empty_import])
        self._parts = QStackedWidget()
        for part in (self.overview, self.answers, self.arena, self.recipes):
            self._parts.addWidget(part)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._parts)
        self.body.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.part.changed.connect(self._part_changed)
        self.bar.contestants_chosen.connect(self._choose)
        self.bar.set_chosen.connect(self._set_chosen)
        self.bar.measure_chosen.connect(self._measure_chosen)
        self.overview.behind.connect(self.show_behind)
        self.overview.prompt_wanted.connect(lambda contestant, question: self._show_prompt(contestant, question, 0))
        self.counting.summarised.connect(self._show_summary)
        self.answers.prompt_wanted.connect(self._show_prompt)
        self.answers.search_wanted.connect(self._search)
        self.recipes.behind.connect(self._show_behind_recipe)
        for wanted in (self.recipes.run_wanted, self._empty_recipe.clicked):
            wanted.connect(lambda: self.commands.ask_which_recipe())
        self.run.clicked.connect(self.commands.ask_what_to_run)
        self._empty_run.clicked.connect(self.commands.ask_what_to_run)
        self._empty_import.clicked.connect(self.commands.import_answers)
        self.export.setMenu(self.commands.export_menu(self.export))
        self.line.acted.connect(self.commands.act)
        self.session.job_event.connect(self._on_event)
        self.commands.set_started.connect(self.show_set)
        self.commands.recipe_started.connect(self.show_recipe)
        self.commands.acted.connect(self.reread)

    # the page's interface
    def foot_height(self) -> int:
        return self.arena.foot_height() if self._parts.isVisible() and self.part.current() == ARENA else 0

    def shown(self, *, part: int | None = None, set: int | None = None, question: int | None = None,
              tab: int | None = None, job: int | None = None, **arguments: Any) -> None:
        """``part`` 0 overview … 3 recipes; ``set`` a question set's id; ``question`` a place in it; ``job`` a job's."""
        if job is not None:
            self._show_job(job)
        if set is not None:
            self.state.set_id = set
        if part is not None:
            self.part.set_current(part)
        if tab is not None:
            self.overview.comparison.tabs.set_current(tab)
        if question is not None:
            self._wanted_place = question
        self.reader.read()
        if not self.holds_focus():
            self._focus_main()

    _wanted_place: int | None = None

    def _show_job(self, job_id: int) -> None:
        """A recipe among the recipes, answers and judgements where their question set is shown."""
        def show(place: tuple[str, int | None]) -> None:
            self.state.set_id = place[1] or self.state.set_id
            self.recipes.show_job(job_id)        # which shows the newest for what is no recipe
            self.part.set_current({"answer": ANSWERS, "judge": OVERVIEW}.get(place[0], RECIPES))
            self.reader.read()

        self.session.ask(lambda project: place_of_job(project, job_id), show, owner=self)

    @property
    def has_answers(self) -> bool:
        return self._stack.currentIndex() == SHOWN

    def show_set(self, set_id: int) -> None:
        self.state.set_id = set_id
        self.reader.read()

    def show_recipe(self, job_id: int) -> None:
        self.part.set_current(RECIPES)
        self.recipes.show_job(job_id)

    def reread(self) -> None:
        self.reader.read()

    def _on_event(self, job_id: int, event: object) -> None:
        self.line.event_of(job_id, event)
        moved = isinstance(event, StateChanged | Started | Finished | Failed | Stopped)
        if moved:
            self.reader.read_soon()

    def refresh(self, changes: Changes) -> None:
        kinds = _RECIPE_KINDS if self.part.current() == RECIPES else _KINDS
        if not any(changes.concerns(kind) for kind in kinds) or not self.isVisible():
            return
        if changes.undoable:                     # what a person did shows at once
            self.reader.read()
        else:
            self.reader.read_soon()

    def panes(self) -> list[QWidget]:
        if self.part.current() == ARENA:
            return [self.arena.arena]
        if self.part.current() == ANSWERS:
            return [self.answers.list, self.answers.search]
        if self.part.current() == RECIPES:
            return [self.recipes.jobs, self.recipes.current_view()]
        return [self.overview.map, self.overview.categories.radar, self.overview.comparison.current_view()]

    def busy(self) -> bool:
        return self.reader.busy()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        self.bar.set_narrow(narrow)
        self.export.setText("Report…" if narrow else "Export report…")

    def _focus_main(self) -> None:
        if self._stack.currentIndex() == EMPTY:
            self._empty_run.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.part.current() == ARENA:
            self.arena.focus()
        else:
            main = self.answers.list if self.part.current() == ANSWERS else self.overview.map
            main.setFocus(Qt.FocusReason.OtherFocusReason)

    # reading
    def _question(self) -> Callable[[Project], tuple[BenchReading, int | None]]:
        set_id = self.state.set_id
        return lambda project: (read_bench(project, set_id), set_id)

    def _have_read(self, answer: tuple[BenchReading, int | None]) -> None:
        reading, asked = answer
        if self.state.set_id != asked:                # another set was chosen meanwhile
            self.reader.read()
            return
        before, self.state.reading = self.state.reading, reading
        self.state.set_id = reading.chosen.id if reading.chosen is not None else None
        other_set = (before.chosen.id if before.chosen else None) != self.state.set_id
        ids = [one.id for one in reading.contestants if one.id is not None]
        old = {one.id for one in before.contestants}
        # who was taken out of the charts stays out; who is new comes in
        kept = [id for id in ids if id in self.state.chosen or (id not in old and len(self.state.chosen) < MOST)]
        self.state.chosen = ids[:MOST] if other_set or not kept else kept[:max(MOST, len(self.state.chosen))]
        self._offer(reading)
        self.arena.show_reading(reading)
        if self.part.current() == RECIPES:
            self.recipes.read()
        self.line.show_job(reading.running, read_only=self.session.read_only)
        self._line_end.setVisible(reading.running is not None)
        self._stack.setCurrentIndex(SHOWN if reading.answers or reading.recipes else EMPTY)
        for widget in (self.part, self.export, self.run):      # the empty page has its own button
            widget.setVisible(bool(reading.answers) or reading.recipes)
        self.run.setEnabled(not self.session.read_only)
        self._show_bar()
        self._summarise()

    def _offer(self, reading: BenchReading) -> None:
        found = measures(reading)
        if self.state.measure not in found:
            self.state.measure = found[0] if found else None
        self.bar.show_reading(reading, self.state.chosen, found, self.state.measure)
        self.overview.comparison.offer([measure for measure in found if measure != self.state.measure])
        self._say()

    def _say(self) -> None:
        reading, measure = self.state.reading, self.state.measure
        if reading.chosen is None or not reading.answers:
            self.header().set_subtitle("")
            return
        turns = {1: "one turn", 2: "two turns"}.get(reading.turns, f"{reading.turns} turns")
        words = f"{counted(len(reading.questions), 'question')}, {turns}"
        judged = "not judged yet" if measure is None else measure.judged_by
        self.header().set_subtitle(f"{words}, {judged}")

    # numbers
    def _summarise(self) -> None:
        """Compute what the charts in front show; in the arena and among the recipes there are none."""
        self._due = self.part.current() in NO_CHARTS
        if not self._due:
            self.counting.summarise(self.state.reading, self.state.measure, self.state.chosen)

    def _show_summary(self, summary: numbers.Summary, judged: bool) -> None:
        self._latest, self._not_shown = (summary, judged), {OVERVIEW, ANSWERS}
        self._show_part()

    def _show_part(self) -> None:
        """Fill the part that is in front; the other one waits until it is looked at."""
        part, reading = self.part.current(), self.state.reading
        if self._latest is None or part not in self._not_shown:
            return
        self._not_shown.discard(part)
        (summary, judged), place = self._latest, self._wanted_place
        self._wanted_place = None
        if part == ANSWERS:
            self.answers.show_summary(reading, summary if judged else None, summary.chosen)
        else:
            self.overview.show_summary(reading, summary)
        if place is not None and place < len(reading.questions):
            self.go_to(place)

    # acting
    def _part_changed(self, part: int) -> None:
        self._parts.setCurrentIndex(part)
        self._show_bar()
        if part == RECIPES:
            self.recipes.read()
        if self._due and part not in NO_CHARTS:
            self._summarise()
        else:
            self._show_part()
        if self.isVisible():
            self._focus_main()

    def _show_bar(self) -> None:
        """The names and colours of the contestants: not where they are to stay hidden."""
        on = self.part.current() not in NO_CHARTS or self._stack.currentIndex() == EMPTY
        self.bar.setVisible(on and bool(self.state.reading.sets) and bool(self.state.reading.answers))
        self._hairline.setVisible(self.bar.isVisibleTo(self))

    def _choose(self, ids: Sequence[int]) -> None:
        self.state.chosen = list(ids)
        self._summarise()

    def _set_chosen(self, set_id: int) -> None:
        self.state.set_id = set_id
        self.answers.show_behind(None)
        self.reader.read()

    def _measure_chosen(self, measure: Measure) -> None:
        self.state.measure = measure
        self._offer(self.state.reading)
        self._summarise()

    def go_to(self, place: int) -> None:
        """Show a question, by its place in the set."""
        if self.part.current() == ANSWERS:
            self.answers.go_to(self.state.reading.questions[place].id or 0)
        else:
            self.overview.go_to(place)

    def step(self, by: int) -> None:
        if self.part.current() == ANSWERS:
            self.answers.step(by)
        else:
            self.overview.step(by)

    def show_behind(self, behind: Behind) -> None:
        """The answers behind a mark of a chart: those contestants beside the first of the others."""
        wanted = list(behind.contestants)
        beside = next((id for id in self.state.chosen if id not in wanted), None)
        ids = [beside, *wanted] if len(wanted) == 1 and beside is not None else wanted
        self.part.set_current(ANSWERS)
        self.answers.show_behind(behind, ids)

    def _show_behind_recipe(self, behind: Behind, set_id: int) -> None:
        self.state.set_id = set_id
        self.part.set_current(ANSWERS)
        self.answers.show_behind(behind, behind.contestants)
        self.reader.read()

    def focus_search(self) -> None:
        self.part.set_current(ANSWERS)
        self.answers.search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _search(self, text: str) -> None:
        set_id = self.state.set_id
        if not text.strip() or set_id is None:
            self.answers.show_hits(None)
            return
        self.session.ask(lambda project: project.bench.search(text, set_id), self.answers.show_hits, owner=self)

    def _show_prompt(self, contestant_id: int, question_id: int, repeat: int) -> None:
        turns = [answer for (contestant, question, _, draw), answer in self.state.reading.by_key.items()
                 if (contestant, question, draw) == (contestant_id, question_id, repeat)]
        if not turns:
            return
        last = max(turns, key=lambda answer: answer.turn)
        contestant = self.state.reading.contestant(contestant_id)

        def work(project: Project) -> Rendered:
            assert last.id is not None
            return project.bench.prompt_of(last.id)

        def show(rendered: Rendered) -> None:
            PromptDialog(contestant, last, rendered, self.window()).open()

        self.session.ask(work, show, owner=self)
