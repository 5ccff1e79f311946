"""The Alignment page: train a small model to prefer the demonstrations that a large one prefers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from workbench.domain import Changes, Kind
from workbench.gui.alignment.benchmarks import BenchmarkDialog
from workbench.gui.alignment.curves import CurvesPane, series_colours
from workbench.gui.alignment.dialogs import (
    MethodsDialog,
    NameDialog,
    ResumeDialog,
    StudentExportDialog,
    find_student,
    suggested_name,
)
from workbench.gui.alignment.form import TrainingForm
from workbench.gui.alignment.preferences import ALL, PreferencesPane
from workbench.gui.alignment.runs import BENCHMARKS, COMPARE, RUNS, RunsPane
from workbench.gui.charts.chart import one_line
from workbench.gui.shell import settings
from workbench.gui.shell.page import Page
from workbench.gui.shell.reader import Reader
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.pane import splitter
from workbench.gui.widgets.segmented import Segmented
from workbench.jobs.events import Metric, Progress
from workbench.services.alignment_checkpoints import resume_from
from workbench.services.evaluations import (
    BenchmarkRequest,
    TaskScore,
    read_benchmark_choices,
    submit_benchmarks,
    task_scores,
)
from workbench.services.project import Project
from workbench.services.training_reading import RunReading, read_runs
from workbench.services.trainings import (
    Choices,
    Estimator,
    TrainingRequest,
    default_choices,
    read_choices,
    submit,
    submit_all,
)
from workbench.wording import counted

SUBTITLE = "Teach a small model to prefer the subsets the teacher prefers"
UPDATE_MS = 250                      # live: at most four times a second
FORM, SLOPE, BELOW = 300, 372, 254
ROOMY = 1150                         # a narrower page shows the curves or the preferences, not both
HIGH = 720                           # a lower page gives what is compared the room of the curves
NO_MODELS, CONTENT = range(2)
NO_RUNS, CURVES = range(2)


@dataclass(frozen=True, slots=True)
class AlignmentReading:
    """``choices`` is None where only the runs were read."""

    runs: list[RunReading]
    scores: list[TaskScore]
    choices: Choices | None


class AlignmentPage(Page):
    name, title = "alignment", "Alignment"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._pool: Path | None = None
        self._pool_chosen = False
        self._wanted: int | None = None
        self._models_changed = True
        self._compact = self._low = self._without_runs = False
        self._shares = [590, BELOW]              # of the curves and the runs, while the curves are hidden
        self.reader = Reader(session, self, self._question, self._have_read, self._failed,
                             wait_ms=UPDATE_MS, paced=True)
        self.form = TrainingForm()
        self.curves = CurvesPane(session.error.emit)
        self.preferences = PreferencesPane(session.error.emit)
        self.runs = RunsPane(session.error.emit)
        self._build()
        self._connect()
        self.reader.read()

    def _build(self) -> None:
        header = self.header()
        header.set_subtitle(SUBTITLE)
        self.compare = secondary("Compare runs", "split")
        self.register = secondary("Register as model…", "models")
        self.export = secondary("Export student…", "export")
        self.part = Segmented(("Curves", "Preferences"), name="Above the runs")
        self.part.hide()
        header.add_tool(self.part)
        header.add_tool(self.compare)
        header.add_tool(self.register)
        header.add_tool(self.export)
        add = primary("Go to Models", "models")
        add.clicked.connect(lambda: self.session.open_page("models"))
        no_models = EmptyState("align", "Two models are needed", "A teacher, and a smaller student with the same "
                               "vocabulary, both from folders with safetensors files.", [add])
        self._benchmark_first = secondary("Run benchmarks…")
        no_runs = EmptyState("align", "No runs yet", "Choose a student, a teacher and tasks at the left, and start. "
                             "The quick preset shows in a few minutes what training does.", [self._benchmark_first])
        self._curves_stack = QStackedWidget()
        self._curves_stack.addWidget(no_runs)
        across = Qt.Orientation.Horizontal
        self.curves.setMinimumWidth(320)
        self.preferences.setMinimumWidth(260)
        self._top = splitter(across, self.curves, self.preferences,
                             sizes=[770, SLOPE], remembered=settings.ALIGNMENT_TOP)
        self._rows = splitter(Qt.Orientation.Vertical, self._top, self.runs,
                              sizes=[590, BELOW], remembered=settings.ALIGNMENT_ROWS)
        self._curves_stack.addWidget(self._rows)
        self._curves_stack.setMinimumWidth(560)
        content = splitter(across, self.form, self._curves_stack,
                           sizes=[FORM, 1100], stretch=1, remembered=settings.ALIGNMENT_PANES)
        self._stack = QStackedWidget()
        self._stack.addWidget(no_models)
        self._stack.addWidget(content)
        self.body.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.form.start_wanted.connect(self._start)
        self.form.pool_wanted.connect(self._choose_pool)
        self.form.several_wanted.connect(self._ask_methods)
        self.curves.acted.connect(self._act)
        self.part.changed.connect(lambda _: self._share())
        self.runs.selected.connect(self._selection_changed)
        self.runs.part.changed.connect(lambda _: self._share())
        self.compare.clicked.connect(lambda: self.runs.part.set_current(COMPARE))
        self.register.clicked.connect(self.ask_name)
        self.export.clicked.connect(self.export_student)
        for start in (self.runs.benchmarks.start, self._benchmark_first):
            start.clicked.connect(self.ask_benchmarks)
        self.session.job_event.connect(self._on_event)

    # room
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        compact, low = event.size().width() < ROOMY, event.size().height() < HIGH
        if (compact, low) != (self._compact, self._low):
            self._compact, self._low = compact, low
            self._share()

    def _share(self) -> None:
        """Where there is room for one only, the curves or else the preferences; elsewhere both. On a low page neither
        beside what is compared."""
        above = not self._without_runs and not (self._low and self.runs.part.current() != RUNS)
        if above != self._top.isVisibleTo(self._rows):
            shares = self._rows.sizes() if not above else self._shares
            self._top.setVisible(above)
            self._shares = shares
            if above:
                self._rows.setSizes(shares)
        self.part.setVisible(self._compact and above)
        self.header().set_subtitle("" if self._compact else SUBTITLE)
        self.curves.setVisible(not self._compact or self.part.current() == 0)
        self.preferences.setVisible(not self._compact or self.part.current() == 1)

    # the page's interface
    def shown(self, *, job: int | None = None, matrix: bool = False, compare: bool = False, **arguments: Any) -> None:
        """``job`` shows that run or benchmark, ``matrix`` the preferences of all examples, ``compare`` the methods."""
        self._wanted = job
        if matrix:
            self.preferences.part.set_current(ALL)
        if compare:
            self.runs.part.set_current(COMPARE)
        self._models_changed = True
        self.reader.read()
        self.form.preset.button(self.form.preset.current()).setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self, changes: Changes) -> None:
        if any(changes.concerns(kind) for kind in (Kind.MODEL, Kind.DEMONSTRATION, Kind.PROJECT)):
            self._models_changed = True
        elif not changes.concerns(Kind.JOB):
            return
        self.reader.read_soon()

    def panes(self) -> list[QWidget]:
        return [self.form.student, self.curves.table, self.preferences.view, self.runs.view()]

    def busy(self) -> bool:
        return self.reader.busy() or self.form.estimating()

    # reading
    def _on_event(self, job_id: int, event: object) -> None:
        if isinstance(event, Metric):
            self.reader.read_soon()
        elif isinstance(event, Progress) and job_id == self.runs.current_id():
            self.curves.progress(event)

    def _question(self) -> Callable[[Project], AlignmentReading]:
        """The runs, and what the form offers if that may have changed."""
        chosen = [one.run.job_id for one in self.runs.chosen()] + ([self._wanted] if self._wanted is not None else [])
        with_choices, self._models_changed = self._models_changed, False
        pool, fixed = self._pool, self._pool_chosen

        def work(project: Project) -> AlignmentReading:
            choices = None
            if with_choices:
                choices = read_choices(project, pool) if fixed else default_choices(project)
            return AlignmentReading(read_runs(project, chosen), task_scores(project), choices)

        return work

    def _failed(self, error: Exception) -> None:
        """A file that cannot be read leaves the pool as it was."""
        self._pool, self._pool_chosen, self._models_changed = None, False, True
        self.session.error.emit(error)
        self.reader.read_soon()

    def _have_read(self, found: AlignmentReading) -> None:
        if found.choices is not None:
            self._pool = found.choices.pool
            self.form.show_choices(found.choices, [one.run for one in found.runs], read_only=self.session.read_only)
            enough = len(found.choices.models) > 1 or bool(found.runs or found.scores)
            self._stack.setCurrentIndex(CONTENT if enough else NO_MODELS)
        wanted, self._wanted = self._wanted, None
        self._curves_stack.setCurrentIndex(CURVES if found.runs or found.scores else NO_RUNS)
        benchmark = wanted if any(score.job_id == wanted for score in found.scores) else None
        self.runs.benchmarks.show_scores(found.scores, benchmark)
        if benchmark is not None or not found.runs:
            self.runs.part.set_current(BENCHMARKS if found.scores else RUNS)
            wanted = None
        self.runs.show_runs(found.runs, wanted)
        self._without_runs = not found.runs
        self._share()
        self._show_chosen()

    def _selection_changed(self) -> None:
        """Another run's curves may not have been read yet."""
        self._show_chosen()
        if any(len(one.curves) <= 3 for one in self.runs.chosen()) and not self.reader.busy():
            self.reader.read_soon()

    def _show_chosen(self) -> None:
        chosen = self.runs.chosen()
        self.compare.setVisible(bool(self.runs.model.rows))
        finished = bool(chosen) and chosen[0].run.result is not None
        for button in (self.register, self.export):
            button.setVisible(bool(self.runs.model.rows))
        self.register.setEnabled(finished and not self.session.read_only)
        self.export.setEnabled(finished)
        colours = series_colours(len(chosen))
        self.runs.model.set_colours({one.run.job_id: colour for one, colour in zip(chosen, colours, strict=True)})
        if chosen:
            self.curves.show_runs(chosen[0], chosen[1:], read_only=self.session.read_only)
        self.preferences.show_run(chosen[0].run if chosen else None)

    # acting
    def _choose_pool(self, pool: Path | None) -> None:
        self._pool, self._pool_chosen, self._models_changed = pool, True, True
        self.reader.read()

    def _start(self, request: TrainingRequest) -> None:
        def started(job_id: int) -> None:
            self._wanted = job_id
            self.reader.read()
            self.session.notice.emit("The run is in the queue. Its curves show here as they come.", "info")

        self.session.ask(lambda project: submit(project, request), started, owner=self)

    def pause(self) -> None:
        if self.curves.pause.isVisible():
            self._act(self.curves.pause_or_resume())

    def _act(self, what: str) -> None:
        job_id = self.runs.current_id()
        if job_id is None or self.session.read_only:
            return
        if what == "resume from":
            ResumeDialog(self.runs.chosen()[0], lambda step: self.resume_from(job_id, step), self.window()).open()
            return

        def work(project: Project) -> None:
            {"pause": project.jobs.pause, "resume": project.jobs.resume, "stop": project.jobs.cancel}[what](job_id)

        self.session.ask(work, lambda _: self.reader.read(), owner=self)

    def resume_from(self, job_id: int, step: int) -> None:
        self.session.ask(lambda project: resume_from(project, job_id, step), lambda _: self.reader.read(), owner=self)

    def ask_name(self) -> None:
        chosen = self.runs.chosen()
        if not chosen or not self.register.isEnabled():
            return
        run = chosen[0].run
        NameDialog(self._name(chosen[0]), lambda name: self.register_as(run.job_id, name), self.window()).open()

    def _name(self, reading: RunReading) -> str:
        spec = reading.run.spec
        return suggested_name(one_line(spec.student.name), spec.options.method, reading.name)

    def export_student(self) -> None:
        chosen = self.runs.chosen()
        if not chosen or not self.export.isEnabled():
            return
        job_id, name = chosen[0].run.job_id, self._name(chosen[0])
        stem = re.sub(r"[^\w-]+", "-", name.casefold()).strip("-")
        self.session.ask(lambda project: find_student(project, job_id),
                         lambda student: StudentExportDialog(self.session, student, stem, self.window()).open(),
                         owner=self)

    def _ask_methods(self, request: TrainingRequest, estimator: Estimator | None) -> None:
        dialog = MethodsDialog(request, estimator, self.window())
        dialog.chosen.connect(self.queue_all)
        dialog.open()

    def queue_all(self, requests: list[TrainingRequest]) -> None:
        def queued(jobs: list[int]) -> None:
            if jobs:
                self._wanted = jobs[0]
            self.reader.read()
            self.runs.part.set_current(COMPARE if not jobs else RUNS)
            there = len(requests) - len(jobs)
            self.session.notice.emit(f"{counted(len(jobs), 'run')} in the queue" +
                                     (f", {there} there already" if there else ""), "info")

        self.session.ask(lambda project: submit_all(project, requests), queued, owner=self)

    def ask_benchmarks(self) -> None:
        if self.session.read_only:
            return
        prompt = self.session.current_prompt_id
        self.session.ask(read_benchmark_choices, lambda choices: BenchmarkDialog(
            choices, prompt, self.run_benchmarks, self.window()).open(), owner=self)

    def run_benchmarks(self, request: BenchmarkRequest) -> None:
        self.session.ask(lambda project: submit_benchmarks(project, request), lambda _: self.session.notice.emit(
            "The benchmarks are in the queue. Their scores show under Benchmarks when they are done.", "info"),
            owner=self)

    def register_as(self, job_id: int, name: str) -> None:
        self.session.change(lambda project: project.alignment.register(job_id, name))
