"""What a training run is told to do, and the presets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

SubsetMethod = Literal["random", "sizes", "similarity"]
OutputScope = Literal["sequence", "answers", "label"]
Method = Literal["vanilla", "finetune", "pretrain", "output", "bialign"]

METHOD_NAMES: dict[Method, str] = {
    "vanilla": "Vanilla (no training)",
    "finetune": "Fine-tuning on labels (FT)",
    "pretrain": "Continued pre-training (C-Pretrain)",
    "output": "Output alignment (Output-Align)",
    "bialign": "Bidirectional alignment (BiAlign)",
}


@dataclass(frozen=True, slots=True)
class AlignmentOptions:
    """One run. The five methods of the paper's comparison are one trainer with parts switched off.

    ``pairs`` 0 takes all pairs of subsets. ``output_scope`` says where the KL is taken: over the whole "sequence"
    (Eq. 1), on the "answers" of all demonstrations and the test, or on the "label", the test's answer.
    ``ranking_weight`` is λ in L = L_KL + λ · L_rank. ``margin``, ``normaliser_gradient``, ``floor`` and ``push`` are
    those of ranking_loss.RankingOptions. ``batch`` × ``accumulation`` samples make a step. ``lora_rank`` 0 trains all
    weights, else adapters of that rank on all linear layers, merged into the weights at the end. Of the checkpoints
    the ``keep`` newest stay, and the best by the held-out likelihood with the most demonstrations.
    """

    method: Method = "bialign"
    template: str = "urial"
    rules: str = ""
    episodes: int = 800
    fewest: int = 4
    most: int = 10
    subsets: int = 4
    subset_method: SubsetMethod = "random"
    pairs: int = 0
    output_scope: OutputScope = "sequence"
    ranking_weight: float = 1.0
    margin: Literal["rank", "score"] = "rank"
    normaliser_gradient: bool = False
    floor: float = 1.0
    push: Literal["both", "up"] = "both"
    steps: int = 150
    batch: int = 10
    accumulation: int = 1
    learning_rate: float = 1e-4
    warmup_steps: int = 10
    weight_decay: float = 0.0
    max_gradient_norm: float = 1.0
    precision: Literal["float32", "bfloat16"] = "float32"
    gradient_checkpointing: bool = False
    lora_rank: int = 0
    kl_chunk: int = 128
    evaluate_every: int = 50
    save_every: int = 50
    keep: int = 2
    seed: int = 0

    @property
    def needs_teacher(self) -> bool:
        return self.method in ("output", "bialign")


# What lifted small students on small pools (docs/evidence.md): KL where the answers are, subsets of all sizes, a margin
# that asks for no order where the teacher has none, and a ranking loss that does not drown the KL.
MEASURED = AlignmentOptions(output_scope="answers", subset_method="sizes", margin="score", ranking_weight=0.05,
                            learning_rate=1.5e-3)

PRESETS: dict[str, AlignmentOptions] = {
    "quick": replace(MEASURED, episodes=800, most=8, steps=200, batch=8),
    "balanced": replace(MEASURED, episodes=3_000, steps=600),
    # Section 4 of the paper: N = 4, λ = 1, k in 4..10, Eq. 3 as printed; learning rate and batch for 7B-class students
    "paper": replace(AlignmentOptions(), ranking_weight=1.0, normaliser_gradient=True, floor=1e-6, episodes=10_000,
                     steps=1_000, batch=1, accumulation=64, learning_rate=1e-5, warmup_steps=30, precision="bfloat16"),
}

MEASURED_WIDTH = 64                  # of the students that MEASURED's learning rate was found with


def for_width(options: AlignmentOptions, width: int) -> AlignmentOptions:
    """The learning rate lowered for a student ``width`` wide: Adam's falls with 1 / width (Yang et al., arXiv
    2203.03466). Only what comes from MEASURED is changed."""
    if options.learning_rate != MEASURED.learning_rate or width <= MEASURED_WIDTH:
        return options
    return replace(options, learning_rate=options.learning_rate * MEASURED_WIDTH / width)


# Of three learning rates each, these did best on later turns, which are not trained on, and no worse on the first.
TUNING_RATE, TUNING_LORA_RATE = 5e-4, 5e-3           # at MEASURED_WIDTH
TUNING_BATCH = 8


def tuning_options(demonstrations: int, width: int, *, epochs: int, learning_rate: float = 0.0, lora_rank: int = 0,
                   seed: int = 0) -> AlignmentOptions:
    """Instruction fine-tuning on some demonstrations, for a model ``width`` wide. ``learning_rate`` 0: what suited the
    sample's student, falling with the width; adapters take ten times that of all weights."""
    batch = min(TUNING_BATCH, demonstrations)
    steps = epochs * ceil(demonstrations / batch)
    usual = (TUNING_LORA_RATE if lora_rank else TUNING_RATE) * min(1.0, MEASURED_WIDTH / width)
    return AlignmentOptions(
        method="finetune", episodes=demonstrations, steps=steps, batch=batch, learning_rate=learning_rate or usual,
        warmup_steps=steps // 10, lora_rank=lora_rank, evaluate_every=0, save_every=max(50, steps // 10), seed=seed)
