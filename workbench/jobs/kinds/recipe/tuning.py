"""The fine-tuned models of a recipe: how they are made, each when its turn comes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.alignment.options import AlignmentOptions
from workbench.domain import Demonstration, ModelRef, Prompt
from workbench.errors import JobError
from workbench.jobs.events import Artifact
from workbench.jobs.kinds.align import TOKENIZER_FILES
from workbench.jobs.run import Run
from workbench.models import quantised
from workbench.models.files import hash_files, read_json


@dataclass(frozen=True, slots=True)
class Training:
    """``chosen`` are places in the pool. ``folder`` takes checkpoints and, when all is done, the model."""

    folder: str
    chosen: tuple[int, ...]
    options: AlignmentOptions

    @property
    def path(self) -> str:
        """The model's folder, or its adapter's."""
        return str(Path(self.folder) / "model")


@dataclass(frozen=True, slots=True)
class Tuning:
    """``model`` is trained anew for each of ``trainings``, under the rules and the template of ``prompt``."""

    model: ModelRef
    prompt: Prompt
    pool: tuple[Demonstration, ...]
    trainings: tuple[Training, ...]


def make_tuned(tuning: Tuning, ref: ModelRef, run: Run) -> bool:
    """Train what ``ref`` names, if it is one of the trainings and is not there yet; returns whether it was trained.

    Says an Artifact for it. What was started earlier goes on from its newest checkpoint. Raises AlignmentError, and
    JobError where the weights cannot be trained.
    """
    training = next((one for one in tuning.trainings if one.path == ref.path), None)
    if training is None or Path(training.path).is_dir():
        return False
    run.models.close()                               # two models need not fit
    _train(tuning, training, run)
    folder = Path(training.folder)
    for name in TOKENIZER_FILES:
        if (Path(tuning.model.path) / name).is_file():
            shutil.copy2(Path(tuning.model.path) / name, folder / "unfinished" / name)
    (folder / "unfinished").replace(training.path)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    run.say(Artifact(training.path, "tuned", hash_files(Path(training.path))))
    return True


def _train(tuning: Tuning, training: Training, run: Run) -> None:
    from workbench.alignment.tuning import fine_tune
    from workbench.models.tokenizer import FastTokenizer
    from workbench.models.transformers_model import TransformersModel

    ref, options, count = tuning.model, training.options, len(training.chosen)
    in_few_bits = ref.dtype in quantised.ON_LOADING
    if in_few_bits and not options.lora_rank:
        raise JobError(f"The weights of “{ref.name}” are loaded in {quantised.ON_LOADING[ref.dtype]} and cannot be "
                       "trained themselves.", safe="Nothing was trained.", remedy="Train adapters on them.")
    run.checkpoint()
    model = TransformersModel.load(ref if in_few_bits else replace(ref, dtype="float32"))
    tokenizer, config = FastTokenizer(Path(ref.path)), read_json(Path(ref.path) / "config.json")
    tuned = fine_tune(
        model.network, tokenizer, tokenizer.padding, tuning.prompt, [tuning.pool[place] for place in training.chosen],
        options, Path(training.folder), _Watcher(run, f"Training on {count} demonstrations, seed {options.seed}"),
        context=model.context, dtype=str(config.get("dtype") or config.get("torch_dtype") or "float32"))
    model.close()
    if tuned.left_out:
        run.log("warning", f"{tuned.left_out} of {count} demonstrations do not fit into the context: not trained on.")
    loss = f"loss {tuned.losses[0]:.2f} → {tuned.losses[-1]:.2f} nats a token, " if tuned.losses else ""
    run.log("good", f"Trained on {count} demonstrations, seed {options.seed}: {loss}{options.steps} steps. "
                    f"It is in {training.path}")


class _Watcher:
    """Training's progress, under the training's name."""

    def __init__(self, run: Run, name: str) -> None:
        self._run, self._name = run, name

    def progress(self, done: int, total: int, unit: str, message: str) -> None:
        self._run.progress(done, total, unit, self._name)

    def metric(self, name: str, step: int, value: float) -> None:
        return None
