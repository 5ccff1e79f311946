"""The Alignment page's dialogs: train several methods, resume one, name a trained student, export it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from workbench import wording
from workbench.alignment.options import METHOD_NAMES, Method
from workbench.gui.shell.choosing import choose_target
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.notice import Notice
from workbench.gui.widgets.number_field import NumberField
from workbench.gui.widgets.pane import field
from workbench.services.alignment_checkpoints import Checkpoint, replaced_words
from workbench.services.project import Project
from workbench.services.student_exports import FORM_NAMES, StudentForm, export_student, forms_of
from workbench.services.training_reading import RunReading
from workbench.services.trainings import METHODS, Estimator, TrainingRequest
from workbench.wording import percent, plain

SEEDS = 3
MOST_SEEDS = 100


def _column(*widgets: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    for widget in widgets:
        column.addWidget(widget)
    return box


class MethodsDialog(Dialog):
    """The form's run by several methods and seeds. ``chosen`` carries the requests, one for each run."""

    chosen = Signal(list)

    def __init__(self, request: TrainingRequest, estimator: Estimator | None, parent: QWidget) -> None:
        super().__init__("split", "Train several methods and compare them",
                         ("With the settings of the form, on the same tasks. Runs that are there already are not "
                          "trained again.",), parent, width=480)
        self._request, self._estimator = request, estimator
        self.methods: dict[Method, QCheckBox] = {}
        for method, words in METHOD_NAMES.items():
            box = self.methods[method] = QCheckBox(words)
            box.setChecked(True)
            box.toggled.connect(lambda _: self._say())
        self.seeds = NumberField(1, MOST_SEEDS, SEEDS)
        self.seeds.valueChanged.connect(lambda _: self._say())
        self._said = label("", "small")
        self.room.addWidget(field("Methods", _column(*self.methods.values())))
        self.room.addWidget(field("Seeds", self.seeds, hint="Intervals are over seeds: three are the least that tell "
                                                            "something."))
        self.room.addWidget(self._said)
        self.add_button(secondary("Cancel")).clicked.connect(self.reject)
        self._go = self.add_button(primary("Queue", "play"), default=True)
        self._go.clicked.connect(self._accept)
        self._say()

    def requests(self) -> list[TrainingRequest]:
        """Seed by seed, so that a first comparison is there early."""
        first = self._request.options.seed
        return [replace(self._request, options=replace(self._request.options, method=method, seed=seed))
                for seed in range(first, first + self.seeds.value())
                for method, box in self.methods.items() if box.isChecked()]

    def _say(self) -> None:
        wanted = self.requests()
        self._go.setText(f"Queue {wording.counted(len(wanted), 'run')}")
        self._go.setEnabled(bool(wanted))
        if self._estimator is None or not wanted:
            self._said.setText("")
            return
        found = [self._estimator.estimate(one.options) for one in wanted]
        about = "about" if all(one.from_earlier for one in found) else "very roughly"
        self._said.setText(f"One after another, {about} {wording.duration(sum(one.seconds for one in found))} in all")

    def _accept(self) -> None:
        self.chosen.emit(self.requests())
        self.accept()


class NameDialog(Dialog):
    """Under which name a trained student becomes a model of the project."""

    def __init__(self, suggestion: str, accepted: Callable[[str], None], parent: QWidget) -> None:
        super().__init__("models", "Register the trained student as a model",
                         ("It can then score, search and answer like any other model.",), parent)
        self.name = QLineEdit(suggestion)
        self.room.addWidget(field("Name", self.name))
        self.add_button(secondary("Cancel")).clicked.connect(self.reject)
        go = self.add_button(primary("Register as model"), default=True)
        go.clicked.connect(self.accept)
        self.name.textChanged.connect(lambda text: go.setEnabled(bool(text.strip())))
        self.accepted.connect(lambda: accepted(self.name.text().strip()))


