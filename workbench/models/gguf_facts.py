"""What is known of a GGUF file from its header, without llama.cpp.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. llama.cpp itself loads many files with a damaged
header without a word, so counts, types and sizes are checked here first.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence, Sized
from pathlib import Path
from typing import Any, BinaryIO

from workbench.domain import ModelFacts
from workbench.errors import ModelError
from workbench.models.files import gguf_parts, hash_files, shortened

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MAX_ITEMS, _MAX_STRING = 50_000_000, 100 * 2**20

# GGML's tensor types: name, values a block, bytes a block (ggml/include/ggml.h, ggml/src/ggml-common.h).
TENSOR_TYPES: dict[int, tuple[str, int, int]] = {
    0: ("float32", 1, 4), 1: ("float16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("int8", 1, 1), 25: ("int16", 1, 2), 26: ("int32", 1, 4), 27: ("int64", 1, 8), 28: ("float64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("bfloat16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
}  # fmt: skip


def read_gguf_facts(path: Path, progress: Callable[[int], None] = lambda read: None) -> ModelFacts:
    """Facts and hash of a file, or of all files of a model in parts. Raises ModelError: see ``read_header``."""
    parts = gguf_parts(path)
    there = [part for part in parts if part.is_file()]
    settings, tensors = read_header(there[0])
    for part in there[1:]:
        more = read_header(part)[1]
        if repeated := tensors.keys() & more.keys():
            raise ModelError(f"{part.name} repeats tensors of another part: {shortened(repeated)}.",
                             remedy="Download all its parts again.")
        tensors |= more
    kind = str(settings.get("general.architecture", ""))

    def number(name: str, default: int = 0) -> int:
        found = settings.get(f"{kind}.{name}")
        return found if isinstance(found, int) else default

    heads = number("attention.head_count")
    parameters = {name: math.prod(shape) for name, (_, shape) in tensors.items()}
    by_type: dict[str, int] = {}
    for name, (tensor_type, _) in tensors.items():
        by_type[tensor_type] = by_type.get(tensor_type, 0) + parameters[name]
    vocabulary = settings.get("tokenizer.ggml.tokens")
    return ModelFacts(
        architecture=kind, parameters=sum(parameters.values()), layers=number("block_count"),
        hidden_size=number("embedding_length"), heads=heads, kv_heads=number("attention.head_count_kv", heads),
        vocabulary=len(vocabulary) if isinstance(vocabulary, list) else 0, context=number("context_length"),
        dtype=max(by_type, key=lambda name: by_type[name]) if by_type else "",
        size_bytes=sum(part.stat().st_size for part in there), files=tuple(part.name for part in parts),
        sha256=hash_files(path, progress), chat_template="tokenizer.chat_template" in settings,
        problems=tuple(_lacking(settings, parts, there, tensors) or _problems(settings, kind, tensors)),
    )  # fmt: skip


def read_header(path: Path) -> tuple[dict[str, Any], dict[str, tuple[str, tuple[int, ...]]]]:
    """Settings by name, and tensors by name as (type, shape).

    Raises ModelError: not a GGUF file, of another version, damaged or incomplete.
    """
    try:
        with path.open("rb") as stream:
            return _read(stream, path.stat().st_size)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", remedy="Check the file.") from error
    except (ValueError, struct.error, KeyError, OverflowError, MemoryError) as error:
        raise ModelError(f"{path.name} is damaged or incomplete: {error}.", remedy="Download it again.") from error


def _lacking(settings: dict[str, Any], parts: Sequence[Path], there: Sequence[Path], tensors: Sized) -> list[str]:
    """What of a model in parts is not there."""
    count, announced = settings.get("split.count", 0) or 1, settings.get("split.tensors.count", 0)
    if missing := [part.name for part in parts if part not in there]:
        return [f"{len(missing)} of its {len(parts)} parts {'is' if len(missing) == 1 else 'are'} missing: "
                f"{shortened(missing)}. Put all parts in one folder."]
    if count != len(parts):
        return [f"The file is one of {count} parts, which are found by their names: …-00001-of-{count:05}.gguf. "
                "Give all parts the names that they were made with."]
    if count > 1 and announced != len(tensors):
        return [f"Its parts hold {len(tensors)} tensors, and {announced} are announced. Download all parts again."]
    return []


def _problems(settings: dict[str, Any], kind: str, tensors: dict[str, Any]) -> list[str]:
    needed = (
        "block_count", "context_length", "embedding_length", "feed_forward_length", "attention.head_count",
    )  # fmt: skip
    missing = [name for name in needed if not settings.get(f"{kind}.{name}")]
    problems = [f"The header lacks {', '.join(missing)}."] if missing else []
    if not settings.get("tokenizer.ggml.tokens"):
        problems.append("The file has no tokenizer.")
    if not tensors:
        problems.append("The file has no weights.")
    return problems


def _read(stream: BinaryIO, size: int) -> tuple[dict[str, Any], dict[str, tuple[str, tuple[int, ...]]]]:
    if stream.read(4) != b"GGUF":
        raise ValueError("it does not begin with GGUF")
    version, tensor_count, setting_count = struct.unpack("<IQQ", stream.read(20))
    if version not in (2, 3):
        raise ValueError(f"version {version} is not known")
    if tensor_count > 1_000_000 or setting_count > 1_000_000:
        raise ValueError("its header announces more than it can hold")
    settings = {_string(stream): _value(stream, _number(stream, "I")) for _ in range(setting_count)}
    alignment = settings.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
        raise ValueError("its alignment is not a power of two")
    tensors: dict[str, tuple[str, tuple[int, ...]]] = {}
    end = 0
    for _ in range(tensor_count):
        name, dimensions = _string(stream), _number(stream, "I")
        if not 0 < dimensions <= 4 or name in tensors:
            raise ValueError(f"tensor “{name}” is described wrongly")
        shape = tuple(_number(stream, "Q") for _ in range(dimensions))
        kind, offset = _number(stream, "I"), _number(stream, "Q")
        if kind not in TENSOR_TYPES:
            raise ValueError(f"tensor “{name}” is of the unknown type {kind}")
        label, values, size_of_block = TENSOR_TYPES[kind]
        if offset % alignment or shape[0] % values or offset < end:
            raise ValueError(f"tensor “{name}” does not fit its place")
        end = offset + math.prod(shape) // values * size_of_block
        tensors[name] = (label, shape)
    begins = -(-stream.tell() // alignment) * alignment
    if tensors and begins + end > size:
        raise ValueError(f"{begins + end:,} bytes are announced, {size:,} are there")
    return settings, tensors


def _number(stream: BinaryIO, form: str) -> int:
    (value,) = struct.unpack("<" + form, stream.read(struct.calcsize(form)))
    return int(value)


def _string(stream: BinaryIO) -> str:
    length = _number(stream, "Q")
    if length > _MAX_STRING:
        raise ValueError("a text in its header is too long")
    data = stream.read(length)
    if len(data) != length:
        raise ValueError("the header ends too early")
    return data.decode("utf-8")


def _value(stream: BinaryIO, kind: int, depth: int = 0) -> Any:
    if kind == _STRING:
        return _string(stream)
    if kind == _ARRAY:
        item, count = _number(stream, "I"), _number(stream, "Q")
        if count > _MAX_ITEMS or depth > 2:
            raise ValueError("a list in its header is too long")
        return [_value(stream, item, depth + 1) for _ in range(count)]
    if kind not in _NUMBERS:
        raise ValueError(f"its header holds the unknown type {kind}")
    form = "<" + _NUMBERS[kind]
    return struct.unpack(form, stream.read(struct.calcsize(form)))[0]
