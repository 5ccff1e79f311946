"""What can be done on the Bench page besides looking: run, judge, import, export, rename, delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu, QWidget

from workbench.bench.recipe_table import SCALING, SHIFT
from workbench.errors import WorkbenchError
from workbench.gui.bench.overview import report as reports
from workbench.gui.bench.recipes.form import KINDS, RecipeForm
from workbench.gui.bench.run.form import BenchForm
from workbench.gui.bench.state import BenchState
from workbench.gui.charts.chart import Exportable, one_line
from workbench.gui.shell import dialogs
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.pane import field
from workbench.services import benching, recipes
from workbench.services.bench_files import Imported
from workbench.services.bench_report import Gathered, gather, report
from workbench.services.benching import BenchChoices, BenchRequest, Started, default_request, read_choices
from workbench.services.project import Project
from workbench.services.recipes import RecipeChoices, RecipeRequest, read_recipe_choices
from workbench.wording import counted

ANSWER_FILES = "Answers (*.jsonl *.json);;All files (*)"


class BenchActions(QObject):
    """``set_started`` carries the question set that is being answered or judged, ``recipe_started`` a job."""

    set_started = Signal(int)
    recipe_started = Signal(int)
    acted = Signal()

    def __init__(self, session: Session, state: BenchState,
                 charts: Callable[[Gathered], list[tuple[str, Exportable, str]]], parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._state, self._charts, self._parent = session, state, charts, parent
        self.form: BenchForm | None = None
        self.recipe_form: RecipeForm | None = None

    # running
    def ask_what_to_run(self) -> None:
        set_id, prompt_id = self._state.set_id, self._session.current_prompt_id

        def show(choices: BenchChoices) -> None:
            request = default_request(choices, set_id, prompt_id)
            if request is None:
                self._need_questions()
                return
            self.form = BenchForm(choices, request, self.run, self._parent.window())
            self.form.open()

        self._session.ask(read_choices, show, owner=self)

    def ask_which_recipe(self, kind: str = SCALING.name) -> None:
        state, prompt_id = self._state, self._session.current_prompt_id

        def show(choices: RecipeChoices) -> None:
            self.recipe_form = RecipeForm(self._session, choices, state.set_id, prompt_id, self.run_recipe,
                                          self._parent.window(), ticked=state.chosen)
            self.recipe_form.kind.set_current(KINDS.index(kind))
            self.recipe_form.open()

        self._session.ask(read_recipe_choices, show, owner=self)

    def run_recipe(self, request: RecipeRequest) -> None:
        def started(job_id: int) -> None:
            self._session.notice.emit("The recipe is in the queue. Its chart fills in as it runs.", "info")
            self.recipe_started.emit(job_id)

        self._session.ask(lambda project: recipes.submit(project, request), started, owner=self)

    def _need_questions(self) -> None:
        made = dialogs.Dialog("bench", "There is no question set yet", (
            "Import one (MT-Bench's question.jsonl, AlpacaEval's, a CSV), or add the general one that comes with the "
            "workbench: 80 two-turn questions over eight categories.",),
            self._parent.window())
        add = made.add_button(primary("Import questions…"), default=True)
        add.clicked.connect(made.accept)
        general = made.add_button(secondary("Add the general questions"))
        general.clicked.connect(made.reject)
        general.clicked.connect(self.add_general_questions)
        close = made.add_button(secondary("Close"))
        close.clicked.connect(made.reject)
        made.accepted.connect(self.import_questions)
        made.open()

    def run(self, request: BenchRequest) -> None:
        def started(found: Started) -> None:
            if found.answering is not None:
                follows = " Judging follows, also after a restart." if found.judging else ""
                self._session.notice.emit(f"The answers are in the queue. They show here as they come.{follows}",
                                          "info")
            elif found.judging:
                self._session.notice.emit(f"{counted(len(found.judging), 'judging job')} in the queue.", "info")
            self.set_started.emit(request.set_id)

        self._session.change(lambda project: benching.submit(project, request), started, owner=self, quiet=True)

    def act(self, what: str, job_id: int) -> None:
        if self._session.read_only:
            return

        def work(project: Project) -> None:
            {"pause": project.jobs.pause, "resume": project.jobs.resume, "stop": project.jobs.cancel}[what](job_id)

        self._session.ask(work, lambda _: self.acted.emit(), owner=self)

    # files
    def import_questions(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._parent, "Import questions", "",
                                                "Question sets (*.jsonl *.json *.csv);;All files (*)")
        if chosen:
            path = Path(chosen)
            self._session.change(lambda project: project.questions.import_file(path, None, path.stem))

    def add_general_questions(self) -> None:
        self._session.change(lambda project: project.questions.add_built_in())

    def change_held_out(self) -> None:
        """Keep the shown question set for reporting, or let searches search on it again."""
        chosen = self._state.reading.chosen
        if chosen is not None and chosen.id is not None:
            set_id, held_out = chosen.id, not chosen.held_out
            self._session.change(lambda project: project.questions.set_held_out(set_id, held_out))

    def import_answers(self) -> None:
        set_id = self._state.set_id
        if set_id is None:
            self._need_questions()
            return
        chosen, _ = QFileDialog.getOpenFileNames(self._parent, "Import answers to this question set", "", ANSWER_FILES)
        if chosen:
            paths = [Path(one) for one in chosen]
            self._import(lambda project: project.bench_files.import_answers(set_id, paths), "answer")

    def import_judgements(self) -> None:
        set_id = self._state.set_id
        chosen, _ = QFileDialog.getOpenFileName(self._parent, "Import judgements of these answers", "",
                                                "FastChat's judgements (*.jsonl);;All files (*)")
        if chosen and set_id is not None:
            self._import(lambda project: project.bench_files.import_judgements(set_id, Path(chosen)), "judgement")

    def _import(self, work: Callable[[Project], Imported], unit: str) -> None:
        def done(found: Imported) -> None:
            words = f"{counted(found.taken, unit)} imported"
            if found.refused:
                file, line, why = found.refused[0]
                where = f"{file}, line {line}" if line else file
                words += f", {len(found.refused)} left out ({one_line(where)}: {one_line(why)[:120]})"
            self._session.notice.emit(words + ".", "info")

        self._session.change(work, done, owner=self, quiet=True)

    def export_folder(self, format: str) -> None:
        """FastChat's, AlpacaEval's or URIAL's files, of the contestants that are shown."""
        chosen = QFileDialog.getExistingDirectory(self._parent, "Export into a folder")
        set_id, ids = self._state.set_id, list(self._state.chosen)
        if not chosen or set_id is None:
            return

        def work(project: Project) -> list[Path]:
            writer: Any = {"fastchat": project.bench_files.export_fastchat, "urial": project.bench_files.export_urial,
                           "alpaca_eval": project.bench_files.export_alpaca_eval}[format]
            files: list[Path] = writer(set_id, Path(chosen), ids)
            return files

        self._session.ask(work, lambda files: self._session.notice.emit(
            f"{counted(len(files), 'file')} written into {one_line(Path(chosen).name)}.", "info"), owner=self)

    def export_report(self, ending: str, path: Path | None = None) -> None:
        """A report of what is shown, as "html" or "pdf"."""
        measure = self._state.measure
        if measure is None:
            self._session.notice.emit("A report needs judged answers. Run a judge first.", "info")
            return
        if path is None:
            chosen, _ = QFileDialog.getSaveFileName(self._parent, "Export the report", f"comparison.{ending}",
                                                    f"*.{ending}")
            if not chosen:
                return
            path = Path(chosen) if Path(chosen).suffix else Path(f"{chosen}.{ending}")
        reading, ids, target = self._state.reading, tuple(self._state.chosen), path

        def write(found: Gathered) -> None:
            charts = self._charts(found)
            made = report(found, reports.drawn(charts))
            try:
                if ending == "pdf":
                    reports.write_pdf(made, [chart for _, chart, _ in charts], target)
                else:
                    reports.write_html(made, target)
            except WorkbenchError as error:
                self._session.error.emit(error)
                return
            self._session.notice.emit(f"{target.name} written.", "info")

        self._session.background(lambda: gather(reading, measure, ids), write, owner=self)

    def export_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        menu.addAction("Report, HTML…", lambda: self.export_report("html"))
        menu.addAction("Report, PDF…", lambda: self.export_report("pdf"))
        menu.addSeparator()
        for format, name in (("fastchat", "FastChat's folder…"), ("alpaca_eval", "AlpacaEval's outputs…"),
                             ("urial", "URIAL's results…")):
            menu.addAction(name, partial(self.export_folder, format))
        return menu

    def manage_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        for words, run in (("Compare with a base model…", lambda: self.ask_which_recipe(SHIFT.name)), ("", None),
                           ("Import questions…", self.import_questions),
                           ("Hold these questions out of searches", self.change_held_out),
                           ("Import answers…", self.import_answers),
                           ("Import judgements…", self.import_judgements), ("", None),
                           ("Rename a contestant…", self.ask_new_name), ("Delete contestants…", self.ask_to_delete)):
            if run is None:
                menu.addSeparator()
            else:
                action = menu.addAction(words, run)
                if run == self.change_held_out:
                    self._held_out = action
        self._held_out.setCheckable(True)
        menu.aboutToShow.connect(self._show_held_out)
        return menu

    def _show_held_out(self) -> None:
        chosen = self._state.reading.chosen
        self._held_out.setEnabled(chosen is not None and not self._session.read_only)
        self._held_out.setChecked(chosen is not None and chosen.held_out)

    # contestants
    def _chooser(self, ids: Sequence[int]) -> ElidedCombo:
        box = ElidedCombo("Contestant", 20)
        for one in self._state.reading.contestants:
            if one.id in ids:
                box.addItem(one_line(one.name), one.id)
        return box

    def ask_new_name(self) -> None:
        made = dialogs.Dialog("edit", "Rename a contestant", (), self._parent.window())
        box = self._chooser([one.id for one in self._state.reading.contestants if one.id is not None])
        name = QLineEdit(box.currentText())
        box.currentIndexChanged.connect(lambda _: name.setText(box.currentText()))
        made.room.addWidget(field("Contestant", box))
        made.room.addWidget(field("New name", name))
        cancel = made.add_button(secondary("Cancel"))
        cancel.clicked.connect(made.reject)
        accept = made.add_button(primary("Rename"), default=True)
        accept.clicked.connect(made.accept)
        made.accepted.connect(lambda: self._session.change(
            lambda project: project.bench.rename_contestant(box.currentData(), name.text().strip())))
        made.open()

    def ask_to_delete(self) -> None:
        made = dialogs.Dialog("trash", "Delete a contestant",
                              ("Its answers, and what was said of them, go with it. Ctrl+Z brings it back.",),
                              self._parent.window())
        box = self._chooser([one.id for one in self._state.reading.contestants if one.id is not None])
        made.room.addWidget(field("Contestant", box))
        cancel = made.add_button(secondary("Cancel"))
        cancel.clicked.connect(made.reject)
        accept = made.add_button(primary("Delete contestant"), default=True)
        accept.clicked.connect(made.accept)
        made.accepted.connect(lambda: self._session.change(
            lambda project: project.bench.delete_contestants([box.currentData()])))
        made.open()
