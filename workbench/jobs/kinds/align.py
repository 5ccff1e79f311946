"""A training job: BiAlign, its parts, and the baselines it is compared with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from workbench.alignment.episodes import group_by_task
from workbench.alignment.options import METHOD_NAMES, AlignmentOptions
from workbench.domain import Backend, Demonstration, ModelRef
from workbench.errors import JobError
from workbench.jobs.events import Artifact, Metric, Started
from workbench.jobs.kind import JobKind, anew, never
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.models import processes, quantised

if TYPE_CHECKING:
    from workbench.alignment.measures import Measures
    from workbench.alignment.run import Models, Outcome
    from workbench.models.transformers_model import TransformersModel

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")


@dataclass(frozen=True, slots=True)
class AlignSpec:
    """Train ``student`` towards ``teacher`` (arXiv 2312.17055): see workbench.alignment.

    ``source`` are the demonstrations trained on, ``target`` those of the tasks measured on; tasks are read from tags
    (``task:name``) or categories and must not overlap. ``folder`` takes the checkpoints, the teacher's kept part and
    the trained student; a resumed job goes on from what is there. ``examples`` held-out examples are measured.
    ``processes`` share out the ``batch × accumulation`` samples of a step.
    """

    teacher: ModelRef
    student: ModelRef
    source: tuple[Demonstration, ...]
    target: tuple[Demonstration, ...]
    folder: str
    options: AlignmentOptions = field(default_factory=AlignmentOptions)
    examples: int = 100
    processes: int = 1
    kind: Literal["align"] = "align"

    @property
    def model(self) -> ModelRef:
        """The model that the job is about."""
        return self.student


@dataclass(frozen=True, slots=True)
class PreferenceExample:
    """A held-out example: which ``subsets`` of its demonstrations were compared, and their scores by the teacher and by
    the student before and after. ``places`` are those of its test and of its demonstrations in the job's ``target``, as
    a pool that was not imported has no ids; older jobs have none."""

    task: str = ""
    test: int | None = None
    demonstrations: tuple[int | None, ...] = ()
    subsets: tuple[tuple[int, ...], ...] = ()
    places: tuple[int, ...] = ()
    teacher: tuple[float, ...] = ()
    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class AlignResult(Result):
    """The student's measures on the held-out examples ``before`` and ``after`` training, by name: consistency_best,
    consistency_worst, kendall_tau, kl (None without a teacher) and, for so many demonstrations shown,
    log_likelihood_8, exact_match_8, …. ``flops`` are those of training."""

    before: Mapping[str, float | None] = field(default_factory=dict)
    after: Mapping[str, float | None] = field(default_factory=dict)
    flops: float = 0.0
    examples: tuple[PreferenceExample, ...] = ()


def run_align(spec: AlignSpec, run: Run) -> AlignResult:
    """Says Metric points and an Artifact for the trained student."""
    from workbench.alignment.run import train_student
    from workbench.models.files import hash_files

    folder = Path(spec.folder)
    source, target = group_by_task(spec.source), group_by_task(spec.target)
    options = share_of(spec.options, processes.count()) if spec.processes > 1 else spec.options
    outcome = train_student(_load(spec, run), source, target, options, folder, _Watcher(run), spec.examples)
    if processes.rank() == 0:        # who has written it
        student = folder / "student"
        for name in TOKENIZER_FILES:
            if (Path(spec.student.path) / name).is_file():
                shutil.copy2(Path(spec.student.path) / name, student / name)
        run.say(Artifact(str(student), "student", hash_files(student)))
        run.log("good", f"The trained student is in {student}")
    return AlignResult(_numbers(outcome.before), _numbers(outcome.after), outcome.flops, _examples(outcome, spec))


def share_of(options: AlignmentOptions, size: int) -> AlignmentOptions:
    """The options of each of ``size`` processes that share out a step: its samples stay as many. Raises JobError."""
    batch = next((batch for batch in range(options.batch, 0, -1)
                  if options.batch * options.accumulation % (batch * size) == 0), None)
    if batch is None:
        raise JobError(f"The {options.batch * options.accumulation} samples of a step cannot be shared out evenly "
                       f"among {size} processes.", safe="Nothing was trained.",
                       remedy="Change the batch or the accumulation, or train with fewer processes.")
    return replace(options, batch=batch, accumulation=options.batch * options.accumulation // (batch * size))


def _load(spec: AlignSpec, run: Run) -> Models:
    from workbench.alignment.run import Models, check_vocabularies
    from workbench.models.tokenizer import FastTokenizer

    in_few_bits = spec.student.dtype in quantised.ON_LOADING
    if in_few_bits and not spec.options.lora_rank:
        raise JobError(f"The weights of “{spec.student.name}” are loaded in {quantised.ON_LOADING[spec.student.dtype]} "
                       "and cannot be trained themselves.", safe="Nothing was trained.",
                       remedy="Train adapters on them (lora_rank above 0, QLoRA), or load the student as float32.")
    teacher = _network(spec.teacher, run)
    student = _network(spec.student if in_few_bits else replace(spec.student, dtype="float32"), run)
    tokenizer = FastTokenizer(Path(spec.student.path))
    check_vocabularies(teacher.network, student.network, FastTokenizer(Path(spec.teacher.path)).vocabulary(),
                       tokenizer.vocabulary())
    run.say(Started({**student.facts, "teacher_sha256": teacher.facts["sha256"]}))
    return Models(teacher.network, student.network, tokenizer, tokenizer.padding)


def _network(ref: ModelRef, run: Run) -> TransformersModel:
    from workbench.models.transformers_model import TransformersModel

    if ref.backend is not Backend.TRANSFORMERS:
        raise JobError(f"“{ref.name}” cannot take part in training: it is not a transformers model.",
                       remedy="Choose a model from a folder with safetensors files.")
    run.log("info", f"Loading {ref.name}")
    run.checkpoint()
    return TransformersModel.load(ref)


class _Watcher:
    """Training's numbers as events."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def progress(self, done: int, total: int, unit: str, message: str) -> None:
        self._run.progress(done, total, unit, message)

    def metric(self, name: str, step: int, value: float) -> None:
        self._run.say(Metric(name, step, value))


