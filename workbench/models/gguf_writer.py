"""A Llama in safetensors written as GGUF in float32, so that llama.cpp can run it.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; the names and the turned queries and keys are
those of llama.cpp's own convert_hf_to_gguf.py.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from safetensors import deserialize

from workbench.errors import ModelError
from workbench.models.files import read_json
from workbench.models.tokenizer import FastTokenizer

_ALIGNMENT = 32
_U32, _F32, _BOOL, _STRING, _ARRAY, _I32 = 4, 6, 7, 8, 9, 5
_NORMAL, _CONTROL, _ADDED, _UNUSED = 1, 3, 4, 5      # llama.cpp's token types

Floats = npt.NDArray[np.float32]


def convert(folder: Path, target: Path) -> None:
    """Write the model of ``folder`` to ``target``.

    Raises ModelError unless it is a Llama with unscaled rotary positions and a byte-level tokenizer of GPT-2's kind.
    """
    config = read_json(folder / "config.json")
    if config.get("model_type") != "llama" or config.get("attention_bias") or config.get("mlp_bias"):
        raise ModelError(f"{folder.name} is not a plain Llama.", remedy="Only those are converted here.")
    settings = [*_model_settings(config), *_tokenizer_settings(folder, config)]
    tensors = _tensors(folder, config)
    part = target.with_name(target.name + ".part")
    with part.open("wb") as stream:
        stream.write(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(settings)))
        for name, kind, value in settings:
            stream.write(_text(name) + struct.pack("<I", kind) + _value(kind, value))
        offset = 0
        for name, tensor in tensors:
            shape = tensor.shape[::-1]
            stream.write(_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset))
            offset += -(-tensor.nbytes // _ALIGNMENT) * _ALIGNMENT
        _pad(stream)
        for _, tensor in tensors:
            stream.write(tensor.tobytes())
            _pad(stream)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(target)


def _model_settings(config: dict[str, Any]) -> list[tuple[str, int, Any]]:
    heads = int(config["num_attention_heads"])
    head = int(config.get("head_dim") or config["hidden_size"] // heads)
    rotary = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if rotary.get("rope_type", "default") != "default":
        raise ModelError("The model scales its rotary positions.", remedy="Convert it with llama.cpp's own converter.")
    base = config.get("rope_theta") or rotary.get("rope_theta") or 10_000.0
    return [
        ("general.architecture", _STRING, "llama"),
        ("general.file_type", _U32, 0),
        ("llama.context_length", _U32, config["max_position_embeddings"]),
        ("llama.embedding_length", _U32, config["hidden_size"]),
        ("llama.block_count", _U32, config["num_hidden_layers"]),
        ("llama.feed_forward_length", _U32, config["intermediate_size"]),
        ("llama.attention.head_count", _U32, heads),
        ("llama.attention.head_count_kv", _U32, config.get("num_key_value_heads") or heads),
        ("llama.attention.key_length", _U32, head),
        ("llama.attention.value_length", _U32, head),
        ("llama.rope.dimension_count", _U32, head),
        ("llama.rope.freq_base", _F32, float(base)),
        ("llama.attention.layer_norm_rms_epsilon", _F32, float(config["rms_norm_eps"])),
        ("llama.vocab_size", _U32, config["vocab_size"]),
    ]


def _tokenizer_settings(folder: Path, config: dict[str, Any]) -> list[tuple[str, int, Any]]:
    content = read_json(folder / "tokenizer.json")
    before = content.get("pre_tokenizer") or {}
    if content["model"].get("type") != "BPE" or before.get("type") != "ByteLevel" or before.get("add_prefix_space"):
        raise ModelError("The tokenizer is not byte-level BPE of GPT-2's kind.", remedy="Use llama.cpp's converter.")
    names = {place: token for token, place in content["model"]["vocab"].items()}
    added = {token["id"]: token for token in content.get("added_tokens") or []}
    tokens, kinds = [], []
    for place in range(int(config["vocab_size"])):
        if place in added:
            tokens.append(added[place]["content"])
            kinds.append(_CONTROL if added[place].get("special") else _ADDED)
        else:
            tokens.append(names.get(place, f"[unused {place}]"))
            kinds.append(_NORMAL if place in names else _UNUSED)
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in content["model"]["merges"]]
    tokenizer = FastTokenizer(folder)
    settings: list[tuple[str, int, Any]] = [
        ("tokenizer.ggml.model", _STRING, "gpt2"),
        ("tokenizer.ggml.pre", _STRING, "gpt-2"),
        ("tokenizer.ggml.tokens", _ARRAY, (_STRING, tokens)),
        ("tokenizer.ggml.token_type", _ARRAY, (_I32, kinds)),
        ("tokenizer.ggml.merges", _ARRAY, (_STRING, merges)),
        ("tokenizer.ggml.add_bos_token", _BOOL, bool(tokenizer.encode("").ids)),
        ("tokenizer.ggml.add_eos_token", _BOOL, False),
    ]
    for name in ("bos", "eos"):
        if isinstance(config.get(f"{name}_token_id"), int):
            settings.append((f"tokenizer.ggml.{name}_token_id", _U32, config[f"{name}_token_id"]))
    if tokenizer.chat_template:
        settings.append(("tokenizer.chat_template", _STRING, tokenizer.chat_template))
    return settings


def _tensors(folder: Path, config: dict[str, Any]) -> list[tuple[str, Floats]]:
    heads = int(config["num_attention_heads"])
    key_heads = int(config.get("num_key_value_heads") or heads)
    found = _weights(folder)
    names = {
        "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    }  # fmt: skip
    tensors = [("token_embd.weight", found["model.embed_tokens.weight"])]
    tensors.append(("output_norm.weight", found["model.norm.weight"]))
    if not config.get("tie_word_embeddings"):
        tensors.append(("output.weight", found["lm_head.weight"]))
    for layer in range(int(config["num_hidden_layers"])):
        for theirs, ours in names.items():
            tensor = found[f"model.layers.{layer}.{theirs}.weight"]
            if ours in ("attn_q", "attn_k"):
                tensor = _turned(tensor, heads if ours == "attn_q" else key_heads)
            tensors.append((f"blk.{layer}.{ours}.weight", np.ascontiguousarray(tensor)))
    return tensors


def _weights(folder: Path) -> dict[str, Floats]:
    """All tensors as float32, without torch, so that the window's process can convert too."""
    found: dict[str, Floats] = {}
    for file in sorted(folder.glob("*.safetensors")):
        for name, tensor in deserialize(file.read_bytes()):  # type: ignore[no-untyped-call]
            found[name] = _floats(tensor["dtype"], tensor["data"]).reshape(tensor["shape"])
    return found


