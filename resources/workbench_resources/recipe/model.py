"""The two sizes of tiny Llama model."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from workbench_resources.recipe.tokenizer import CONTEXT


@dataclass(frozen=True)
class Size:
    """Width, depth and heads of a model. Its learning rate is planned for ``tokens`` million tokens of training.

    Training ends after ``stop`` million of them, if that is given: a model stopped while its rate is high can still
    learn much, as a student has to. ``families`` is the mix of the last phase where it is not the usual one.
    """

    width: int
    layers: int
    heads: int
    tokens: float
    stop: float | None = None
    families: Mapping[str, float] | None = None


SIZES = {
    "teacher": Size(128, 4, 4, 13.4),
    # Two layers never learn to look up, so practice at it would be wasted; single shots teach what to expect of none.
    "student": Size(64, 2, 2, 13.8, stop=10.1, families={
        "runs": 0.05, "pairs": 0.05, "kinds": 0.1, "singles": 0.32, "families": 0.48,
    }),
}


def make(size: Size, tokenizer: PreTrainedTokenizerFast, seed: int) -> LlamaForCausalLM:
    """A new model with random weights from ``seed``; embeddings are tied."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.width,
        intermediate_size=size.width * 5 // 2,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        rms_norm_eps=1e-5,
    )
    return LlamaForCausalLM(config)
