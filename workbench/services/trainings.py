"""Training a student (arXiv 2312.17055). The window, the command line and the tour ask for it here.

A request says what is wanted by ids; ``problem`` says why it cannot be had, ``Estimator`` what it takes, and
``specification`` what job it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import workbench_resources as resources
from workbench import wording
from workbench.alignment.options import PRESETS, AlignmentOptions, for_width
from workbench.domain import Backend, ModelFacts
from workbench.errors import JobError
from workbench.jobs.kinds.align import AlignSpec
from workbench.services.alignment_estimate import (
    Needs,
    disk_estimate,
    for_this_machine,
    mean_characters,
    memory_estimate,
    seconds_estimate,
    work_estimate,
)
from workbench.services.devices import devices_for, on_devices

if TYPE_CHECKING:
    from workbench.services.alignment import TrainingRun
    from workbench.services.models import Machine, ModelInfo
    from workbench.services.project import Project

EXAMPLES = 100
FEW_TASKS = 3                        # with fewer in the project the sample tasks are taken by default
TIGHT = 0.9                          # of the free memory: from here on the estimate warns


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """``pool`` is a file whose tasks are used without importing them; None means the project's."""

    teacher_id: int
    student_id: int
    targets: tuple[str, ...]
    options: AlignmentOptions
    pool: Path | None = None
    examples: int = EXAMPLES
    devices: int | None = None       # how many share the work; None: all that can


@dataclass(frozen=True, slots=True)
class Choices:
    """``models`` can take part in training; ``tasks`` are those of ``pool`` with their sizes."""

    models: tuple[ModelInfo, ...]
    pool: Path | None
    tasks: dict[str, int]
    held_out: tuple[str, ...]
    machine: Machine
    characters: float                # a demonstration's mean length

    def model(self, model_id: int | None) -> ModelInfo | None:
        return next((model for model in self.models if model.ref.id == model_id), None)

    def devices(self, request: TrainingRequest) -> int:
        """How many devices can share out the samples of a step."""
        pair = [model.ref for model in self.models if model.ref.id in (request.teacher_id, request.student_id)]
        return devices_for(self.machine, pair, request.options.batch * request.options.accumulation)


def sample_tasks() -> Path:
    """The carried pool of small tasks."""
    return resources.path("sample", "tasks.jsonl")


def read_choices(project: Project, pool: Path | None) -> Choices:
    """Runs on the database lane. Raises FormatError for a file that cannot be read."""
    models = tuple(model for model in project.models.all()
                   if model.state == "ready" and model.facts and model.ref.backend is Backend.TRANSFORMERS)
    found = project.alignment.tasks() if pool is None else project.alignment.file_tasks(pool)
    tasks = {task: len(members) for task, members in found.items()}
    return Choices(models, pool, tasks, project.alignment.default_targets(tasks), project.models.machine(),
                   mean_characters(tuple(found.values())))


def default_choices(project: Project, pool: Path | None = None,
                    targets: Collection[str] | str | None = None) -> Choices:
    """Those of ``pool``'s tasks, or of the project's; of the sample tasks where neither a pool nor ``targets`` are
    chosen, and the project has too few to train on some and measure on others. Raises FormatError."""
    found = read_choices(project, pool)
    enough = pool is not None or targets is not None or len(found.tasks) >= FEW_TASKS
    return found if enough else read_choices(project, sample_tasks())


def default_pair(choices: Choices, teacher_id: int | None = None,
                 student_id: int | None = None) -> tuple[int | None, int | None]:
    """The largest model teaches and the smallest learns, of those that are left where one is chosen; None: there is
    none.

    Of several as large it is the one that was there first: not a student that was trained here.
    """
    sizes = {model.ref.id: model.facts.parameters for model in choices.models if model.facts and model.ref.id}
    if teacher_id is None:
        teacher_id = min(sizes.keys() - {student_id}, key=lambda id: (-sizes[id], id), default=None)
    if student_id is None:
        left = sizes.keys() - {teacher_id} or sizes.keys()
        student_id = min(left, key=lambda id: (sizes[id], id), default=None)
    return teacher_id, student_id


