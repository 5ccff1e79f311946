"""Random models and a tokenizer so small that a training run takes a moment."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from workbench.domain import Demonstration
from workbench.models.base import Encoded

VOCABULARY = 128


class CharacterTokenizer:
    """One token a character: enough for training steps, whatever the text."""

    start = 1


    def encode(self, text: str, *, special: bool = True) -> Encoded:
        ids = tuple(min(ord(c), VOCABULARY - 1) for c in text)
        return Encoded(ids, tuple((i, i + 1) for i in range(len(ids))))

    def encode_all(self, texts: Sequence[str]) -> list[Encoded]:
        return [self.encode(text) for text in texts]


def model(width: int, seed: int) -> LlamaForCausalLM:
    """An even seed ties the embeddings."""
    torch.manual_seed(seed)
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=512, tie_word_embeddings=seed % 2 == 0, initializer_range=0.2,
        bos_token_id=1, eos_token_id=2, pad_token_id=0))


def pool(task: str, size: int) -> list[Demonstration]:
    return [Demonstration.pair(f"{task}{i}?", f"{task}{(7 * i) % 10}.", category=task) for i in range(size)]