def _floats(dtype: str, data: bytes) -> Floats:
    """Raises ModelError for weights that are not plain floats."""
    if dtype == "BF16":                                  # the upper half of a float32; numpy knows no bfloat16
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    if dtype not in ("F16", "F32", "F64"):
        raise ModelError(f"Weights of the kind {dtype} are not converted here.", remedy="Use llama.cpp's converter.")
    return np.frombuffer(data, f"<f{int(dtype[1:]) // 8}").astype(np.float32)


def _turned(weight: Floats, heads: int) -> Floats:
    """Rotary halves interleaved: llama.cpp turns pairs of neighbours where transformers turns the two halves."""
    split = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return split.swapaxes(1, 2).reshape(weight.shape)


def _text(value: str) -> bytes:
    data = value.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def _value(kind: int, value: Any) -> bytes:
    if kind == _STRING:
        return _text(str(value))
    if kind == _ARRAY:
        item, values = value
        return struct.pack("<IQ", item, len(values)) + b"".join(_value(item, one) for one in values)
    return struct.pack({_U32: "<I", _I32: "<i", _F32: "<f", _BOOL: "<?"}[kind], value)


def _pad(stream: BinaryIO) -> None:
    stream.write(b"\0" * (-stream.tell() % _ALIGNMENT))
