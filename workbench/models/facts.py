"""What is known of a model from its files, without torch and without loading weights."""

from __future__ import annotations

import json
import math
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workbench.domain import ModelFacts
from workbench.errors import ModelError
from workbench.models import adapters, quantised
from workbench.models.architectures import causal_language_models
from workbench.models.files import gguf_parts, hash_files, model_files, read_json, shortened
from workbench.models.gguf_facts import read_gguf_facts

# Settings through which a config.json can ask for code or kernels from elsewhere.
_CODE_KEYS = frozenset({
    "auto_map", "custom_pipelines", "trust_remote_code", "attn_implementation", "_attn_implementation",
    "_attn_implementation_internal", "_attn_implementation_autoset", "_experts_implementation",
    "experts_implementation", "experts_implementation_internal", "_experts_implementation_internal", "use_kernels",
    "kernel_config",
})  # fmt: skip

_UNLIMITED = 32_768              # tokens, for architectures whose positions have no end: states, linear biases

_DTYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8", "I8": "int8"}


def read_facts(path: Path, progress: Callable[[int], None] = lambda read: None, base: Path | None = None) -> ModelFacts:
    """Facts and hash of a model folder, an adapter's folder or a .gguf file. What keeps it from being loaded is listed
    in ``problems``. ``base`` is an adapter's base model; without it, it is looked for.

    Raises ModelError where there is no model at all, or a file is damaged.
    """
    if path.suffix == ".gguf" and any(part.is_file() for part in gguf_parts(path)):
        return read_gguf_facts(path, progress)
    if not path.is_dir():
        raise ModelError(f"{path} is not a model.", remedy="Choose a folder that holds config.json, or a .gguf file.")
    if adapters.is_adapter(path):
        base = base or adapters.find_base(path)
        if base is None:
            raise ModelError(
                f"This is an adapter for “{adapters.named_base(path)}”, which is not on this computer.",
                remedy="Add that model first, or choose its folder as the adapter's base.",
            )
        return adapters.adapter_facts(path, read_facts(base, progress), safetensors_header)
    config = read_json(path / "config.json")
    inner = config.get("text_config")
    text: Mapping[str, Any] = inner if isinstance(inner, dict) else config
    weights = sorted(path.glob("*.safetensors"))
    parameters, dtypes, problems = 0, Counter[str](), problems_of(path, config)
    unseen = set(_indexed(path))
    for file in weights:
        for name, (dtype, shape) in safetensors_header(file).items():
            unseen.discard(name)
            parameters += _weights_in(name, dtype, math.prod(shape), config)
            dtypes[dtype] += math.prod(shape)
    if unseen:
        problems.append(f"Tensors that the index lists are in none of the files: {shortened(unseen)}.")
    hidden, heads = _number(text, "hidden_size", "n_embd", "d_model"), _number(text, "num_attention_heads", "n_head")
    names = config.get("architectures")
    return ModelFacts(
        architecture=str(names[0]) if isinstance(names, list) and names else str(config.get("model_type", "")),
        parameters=parameters,
        layers=_number(text, "num_hidden_layers", "n_layer", "n_layers", "num_layers"),
        hidden_size=hidden,
        heads=heads,
        kv_heads=_number(text, "num_key_value_heads", default=heads),
        vocabulary=_number(text, "vocab_size"),
        context=_number(text, "max_position_embeddings", "n_positions", "max_seq_len", "n_ctx", "seq_length",
                        default=_UNLIMITED),
        dtype=_dtype(dtypes, config),
        size_bytes=sum(file.stat().st_size for file in weights),
        files=tuple(file.name for file in model_files(path)),
        sha256=hash_files(path, progress),
        chat_template=_has_chat_template(path),
        problems=tuple(problems),
        quantisation=quantised.method_of(config),
    )


