"""Bringing files in: look at the first rows, say which column holds what, import, and see what was refused."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QProgressBar,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.domain import Changes
from workbench.errors import Cancelled, WorkbenchError
from workbench.formats.registry import readable
from workbench.gui.demonstrations.import_form import NAMES, ImportForm
from workbench.gui.shell import choosing, settings
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import ghost, primary, secondary
from workbench.gui.widgets.cell_table import CellTable
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import ElidedLabel, hairline, label
from workbench.gui.widgets.notice import Notice
from workbench.gui.widgets.segmented import Segmented
from workbench.services.imports import ColumnUse, ImportReport, Preview, brought_words, kept_words
from workbench.wording import counted, gigabytes, grouped

DEMONSTRATIONS, CELLS, COLUMNS, DOUBLES, REFUSED = range(5)      # the tables
TELL_EVERY_MS = 100
QUESTION_COLUMNS = ("key", "category", "turns", "references")
LISTED = 2_000                                       # refused rows that are shown


def choose_files(parent: QWidget) -> list[Path]:
    """Ask for files; none when the person thinks better of it."""
    kinds = {entry.title: entry.extensions for entry in readable() if entry.extensions}
    every = " ".join(f"*{ending}" for ending in dict.fromkeys((*chain.from_iterable(kinds.values()), ".gz")))
    each = [f"{title} ({' '.join(f'*{ending}' for ending in endings)})" for title, endings in kinds.items()]
    return choosing.choose_files(parent, "Import", settings.IMPORT_FOLDER,
                                 ";;".join((f"All that can be read ({every})", *each, "All files (*)")))


class ImportDialog(QDialog):
    """One file after the other. Nothing is imported before the button is pressed; cancelling imports nothing."""

    imported = Signal(object)                        # ImportReport
    _progressed = Signal(int, int)

    def __init__(self, session: Session, paths: Sequence[Path], parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._paths = list(paths)
        self._at = 0
        self._asked = 0                              # number of the newest request for a preview
        self._stop = threading.Event()
        self._running = False
        self.preview: Preview | None = None
        self.form = ImportForm()
        self._title = ElidedLabel("", "title")
        self._about = ElidedLabel("", "muted")
        self._kept = ElidedLabel("", "muted")
        self._problem = Notice("", "bad")
        self._notes = Notice("", "warn")
        self.tables = Segmented(["As demonstrations", "As in the file", "Columns", "Doubles", "Refused"],
                                name="Preview")
        self._cells = CellTable("Preview of the rows")
        self._keep = QCheckBox("Import the good rows although some are refused")
        self._keep.setChecked(True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._says = label("", "small")
        self.go = primary("Import", "drop")
        self.cancel = secondary("Cancel")
        self._copy = ghost("Copy the list", "copy")
        self._take_over = secondary("Take over what they bring")
        self._report: ImportReport | None = None
        self._soon = QTimer(self, singleShot=True, interval=150)
        self._soon.timeout.connect(self._look)
        self.setWindowTitle("Import")
        self.setModal(True)
        self.resize(880, 680)
        self._build()
        self._connect()
        self._open_file()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QVBoxLayout()
        top.setContentsMargins(24, 20, 24, 16)
        top.setSpacing(4)
        top.addWidget(self._title)
        top.addWidget(self._about)
        top.addWidget(self._kept)
        self._kept.hide()
        top.addSpacing(10)
        top.addWidget(self.form)
        top.addSpacing(4)
        for notice in (self._problem, self._notes):
            top.addWidget(notice)
            notice.hide()
        column.addLayout(top)
        self._switch = QHBoxLayout()
        self._switch.setContentsMargins(24, 0, 24, 10)
        self._switch.addWidget(self.tables)
        self._switch.addStretch(1)
        self._switch.addWidget(self._take_over)
        self._switch.addWidget(self._copy)
        self._take_over.hide()
        self._copy.hide()
        column.addLayout(self._switch)
        column.addWidget(hairline())
        self._room = QStackedWidget()
        self._room.addWidget(self._cells)
        self._nothing = EmptyState("check", "Nothing refused", "Every row that was looked at can be imported.")
        self._room.addWidget(self._nothing)
        column.addWidget(self._room, 1)
        column.addWidget(hairline())
        foot = QHBoxLayout()
        foot.setContentsMargins(24, 12, 24, 14)
        foot.setSpacing(10)
        foot.addWidget(self._keep)
        foot.addWidget(self._bar, 1)
        foot.addWidget(self._says)
        foot.addStretch(1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.go)
        self._bar.hide()
        column.addLayout(foot)
        for button in (self.go, self.cancel, self._copy, self._take_over):
            button.setAutoDefault(False)
        self.go.setDefault(True)

    def _connect(self) -> None:
        self.form.changed.connect(self._soon.start)
        self.tables.changed.connect(lambda index: self._show_rows())
        self.go.clicked.connect(self._go)
        self.cancel.clicked.connect(self.reject)
        self._copy.clicked.connect(self._copy_list)
        self._take_over.clicked.connect(self._take_over_pressed)
        self._progressed.connect(self._show_progress)

    # Looking

    @property
    def path(self) -> Path:
        return self._paths[self._at]

    def _open_file(self) -> None:
        several = f", {self._at + 1} of {len(self._paths)}" if len(self._paths) > 1 else ""
        self._title.setText(f"Import {self.path.name}{several}")
        self._about.setText("Looking at the first rows")
        self.go.setText("Import")
        self.go.set_icon_name("drop")
        self.form.start(self.path)
        self.form.setEnabled(True)
        self._look()

    def _look(self) -> None:
        """Read the first rows anew, off the window's thread."""
        project, path, options = self._session.project, self.path, self.form.options()
        if project is None:
            return
        self._asked += 1
        number = self._asked
        self.go.setEnabled(False)
        self._session.background(lambda: project.imports.preview(path, options),
                                 lambda preview: self._looked(number, preview),
                                 lambda error: self._could_not_look(number, error), owner=self)

    def _looked(self, number: int, preview: Preview) -> None:
        if number != self._asked:
            return
        self.preview = preview
        self._problem.hide()
        self.form.show_preview(preview)
        kinds = {"prompt": "A prompt with its demonstrations", "questions": "A question set"}
        what = f"{kinds.get(preview.content, 'Candidate demonstrations')}, {_size(self.path)}"
        self._about.setText(", ".join((what, *_becomes(preview))))
        self._show_notes(preview)
        self._show_counts(len(preview.doubles), len(preview.refused))
        self._keep.setVisible(preview.content != "prompt")
        enough = bool(preview.demonstrations or (preview.content == "questions" and preview.counted))
        self.go.setEnabled(enough)
        if preview.rows and not preview.demonstrations and self.tables.current() == DEMONSTRATIONS:
            self.tables.set_current(CELLS)           # nothing to show yet but the file's own columns
        self._show_rows()

    def _could_not_look(self, number: int, error: Exception) -> None:
        if number != self._asked:
            return
        self.preview = None
        self._about.setText(_size(self.path))
        self._say_problem(error)
        self._cells.show_cells((), ())

    def _say_problem(self, error: Exception) -> None:
        self._problem.set_text(str(error))
        self._problem.show()

    def _show_rows(self) -> None:
        preview, report = self.preview, self._report
        if preview is None:
            return
        which = self.tables.current()
        if which == REFUSED:
            self._show_list(("Line", "Why it is refused"), [
                (str(line), why) for line, why in (report or preview).refused], "Nothing refused",
                "" if report else "Every row that was looked at can be imported.")
            return
        if which == DOUBLES:
            self._show_doubles(preview, report)
            return
        self._room.setCurrentIndex(0)
        if which == COLUMNS:
            self._cells.show_cells(("Column", "Rows with a value", "Becomes"), [
                (use.name, grouped(use.filled), _field_words(use, preview.content))
                for use in (report or preview).uses])
        elif which == DEMONSTRATIONS and preview.content != "questions":
            self._cells.show_cells(
                ("Instruction", "Answer", "Turns", "Category", "Tags", "Source"),
                [(d.instruction, d.answer, str(len(d.turns)), d.category, ", ".join(d.tags), d.source)
                 for d in preview.demonstrations])
        else:
            columns = QUESTION_COLUMNS if preview.content == "questions" and preview.counted else preview.columns
            self._cells.show_cells(columns, [[row.get(column, "") for column in columns] for row in preview.rows])

    def _show_doubles(self, preview: Preview, report: ImportReport | None) -> None:
        """Which row says the same as which, in the file, and after the import in the project, too."""
        if report is None:
            rows = [(str(line), f"line {first}", "") for line, first in preview.doubles]
        else:
            rows = [(str(double.line), f"line {double.met_line}" if double.met_line else f"demonstration {double.met}",
                     brought_words(double.brings) or "nothing") for double in report.doubles]
        self._show_list(("Line", "Says the same as", "Brings beyond it" if report else ""), rows, "No doubles",
                        "" if report else "No two rows of the file have the same turns.")

    def _show_list(self, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], nothing: str, why: str) -> None:
        self._room.setCurrentIndex(0 if rows else 1)
        self._nothing.set_text(nothing, why)
        self._cells.show_cells(heads, rows[:LISTED])

    def _show_counts(self, doubles: int, refused: int) -> None:
        self.tables.set_text(DOUBLES, f"Doubles ({grouped(doubles)})" if doubles else "Doubles")
        self.tables.set_text(REFUSED, f"Refused ({grouped(refused)})" if refused else "Refused")

    def _show_notes(self, found: Preview | ImportReport) -> None:
        kept = kept_words(found.uses) if self.preview is not None and self.preview.content != "questions" else ""
        self._kept.setText(kept)
        self._kept.setVisible(bool(kept))
        self._notes.setVisible(bool(found.notes))
        self._notes.set_text(" ".join(found.notes))

    # Importing

    def _go(self) -> None:
        if self.go.text() == "Done":
            self.accept()
            return
        if self.go.text() == "Next file":
            self._at += 1
            self._report = None
            self.tables.set_current(DEMONSTRATIONS)
            self._set_finished(False)
            self._open_file()
            return
        path, options = self.path, self.form.options(keep_good_rows=self._keep.isChecked())
        self._stop.clear()
        self._set_running(True)
        clock = QElapsedTimer()
        clock.start()

        def progress(done: int, total: int) -> None:      # on the lane's thread
            if self._stop.is_set():
                raise Cancelled
            if clock.elapsed() >= TELL_EVERY_MS or done >= total:
                clock.restart()
                self._progressed.emit(done, total)

        self._session.change(lambda p: p.imports.run(path, options, progress), self._done, self._failed, quiet=True)

    def _show_progress(self, done: int, total: int) -> None:
        if self._running:
            self._bar.setValue(int(1000 * done / max(total, 1)))
            self._says.setText("Storing what was read" if done >= total else
                               f"Reading {self.path.name}, {gigabytes(done)} of {gigabytes(total)}")

    def _set_running(self, running: bool) -> None:
        self._running = running
        self._bar.setRange(0, 1000)
        self._bar.setValue(0)
        self._bar.setVisible(running)
        self._keep.setVisible(not running)
        self._says.setText(f"Reading {self.path.name}" if running else "")
        self.form.setEnabled(not running)
        self.go.setEnabled(not running)
        self.cancel.setText("Stop" if running else "Cancel")

    def _done(self, report: ImportReport) -> None:
        self._set_running(False)
        if not report.import_id:
            self._show_counts(len(report.doubles), len(report.refused))
            self.tables.set_current(REFUSED)
            self._show_rows()
            self._problem.set_text(f"Nothing was imported, because {counted(len(report.refused), 'row')} "
                                   "cannot be. Mend the file, or import the good rows.")
            self._problem.show()
            return
        self._report = report
        self._set_finished(True)
        self._about.setText(_outcome(report))
        self._show_notes(report)
        self._show_counts(len(report.doubles), len(report.refused))
        self.tables.set_current(DOUBLES if report.doubles and not report.refused else REFUSED)
        self._show_rows()
        if report.prompt_id is not None:
            self._session.current_prompt_id = report.prompt_id
        last = self._at == len(self._paths) - 1
        self.go.setText("Done" if last else "Next file")
        self.go.set_icon_name("check" if last else "right")
        self.go.setFocus()
        self.imported.emit(report)
        if last and not (report.refused or report.notes or report.doubles):
            self._session.notice.emit(_outcome(report), "undo" if report.changes.undoable else "info")
            self.accept()

    def _set_finished(self, finished: bool) -> None:
        """After an import the dialog is its report."""
        self.form.setVisible(not finished)
        for table in (DEMONSTRATIONS, CELLS):
            self.tables.button(table).setVisible(not finished)
        self._copy.setVisible(finished and self._report is not None and bool(self._report.refused))
        self._take_over.setVisible(finished and self._report is not None and any(
            double.brings for double in self._report.doubles))
        self._keep.setVisible(not finished)
        self._problem.hide()
        self.cancel.setVisible(not finished)

    def _failed(self, error: Exception) -> None:
        self._set_running(False)
        if isinstance(error, Cancelled):
            self._say_problem(WorkbenchError("Stopped. Nothing was imported."))
        else:
            self._say_problem(error)

    def _copy_list(self) -> None:
        refused = self._report.refused if self._report is not None else ()
        QGuiApplication.clipboard().setText("\n".join(f"{line}\t{why}" for line, why in refused))

    def _take_over_pressed(self) -> None:
        """Give the doubles' tags, ratings and notes to the demonstrations that they met."""
        report = self._report
        if report is None:
            return
        self._take_over.setEnabled(False)

        def done(changes: Changes) -> None:
            self._session.changed.emit(changes)
            self._take_over.hide()
            self._take_over.setEnabled(True)
            self._says.setText(changes.label or "They bring nothing that is not there by now")

        self._session.ask(lambda p: p.imports.take_over(report.doubles), done, self._failed)

    # Closing

    def reject(self) -> None:
        if self._running:
            self._stop.set()
            self._says.setText("Stopping")
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._running:
            self._stop.set()
            event.ignore()
        else:
            super().closeEvent(event)


