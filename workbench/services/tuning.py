"""What recipe 5, in-context learning against instruction fine-tuning, needs to know before it starts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.alignment.options import AlignmentOptions, tuning_options
from workbench.bench.tuning import Drawn, without_demonstrations
from workbench.domain import Backend, DecodingSettings, Demonstration, ModelFacts, ModelRef, Prompt, Question
from workbench.errors import WorkbenchError
from workbench.jobs.kinds.recipe.tuning import Training, Tuning
from workbench.models.registry import load_tokenizer
from workbench.prompts import render
from workbench.scoring.sequences import conversation
from workbench.services.alignment_estimate import Lengths, seconds_estimate


@dataclass(frozen=True, slots=True)
class TuningSettings:
    """``learning_rate`` 0 falls with the model's width, ``lora_rank`` 0 trains all weights."""

    epochs: int = 10
    learning_rate: float = 0.0
    lora_rank: int = 0


class Trainings:
    """Says for each set of demonstrations which model is trained on it. Raises WorkbenchError: ``model`` cannot be."""

    def __init__(self, model: ModelRef, facts: ModelFacts, base: Prompt, settings: TuningSettings,
                 artifacts: Path) -> None:
        if model.backend is not Backend.TRANSFORMERS or model.base:
            raise WorkbenchError(f"“{model.name}” cannot be fine-tuned here: it is not a folder with safetensors files "
                                 "of its own.", safe="Nothing was started.", remedy="Choose another model.")
        self._model, self._facts, self._settings, self._artifacts = model, facts, settings, artifacts
        self._prompt = without_demonstrations(base)
        self._places: dict[str, int] = {}
        self._pool: list[Demonstration] = []
        self._trainings: dict[str, Training] = {}

    def model_of(self, one: Drawn) -> ModelRef:
        """The same demonstrations, settings and seed are the same folder, so that nothing is trained twice."""
        chosen, shown = self._settings, one.prompt.demonstrations
        options = tuning_options(len(shown), self._facts.hidden_size, epochs=chosen.epochs, seed=one.seed,
                                 learning_rate=chosen.learning_rate, lora_rank=chosen.lora_rank)
        training = Training(str(self._artifacts / f"tuned-{self._key(shown, options)}"),
                            tuple(map(self._place, shown)), options)
        self._trainings[training.folder] = training
        name = f"{self._model.name}, {one.size} demonstrations"
        return replace(self._model, name=name, path=training.path, sha256="", id=None,
                       base=self._model.path if chosen.lora_rank else "")

    def tuning(self) -> Tuning:
        """All that ``model_of`` was asked for."""
        return Tuning(self._model, self._prompt, tuple(self._pool), tuple(self._trainings.values()))

    def _place(self, one: Demonstration) -> int:
        place = self._places.setdefault(one.content_hash, len(self._pool))
        if place == len(self._pool):
            self._pool.append(one)
        return place

    def _key(self, shown: Sequence[Demonstration], options: AlignmentOptions) -> str:
        made_of = [self._model.sha256 or self._model.path, self._model.dtype, self._prompt.content_hash,
                   [one.content_hash for one in shown], repr(options)]
        return hashlib.sha256(json.dumps(made_of).encode("ascii")).hexdigest()[:12]


def training_seconds(facts: ModelFacts, sizes: Sequence[int], epochs: int, characters: float, *,
                     on_gpu: bool = False) -> float:
    """About how long it takes to train a model on each of ``sizes`` demonstrations of ``characters`` on the mean."""
    tokens = sum(sizes) * epochs * Lengths.of(AlignmentOptions(), characters).turn
    return seconds_estimate(6.0 * facts.parameters * tokens, facts, (), on_gpu=on_gpu)[0] if tokens else 0.0


def fitting(model: ModelRef, facts: ModelFacts, questions: Sequence[Question],
            settings: DecodingSettings) -> Callable[[Prompt], bool]:
    """Whether a prompt leaves room in the model's context for the longest question and a whole answer to each of its
    turns. Raises ModelError."""
    tokenizer = load_tokenizer(model)

    def length(prompt: Prompt, question: Question) -> int:
        answers = ("",) * (len(question.turns) - 1)
        text = render(prompt, conversation(question.turns, answers), tokenizer=tokenizer).text
        return len(tokenizer.encode(text).ids) + len(question.turns) * settings.max_tokens

    longest = max(questions, key=lambda one: length(Prompt(template="plain"), one))
    return lambda prompt: length(prompt, longest) <= facts.context
