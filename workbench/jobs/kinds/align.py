"""A training job: BiAlign, its parts, and the baselines it is compared with."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.alignment.episodes import group_by_task
from workbench.alignment.options import AlignmentOptions
from workbench.domain import Backend, ModelRef
from workbench.errors import JobError
from workbench.jobs.events import Artifact, Finished, Metric, Started
from workbench.jobs.run import Run
from workbench.jobs.specs import AlignSpec
from workbench.models import processes, quantised

if TYPE_CHECKING:
    from workbench.alignment.measures import Measures
    from workbench.alignment.run import Models, Outcome
    from workbench.models.transformers_model import TransformersModel

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")


def run_align(spec: AlignSpec, run: Run) -> None:
    """Says Metric points, an Artifact for the trained student, and Finished with the measures before and after."""
    from workbench.alignment.run import train_student
    from workbench.models.files import hash_files

    folder = Path(spec.folder)
    source, target = group_by_task(spec.source), group_by_task(spec.target)
    options = share_of(spec.options, processes.count()) if spec.processes > 1 else spec.options
    outcome = train_student(_load(spec, run), source, target, options, folder, _Watcher(run), spec.examples)
    if processes.rank() > 0:         # the first process has the say
        return
    student = folder / "student"
    for name in TOKENIZER_FILES:
        if (Path(spec.student.path) / name).is_file():
            shutil.copy2(Path(spec.student.path) / name, student / name)
    run.say(Artifact(str(student), "student", hash_files(student)))
    run.log("good", f"The trained student is in {student}")
    run.say(Finished(_summary(outcome, spec)))


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


def _summary(outcome: Outcome, spec: AlignSpec) -> dict[str, Any]:
    """``examples`` hold, for the preference view, the scores of each held-out example's subsets by all three.

    Their ``places`` are those of the test and of the demonstrations in ``spec.target``: a pool that was not imported
    has no ids.
    """
    places = {demonstration.content_hash: place for place, demonstration in enumerate(spec.target)}
    examples = [
        {"task": sample.episode.task, "test": sample.episode.test.id,
         "demonstrations": [d.id for d in sample.episode.demonstrations], "subsets": sample.chosen,
         "places": [places[d.content_hash] for d in (sample.episode.test, *sample.episode.demonstrations)],
         "teacher": teacher, "before": before, "after": after}
        for sample, teacher, before, after in zip(outcome.held_out.samples, outcome.preferences, outcome.before.scores,
                                                  outcome.after.scores, strict=True)]
    return {"before": _numbers(outcome.before), "after": _numbers(outcome.after), "flops": outcome.flops,
            "examples": examples}


def _numbers(measures: Measures) -> dict[str, Any]:
    found: dict[str, Any] = {
        "consistency_best": measures.consistency.best, "consistency_worst": measures.consistency.worst,
        "kendall_tau": measures.consistency.tau, "kl": measures.kl}
    for shots in measures.shots:
        found[f"log_likelihood_{shots.demonstrations}"] = shots.log_likelihood
        found[f"exact_match_{shots.demonstrations}"] = shots.exact_match
    return found