class ResumeDialog(Dialog):
    """From which of its checkpoints a run goes on, the newest first. ``resumed`` gets the step."""

    def __init__(self, reading: RunReading, resumed: Callable[[int], None], parent: QWidget) -> None:
        super().__init__("history", f"Resume {reading.name.lower()} from a checkpoint",
                         ("Training goes on from there. What came after is trained again.",), parent, width=480)
        self._checkpoints = reading.checkpoints
        self._group = QButtonGroup(self)
        rows: list[QWidget] = []
        for index, checkpoint in enumerate(self._checkpoints):
            button = QRadioButton(f"Step {checkpoint.step}, saved {saved_words(checkpoint)}")
            self._group.addButton(button, index)
            rows.append(button)
            rows.append(label(measured_words(checkpoint), "faint", wrap=True))
        self._group.button(0).setChecked(True)
        self._group.idToggled.connect(lambda *_: self._say())
        self._loss = Notice("", "warn")
        self.room.addWidget(field("Checkpoint", _column(*rows)))
        self.room.addWidget(self._loss)
        self.add_button(secondary("Cancel")).clicked.connect(self.reject)
        self._go = self.add_button(primary("Resume", "play"), default=True)
        self._go.clicked.connect(self.accept)
        self.accepted.connect(lambda: resumed(self.step))
        self._say()

    @property
    def step(self) -> int:
        return self._checkpoints[self._group.checkedId()].step

    def choose(self, step: int) -> None:
        self._group.button([one.step for one in self._checkpoints].index(step)).setChecked(True)

    def _say(self) -> None:
        self._go.setText(f"Resume from step {self.step}")
        newer = sorted(one.step for one in self._checkpoints if one.step > self.step)
        self._loss.set_text(replaced_words(self.step, newer))
        self._loss.setVisible(bool(newer))
        self.fit(480)


def saved_words(checkpoint: Checkpoint) -> str:
    """ "at 10:29", "yesterday at 10:29" """
    day = wording.clock(checkpoint.saved)
    at = f"at {checkpoint.saved:%H:%M}"
    return at if day == f"{checkpoint.saved:%H:%M}" else f"{day.replace('Yesterday', 'yesterday')} {at}"


def measured_words(checkpoint: Checkpoint) -> str:
    """ "Held out: KL 0.31, 62 % agree with the teacher, log-likelihood −2.10" """
    found = checkpoint.measured
    said = [f"KL {plain(found['held_out_kl'])}"] if "held_out_kl" in found else []
    if "consistency_best" in found:
        said.append(f"{percent(found['consistency_best'])} agree with the teacher")
    if "log_likelihood_8" in found:
        said.append(f"log-likelihood {plain(found['log_likelihood_8'])}")
    return "Held out: " + ", ".join(said) if said else "Nothing was measured at this step."


@dataclass(frozen=True, slots=True)
class Student:
    """A trained student: its folder, and each form with the reason why it is not to be had."""

    folder: Path
    forms: dict[StudentForm, str]


def find_student(project: Project, job_id: int) -> Student:
    """On the lane. Raises JobError where there is none yet."""
    folder = project.alignment.student(job_id)
    return Student(folder, forms_of(folder))


class StudentExportDialog(Dialog):
    """A trained student as a Hugging Face folder, as its adapter alone, or as a GGUF file."""

    def __init__(self, session: Session, student: Student, name: str, parent: QWidget) -> None:
        super().__init__("export", "Export the trained student", (), parent, width=480)
        self._session, self._student, self._name = session, student, name
        self._group = QButtonGroup(self)
        self._forms = tuple(FORM_NAMES)
        rows: list[QWidget] = []
        for index, (form, words) in enumerate(FORM_NAMES.items()):
            button = QRadioButton(words)
            button.setEnabled(not student.forms[form])
            self._group.addButton(button, index)
            rows.append(button)
            if student.forms[form]:
                rows.append(label(student.forms[form], "faint", wrap=True))
        self._group.button(0).setChecked(True)
        self._problem = Notice("", "bad")
        self.room.addWidget(field("Form", _column(*rows)))
        self.room.addWidget(self._problem)
        self._problem.hide()
        self.add_button(secondary("Cancel")).clicked.connect(self.reject)
        self._go = self.add_button(primary("Export…"), default=True)
        self._go.clicked.connect(self._choose)

    @property
    def form(self) -> StudentForm:
        return self._forms[self._group.checkedId()]

    def choose_form(self, form: StudentForm) -> None:
        self._group.button(self._forms.index(form)).setChecked(True)

    def _choose(self) -> None:
        suffix = ".gguf" if self.form == "gguf" else ""
        kind = "GGUF (*.gguf)" if suffix else "Folder (*)"
        target = choose_target(self, "Export the trained student", f"{self._name}{suffix}", kind)
        if target is not None:
            self.write(target if not suffix or target.suffix else target.with_suffix(suffix))

    def write(self, target: Path) -> None:
        """Write the chosen form, off the lane: a large model takes a while."""
        form, folder = self.form, self._student.folder
        self._go.setEnabled(False)
        self._session.background(lambda: export_student(folder, target, form), lambda _: self._written(target),
                                 self._failed, owner=self)

    def _written(self, target: Path) -> None:
        self._session.notice.emit(f"The trained student is in {target.name}", "info")
        self.accept()

    def _failed(self, error: Exception) -> None:
        self._go.setEnabled(True)
        self._problem.set_text(str(error))
        self._problem.show()


def suggested_name(student: str, method: Method, run: str) -> str:
    return f"{student}, {METHODS[method]}, {run}"