def default_request(choices: Choices, preset: str = "quick", *, teacher_id: int | None = None,
                    student_id: int | None = None, runs: Sequence[TrainingRun] = ()) -> TrainingRequest:
    """Raises JobError where there are no two models."""
    teacher_id, student_id = default_pair(choices, teacher_id, student_id)
    if teacher_id is None or student_id is None or teacher_id == student_id:
        raise JobError("There is no model to train beside the teacher.", safe="Nothing was started.",
                       remedy="Add one from a folder with safetensors files.")
    found = estimator(choices, teacher_id, student_id, EXAMPLES, runs)
    options = preset_options(preset, choices.model(student_id), found)
    return TrainingRequest(teacher_id, student_id, choices.held_out, options, choices.pool)


def preset_options(preset: str, student: ModelInfo | None, found: Estimator | None) -> AlignmentOptions:
    """A preset for a student; ``found`` estimates what "machine" has to fit."""
    options = PRESETS["balanced"] if preset == "machine" else PRESETS[preset]
    if preset == "machine" and found is not None:
        options = found.for_this_machine()
    return options if student is None or student.facts is None else for_student(options, student.facts)


def for_student(options: AlignmentOptions, facts: ModelFacts) -> AlignmentOptions:
    """With the learning rate for a student of this width, rounded as forms show it."""
    options = for_width(options, facts.hidden_size)
    return replace(options, learning_rate=float(f"{options.learning_rate:.3g}"))


def submit(project: Project, request: TrainingRequest) -> int:
    """Put the run into the queue; returns its job's id. Raises JobError, FormatError."""
    return project.jobs.submit(specification(project, request))


def submit_all(project: Project, requests: Sequence[TrainingRequest]) -> list[int]:
    """Put those runs into the queue that are not there yet, finished, under way or waiting; returns their jobs' ids."""
    there = {run.spec.folder for run in project.alignment.runs() if not run.state.ended_early}
    specs = [specification(project, request) for request in requests]
    return [project.jobs.submit(spec) for spec in specs if spec.folder not in there]


def specification(project: Project, request: TrainingRequest) -> AlignSpec:
    """The folder's name in it is made of everything but the devices, so it tells whether two are the same. Raises
    JobError, FormatError."""
    models = {model.ref.id: model.ref for model in project.models.all()}
    if not {request.teacher_id, request.student_id} <= models.keys():
        raise JobError("A chosen model is no longer registered.", safe="Nothing was started.",
                       remedy="Choose another model.")
    spec = project.alignment.spec(models[request.teacher_id], models[request.student_id], request.options,
                                  request.targets, request.examples, request.pool)
    return on_devices(spec, project.models.machine(), request.devices)


def checked(choices: Choices, request: TrainingRequest) -> TrainingRequest:
    """The request. Raises JobError where it has a ``problem``."""
    if words := problem(choices, request):
        raise JobError(words, safe="Nothing was started.")
    return request


PRESET_NAMES = {"quick": "Quick look", "machine": "This machine", "paper": "Paper"}       # of the window's form


def preset_words(preset: str, base: AlignmentOptions, options: AlignmentOptions) -> str:
    """ "Paper", or "Paper, changed"; the method and the seed are no part of a preset."""
    same = replace(base, method=options.method, seed=options.seed) == options
    return PRESET_NAMES[preset] + ("" if same else ", changed")


