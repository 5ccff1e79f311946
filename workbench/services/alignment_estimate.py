"""What a training run takes, before it is started: memory, time and disk. And options that fit this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from workbench.alignment.options import PRESETS, AlignmentOptions
from workbench.domain import Demonstration, ModelFacts
from workbench.models import memory

if TYPE_CHECKING:
    from workbench.services.alignment import TrainingRun

TOKENS = 1_024                       # of a sequence, for the estimate of memory
ADAM = 16                            # bytes a trained weight: itself, its gradient, two moments, in float32
FROZEN = 4                           # bytes a weight that an adapter leaves as it is
CHECKPOINT = 12                      # bytes a trained weight in a checkpoint (without its gradient)
# Bytes a token, layer and hidden unit in float32, rounded up from peaks of training (docs/evidence.md):
ACTIVATIONS, HELD_TOO = 88, 110      # of one pass, and with the subsets whose graph BiAlign keeps
FOR_ADAPTERS = 45                    # what adapters add
KEPT_BETWEEN, ONE_LAYER = 4, 240     # with checkpointing: each layer's input, and all of one layer
LONGEST = 1.25                       # of the mean length of samples with the most demonstrations
ADAPTED = 23                         # rank · hidden size · this is a layer's LoRA: four projections, three of an MLP
                                     # four times as wide
CHARACTERS_A_TOKEN, TOKENS_A_TURN = 3.5, 6.0         # of a demonstration, and of what the template puts around it
HELD_OUT_SUBSETS, MEAN_SHOTS, SHOT_SIZES = 5, 3, 5   # as alignment.measures has them
STARTING_SECONDS = 10.0              # loading libraries and models
EFFICIENCY, EFFICIENT_WIDTH = 0.3, 128               # share of the peak that training reaches, from this width on:
                                                     # 0.11 to 0.15 were measured with a student 64 wide
GPU_SPEED = 2e13                     # multiplications and additions a second, where nothing was measured: a small card
ROOM = 0.8                           # of the free memory, that "this machine" may fill
PATIENCE = 3_600.0                   # seconds that "this machine" may take
LORA_RANK = 16


def memory_estimate(teacher: ModelFacts, student: ModelFacts, options: AlignmentOptions,
                    teacher_dtype: str = "auto", characters: float = 0.0) -> int:
    """Bytes that training takes at its peak, roughly: the teacher, and the student with Adam's state.

    Counted are weights, gradients, moments, and the activations of one batch of the longest samples of demonstrations
    that have ``characters`` in the mean (0: of TOKENS tokens); not what libraries take for themselves.
    """
    longest = LONGEST * (options.most + 1) * Lengths.of(options, characters).turn if characters else TOKENS
    each = round(min(longest, teacher.context or longest, student.context or longest))
    running = memory.estimate(teacher, teacher_dtype, each, options.batch)
    weights = ADAM * student.parameters
    if options.lora_rank:
        weights = FROZEN * student.parameters + ADAM * _adapter_weights(student, options)
    layer = HELD_TOO if options.method == "bialign" else ACTIVATIONS
    unit = (layer + (FOR_ADAPTERS if options.lora_rank else 0)) * student.layers
    if options.gradient_checkpointing:
        unit = min(unit, KEPT_BETWEEN * student.layers + ONE_LAYER)
    activations = unit * student.hidden_size * each * options.batch
    if options.precision == "bfloat16":
        activations //= 2
    return running.weights + weights + max(activations, running.working)     # the teacher is done before training


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens of a sample with all its demonstrations (``whole``), with a subset of them, and of one demonstration."""

    whole: float
    subset: float
    turn: float

    @classmethod
    def of(cls, options: AlignmentOptions, characters: float) -> Lengths:
        """``characters`` is the mean length of a demonstration."""
        turn = characters / CHARACTERS_A_TOKEN + TOKENS_A_TURN
        shown = (options.fewest + options.most) / 2
        return cls((shown + 1) * turn, (shown / 2 + 1) * turn, turn)