def _examples(outcome: Outcome, spec: AlignSpec) -> tuple[PreferenceExample, ...]:
    places = {demonstration.content_hash: place for place, demonstration in enumerate(spec.target)}
    return tuple(
        PreferenceExample(
            sample.episode.task, sample.episode.test.id, tuple(shown.id for shown in sample.episode.demonstrations),
            tuple(map(tuple, sample.chosen)),
            tuple(places[text.content_hash] for text in (sample.episode.test, *sample.episode.demonstrations)),
            tuple(teacher), tuple(before), tuple(after))
        for sample, teacher, before, after in zip(outcome.held_out.samples, outcome.preferences, outcome.before.scores,
                                                  outcome.after.scores, strict=True))


def _numbers(measures: Measures) -> dict[str, float | None]:
    found: dict[str, float | None] = {
        "consistency_best": measures.consistency.best, "consistency_worst": measures.consistency.worst,
        "kendall_tau": measures.consistency.tau, "kl": measures.kl}
    for shots in measures.shots:
        found[f"log_likelihood_{shots.demonstrations}"] = shots.log_likelihood
        found[f"exact_match_{shots.demonstrations}"] = shots.exact_match
    return found


def title(spec: AlignSpec) -> str:
    return f"Train {spec.student.name}, {METHOD_NAMES[spec.options.method]}"


def detail(spec: AlignSpec) -> str:
    return f"Teacher {spec.teacher.name}, {spec.options.steps} steps, seed {spec.options.seed}"


def outcome(result: AlignResult) -> str:
    before, after = (measures.get("consistency_best") for measures in (result.before, result.after))
    if before is None or after is None:
        return ""
    return f"Best subset agrees with the teacher’s in {after * 100:.0f} % (was {before * 100:.0f} %)"


def housed(spec: AlignSpec, here: Callable[[str], str]) -> AlignSpec:
    return replace(spec, folder=here(spec.folder)) if spec.folder else spec


def models(spec: AlignSpec) -> tuple[ModelRef, ...]:
    return spec.teacher, spec.student


KIND = JobKind(AlignSpec, AlignResult, run_align, title, anew, runs_code=never, detail=detail, outcome=outcome,
               models=models, housed=housed, page="alignment",
               sharing=lambda spec: spec.options.batch * spec.options.accumulation)