def problem(choices: Choices, request: TrainingRequest) -> str:
    """Why this cannot be started; "" when it can."""
    if request.teacher_id == request.student_id:
        return "Teacher and student are the same model. Choose another student."
    if not choices.tasks:
        return "There are no tasks here: give demonstrations a category, or take the sample tasks."
    if not request.targets:
        return "Tick at least one held-out task: the student is measured on these."
    trained = [size for task, size in choices.tasks.items() if task not in request.targets]
    if not trained:
        return "Every task is held out. Leave some to train on."
    options = request.options
    if max(trained) <= options.fewest:
        return (f"No task to train on has {options.fewest + 1} answered demonstrations. Lower “Fewest shown”, or "
                "choose other tasks.")
    if options.fewest > options.most:
        return "“Fewest shown” is more than “Most shown”."
    if options.subsets > 2 ** options.fewest - 2:
        return f"{options.fewest} demonstrations do not have {options.subsets} subsets. Take fewer subsets."
    if options.subset_method == "similarity" and options.subsets > options.fewest:
        return f"{options.fewest} demonstrations cannot be cut into {options.subsets} groups. Take fewer subsets."
    if options.pairs > options.subsets * (options.subsets - 1) // 2:
        return f"{options.subsets} subsets do not have {options.pairs} pairs. Take fewer pairs, or 0 for all."
    return ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Bytes at the peak and free, on the disk and free there; seconds, and whether an earlier run tells them."""

    memory: int
    free: int
    disk: int
    disk_free: int
    seconds: float
    from_earlier: bool

    @property
    def tight(self) -> bool:
        return self.memory > TIGHT * self.free

    @property
    def disk_tight(self) -> bool:
        return self.disk > TIGHT * self.disk_free


class Estimator:
    """What runs of one teacher and one student take. ``runs`` are the project's, the newest first."""

    def __init__(self, choices: Choices, teacher: ModelInfo, student: ModelInfo, examples: int,
                 runs: Sequence[TrainingRun], devices: int) -> None:
        assert teacher.facts is not None
        assert student.facts is not None
        self._teacher, self._student, self._dtype = teacher.facts, student.facts, teacher.ref.dtype
        self._choices, self._examples, self._devices = choices, examples, devices
        machine = choices.machine
        self.on_gpu = bool(machine.gpus) and student.ref.device != "cpu"
        self.free = machine.gpus[0][2] if self.on_gpu else machine.memory_free
        pair = (teacher.ref.id, student.ref.id)
        self._earlier = [(self._work(run.spec.options, run.spec.examples) / run.spec.processes, run) for run in runs
                         if run.result is not None and (run.spec.teacher.id, run.spec.student.id) == pair]

    def _work(self, options: AlignmentOptions, examples: int) -> float:
        return work_estimate(self._teacher, self._student, options, examples, self._choices.characters)

    def estimate(self, options: AlignmentOptions) -> Estimate:
        same = [one for one in self._earlier if one[1].spec.options.method == options.method]
        seconds, known = seconds_estimate(self._work(options, self._examples) / self._devices, self._student,
                                          same or self._earlier, on_gpu=self.on_gpu)
        memory = memory_estimate(self._teacher, self._student, options, self._dtype, self._choices.characters)
        disk = disk_estimate(self._teacher, self._student, options, self._examples, self._choices.characters,
                             self._dtype)
        return Estimate(memory, self.free, disk, self._choices.machine.disk_free, seconds, known)

    def for_this_machine(self) -> AlignmentOptions:
        def needs(options: AlignmentOptions) -> Needs:
            found = self.estimate(options)
            return Needs(found.memory, found.seconds)

        return for_this_machine(needs, self.free, on_gpu=self.on_gpu)


def estimator(choices: Choices, teacher_id: int | None, student_id: int | None, examples: int,
              runs: Sequence[TrainingRun], devices: int = 1) -> Estimator | None:
    """None where a model is missing."""
    teacher, student = choices.model(teacher_id), choices.model(student_id)
    if teacher is None or student is None or teacher.facts is None or student.facts is None:
        return None
    return Estimator(choices, teacher, student, examples, runs, devices)


def settings_words(run: TrainingRun) -> str:
    """ "BiAlign, seed 0, 60 steps, 4 subsets, λ 0.03, rate 0.0001": what tells runs apart."""
    options = run.spec.options
    words = [METHODS[options.method], f"seed {options.seed}"]
    if options.method != "vanilla":
        words.append(wording.counted(options.steps, "step"))
    if options.method == "bialign":
        words.append(f"{options.subsets} subsets, λ {options.ranking_weight:g}")
    if options.method != "vanilla":
        words.append(f"rate {options.learning_rate:g}")
    if options.lora_rank:
        words.append(f"LoRA {options.lora_rank}")
    return ", ".join(words)


METHODS = {"vanilla": "Vanilla", "finetune": "FT", "pretrain": "C-Pretrain", "output": "Output-Align",
           "bialign": "BiAlign"}