def disk_estimate(teacher: ModelFacts, student: ModelFacts, options: AlignmentOptions, examples: int,
                  characters: float, teacher_dtype: str = "auto") -> int:
    """Bytes that a run takes on the disk at most: the teacher's last hidden states, the checkpoints that stay and the
    one that is being written, the trained student."""
    width = memory.BYTES.get(teacher_dtype) or memory.BYTES.get(teacher.dtype, 4)
    samples = examples + (options.episodes if options.needs_teacher else 0)
    kept = samples * Lengths.of(options, characters).whole * teacher.hidden_size * width
    trained = _adapter_weights(student, options) if options.lora_rank else student.parameters
    written = -(-options.steps // options.save_every) if options.method != "vanilla" else 0
    checkpoints = min(written, options.keep + bool(options.evaluate_every) + 1)
    return round(kept + checkpoints * CHECKPOINT * trained + FROZEN * student.parameters)


def _adapter_weights(student: ModelFacts, options: AlignmentOptions) -> int:
    return ADAPTED * options.lora_rank * student.hidden_size * student.layers


def work_estimate(teacher: ModelFacts, student: ModelFacts, options: AlignmentOptions, examples: int,
                  characters: float) -> float:
    """Floating-point operations of a whole run, roughly: 2 a weight and token forward, 4 backward.

    ``characters`` is the mean length of a demonstration. Counted are the teacher's pass over all samples, the
    training steps, and the measures before, during and after.
    """
    lengths = Lengths.of(options, characters)
    whole, subset = lengths.whole, lengths.subset
    measured = examples * (HELD_OUT_SUBSETS * subset + whole)
    seen = options.steps * options.batch * options.accumulation
    measurements = 1
    training = prepared = 0.0
    if options.method != "vanilla":
        measurements = 2 + (options.steps - 1) // options.evaluate_every if options.evaluate_every else 2
        training = 6 * student.parameters * whole * seen
    if options.needs_teacher:
        prepared = whole * options.episodes
    if options.method == "bialign":
        training += 6 * student.parameters * options.subsets * subset * seen
        prepared += options.subsets * subset * options.episodes
    measures = measurements * (measured + examples * SHOT_SIZES * (MEAN_SHOTS + 1) * lengths.turn)
    return training + 2 * teacher.parameters * (prepared + measured) + 2 * student.parameters * measures


def seconds_estimate(work: float, student: ModelFacts, earlier: Sequence[tuple[float, TrainingRun]], *,
                     on_gpu: bool) -> tuple[float, bool]:
    """Seconds that ``work`` operations take, and whether an earlier run tells.

    ``earlier`` are finished runs of the same two models with their work, the newest first. Without one the speed is
    a part of what this machine's matrix product reaches, a smaller part for narrow models.
    """
    for done, run in earlier:
        if run.job.started and run.job.ended and done > 0:
            took = (run.job.ended - run.job.started).total_seconds()
            return STARTING_SECONDS + max(took - STARTING_SECONDS, 0.1 * took) * work / done, True
    peak = GPU_SPEED if on_gpu else processor_speed()
    speed = peak * EFFICIENCY * min(1.0, student.hidden_size / EFFICIENT_WIDTH)
    return STARTING_SECONDS + work / speed, False


@cache
def processor_speed(side: int = 512, times: int = 3) -> float:
    """Floating-point operations a second of this processor's matrix product, measured once: a few milliseconds."""
    matrix = np.ones((side, side), np.float32)
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        matrix @ matrix
        best = min(best, time.perf_counter() - start)
    return 2 * side**3 / best


def mean_characters(tasks: Sequence[Sequence[Demonstration]]) -> float:
    """The mean length of a demonstration's instruction and answer."""
    lengths = [len(one.instruction) + len(one.answer) for members in tasks for one in members]
    return sum(lengths) / len(lengths) if lengths else 0.0


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes at the peak, and seconds."""

    memory: int
    seconds: float


def for_this_machine(needs: Callable[[AlignmentOptions], Needs], free: int, *, on_gpu: bool) -> AlignmentOptions:
    """The balanced preset with as little changed as makes it fit ``free`` bytes and an hour.

    Tried in this order: bfloat16 on a graphics card; smaller batches, as many samples a step; gradient checkpointing;
    LoRA. Where nothing fits, the smallest is returned, and the estimate warns.
    """
    balanced = PRESETS["balanced"]
    tried = list(_smaller(replace(balanced, precision="bfloat16") if on_gpu else balanced))
    chosen = next((options for options in tried if needs(options).memory <= ROOM * free), tried[-1])
    seconds = needs(chosen).seconds
    if seconds > PATIENCE:
        steps = max(20, 10 * round(chosen.steps * PATIENCE / seconds / 10))
        chosen = replace(chosen, steps=steps, episodes=min(chosen.episodes, steps * chosen.batch * chosen.accumulation),
                         warmup_steps=min(chosen.warmup_steps, steps // 10))
    return chosen


def _smaller(options: AlignmentOptions) -> Iterator[AlignmentOptions]:
    samples = options.batch * options.accumulation
    for lora in (0, LORA_RANK):
        for checkpointing in (False, True):
            for batch in sorted((n for n in range(1, options.batch + 1) if samples % n == 0), reverse=True):
                yield replace(options, batch=batch, accumulation=samples // batch, lora_rank=lora,
                              gradient_checkpointing=checkpointing)