def problems_of(path: Path, config: Mapping[str, Any]) -> list[str]:
    """Why the model in ``path`` cannot be loaded, in sentences; empty if it can."""
    problems = []
    kind = config.get("model_type")
    if kind not in causal_language_models():
        problems.append(f"The architecture “{kind}” is not one that the workbench loads: the installed transformers "
                        "has no causal language model of that name.")
    asked = sorted(_CODE_KEYS & {key for part in (config, *_parts(config)) for key in part})
    asked = [key for key in asked if any(part.get(key) is not None for part in (config, *_parts(config)))]
    if asked:
        problems.append(f"config.json asks for code from elsewhere ({', '.join(asked)}), which is never run.")
    method = quantised.method_of(config)
    if method and not quantised.known(method):
        problems.append(f"The weights are quantised in a way that is not loaded here ({method}).")
    if not (path / "tokenizer.json").is_file():
        problems.append("There is no tokenizer.json (a fast tokenizer is needed).")
    problems += _missing_weights(path)
    return problems


def _weights_in(name: str, dtype: str, count: int, config: Mapping[str, Any]) -> int:
    """Weights that a tensor of ``count`` numbers holds: quantised ones are packed, several to a number."""
    method, bits = quantised.method_of(config), quantised.bits_of(config)
    width = {"I32": 32, "U8": 8, "I8": 8}.get(dtype, 0)
    if not method or not width or not bits:
        return count
    packed = name.endswith(("qweight", ".weight"))
    return count * width // bits if packed else 0


def _dtype(dtypes: Counter[str], config: Mapping[str, Any]) -> str:
    method, bits = quantised.method_of(config), quantised.bits_of(config)
    if method:
        return f"{bits} bit" if bits else method
    most = dtypes.most_common(1)
    return _DTYPES.get(most[0][0], most[0][0]) if most else ""


def _parts(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [value for value in config.values() if isinstance(value, dict)]


def _missing_weights(path: Path) -> list[str]:
    if shards := set(_indexed(path).values()):
        missing = [name for name in shards if "/" in name or "\\" in name or not (path / name).is_file()]
        return [f"Weights are missing: {shortened(missing)}."] if missing else []
    endings = {file.suffix for file in path.iterdir()}
    if ".safetensors" in endings:
        return []
    if endings & {".bin", ".pt", ".pth"}:
        return ["The weights are pickle files, which can run code when loaded; only safetensors are read."]
    return ["There are no weights (*.safetensors)."]


def _indexed(path: Path) -> dict[str, str]:
    """The file of each tensor, where the folder's weights are in several files with an index."""
    index = path / "model.safetensors.index.json"
    files = read_json(index).get("weight_map") if index.is_file() else None
    return {str(tensor): str(file) for tensor, file in files.items()} if isinstance(files, dict) else {}


def safetensors_header(file: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Name → (dtype, shape) of a file's tensors. Raises ModelError where header and file do not fit."""
    try:
        with file.open("rb") as stream:
            size = file.stat().st_size
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > min(size - 8, 100 * 2**20):
                raise ValueError("the header is longer than the file")
            header = json.loads(stream.read(length))
            tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
            end = max((int(entry["data_offsets"][1]) for entry in tensors.values()), default=0)
            if 8 + length + end != size:
                raise ValueError(f"{8 + length + end:,} bytes are announced, {size:,} are there")
            return {n: (str(e["dtype"]), tuple(int(x) for x in e["shape"])) for n, e in tensors.items()}
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error) as error:
        raise ModelError(
            f"{file.name} is damaged or incomplete: {error}.", remedy="Download the file again."
        ) from error


def _number(config: Mapping[str, Any], *names: str, default: int = 0) -> int:
    return next((int(config[n]) for n in names if isinstance(config.get(n), int)), default)


def _has_chat_template(path: Path) -> bool:
    if (path / "chat_template.jinja").is_file():
        return True
    settings = path / "tokenizer_config.json"
    return settings.is_file() and bool(read_json(settings).get("chat_template"))