def _becomes(preview: Preview) -> list[str]:
    """ "96 rows", "3 without an answer": what the rows that were looked at become."""
    if preview.content != "demonstrations":
        return []
    found = [counted(preview.counted, "row") + ("" if preview.whole else " so far")]
    return found + ([f"{grouped(preview.without_answer)} without an answer"] if preview.without_answer else [])


def _field_words(use: ColumnUse, content: str) -> str:
    if use.field:
        return NAMES[use.field]
    return "Not taken" if content == "questions" else "Kept as metadata"


def _size(path: Path) -> str:
    try:
        size = 0 if path.is_dir() else path.stat().st_size
        return "a folder" if path.is_dir() else gigabytes(size) if size >= 1000 else counted(size, "byte")
    except OSError:
        return "not there"


def _outcome(report: ImportReport) -> str:
    """ "96 demonstrations imported, 3 were there already, 2 refused"."""
    if report.question_set_id is not None:
        parts = [f"Question set with {counted(report.imported, 'question')} imported"]
    elif report.prompt_id is not None:
        parts = [f"Prompt imported, {counted(report.imported, 'demonstration')} new"]
    else:
        parts = [f"{counted(report.imported, 'demonstration')} imported"]
    if report.skipped:
        parts.append(f"{report.skipped} {'was' if report.skipped == 1 else 'were'} there already")
    if report.refused:
        parts.append(f"{len(report.refused)} refused")
    return ", ".join(parts)
