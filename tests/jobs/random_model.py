"""A Llama of random weights with a byte-level tokenizer, written without torch: a real model in milliseconds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from workbench.domain import ModelRef

HIDDEN, LAYERS, HEADS, INNER, CONTEXT = 32, 2, 2, 64, 1024


def write_random_model(folder: Path, *, seed: int = 0, name: str = "random", scale: float = 0.2) -> ModelRef:
    folder.mkdir(parents=True)
    alphabet = ["<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(vocab={token: id for id, token in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    write = {
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>",
                                  "model_max_length": CONTEXT},
        "config.json": {
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": len(alphabet),
            "hidden_size": HIDDEN, "intermediate_size": INNER, "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS, "num_key_value_heads": HEADS, "max_position_embeddings": CONTEXT,
            "tie_word_embeddings": True, "bos_token_id": 0, "eos_token_id": 1, "rms_norm_eps": 1e-5,
            "rope_theta": 10000.0, "torch_dtype": "float32", "hidden_act": "silu",
        },
    }
    for file, content in write.items():
        (folder / file).write_text(json.dumps(content), encoding="utf-8")
    save_file(_weights(len(alphabet), seed, scale), str(folder / "model.safetensors"), metadata={"format": "pt"})
    return ModelRef(name, str(folder))


def _weights(vocabulary: int, seed: int, scale: float) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)

    def matrix(*shape: int) -> np.ndarray:
        return rng.normal(0, scale, shape).astype(np.float32)

    ones = np.ones(HIDDEN, dtype=np.float32)
    weights = {"model.embed_tokens.weight": matrix(vocabulary, HIDDEN), "model.norm.weight": ones}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        weights |= {f"{prefix}self_attn.{part}_proj.weight": matrix(HIDDEN, HIDDEN) for part in "qkvo"}
        weights |= {f"{prefix}mlp.{part}_proj.weight": matrix(INNER, HIDDEN) for part in ("gate", "up")}
        weights[f"{prefix}mlp.down_proj.weight"] = matrix(HIDDEN, INNER)
        weights |= {f"{prefix}{norm}.weight": ones.copy() for norm in ("input_layernorm", "post_attention_layernorm")}
    return weights
