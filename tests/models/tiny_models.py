"""Small models of random weights, saved as a person would download them, and tokenizers of several families."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from workbench.domain import ModelRef
from workbench.models import ScoredSequence
from workbench.models.facts import read_facts

TEXT = [
    "The quick brown fox jumps over the lazy dog.", "# Query:\n```\nWhat is two and two?\n```\n\n# Answer:\n```\nFour.",
    "    indented code\n    goes on", "naïve café, Ünïcödé", "1. one\n2. two\n3. three",
    "Hello! I'm happy to help you.",
]  # fmt: skip


def byte_level() -> Tokenizer:
    """GPT-2's kind; a beginning-of-text token is put in front."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<s>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(TEXT * 3, trainer)
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)]),
    ])  # fmt: skip
    return tokenizer


def sentencepiece() -> Tokenizer:
    """Llama 2's kind: a space mark is put before the text, and unknown characters fall back to bytes."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    letters = sorted({letter for text in TEXT for letter in text if letter not in " \n"} | {"▁"})
    vocabulary = {piece: place for place, piece in enumerate([*pieces, *letters, "▁t", "▁th", "an", "er", "▁▁"])}
    merges = [("▁", "t"), ("▁t", "h"), ("a", "n"), ("e", "r"), ("▁", "▁")]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0),
    ])  # fmt: skip
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def wordpiece() -> Tokenizer:
    """BERT's kind: white space is lost, and nothing is put in front."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=["[UNK]", "<s>", "</s>"], show_progress=False)
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def save(
    folder: Path, *, model_type: str = "llama", tokenizer: Tokenizer | None = None, seed: int = 0,
    dtype: torch.dtype = torch.float32, settings: dict[str, Any] | None = None, **config: Any,
) -> ModelRef:
    """A model of ``model_type`` with about 50,000 weights. ``config`` overrides its settings."""
    tokenizer = tokenizer or byte_level()
    sizes = {
        "vocab_size": tokenizer.get_vocab_size(), "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
        "num_attention_heads": 4, "max_position_embeddings": 512, "initializer_range": 0.4, "bos_token_id": 0,
        "eos_token_id": 1, "pad_token_id": 1,
    }  # fmt: skip
    torch.manual_seed(seed)
    made = transformers.AutoConfig.for_model(model_type, **{**sizes, **config})
    model = transformers.AutoModelForCausalLM.from_config(made).to(dtype)
    model.save_pretrained(folder)
    write_tokenizer(folder, tokenizer, settings)
    return ModelRef(folder.name, str(folder), sha256=read_facts(folder).sha256, device="cpu")


def write_tokenizer(folder: Path, tokenizer: Tokenizer, settings: dict[str, Any] | None = None) -> None:
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({**names, **(settings or {})}), "utf-8")


def plain_logprobs(folder: str, sequences: Sequence[ScoredSequence]) -> list[list[float]]:
    """What transformers says about each sequence on its own, nothing shared and nothing batched."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    found = []
    for sequence in sequences:
        with torch.inference_mode():
            logprobs = model(input_ids=torch.tensor([sequence.ids])).logits[0].log_softmax(-1)
        wanted = range(sequence.start, sequence.end)
        found.append([float(logprobs[place - 1, sequence.ids[place]]) for place in wanted])
    return found
