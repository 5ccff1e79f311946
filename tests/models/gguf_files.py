"""GGUF files as other programs make them: in parts, and quantised."""

from __future__ import annotations

import struct
from pathlib import Path

from workbench.models.gguf_facts import read_header

_ALIGNMENT = 32
_UINT16, _INT32 = 2, 5


def split(file: Path, count: int) -> list[Path]:
    """``file`` in parts as llama.cpp's gguf-split makes them; the settings are all in the first."""
    data = file.read_bytes()
    tensors = read_header(file)[1]
    _, _, _, setting_count = struct.unpack("<4sIQQ", data[:24])
    first = len(next(iter(tensors)).encode())
    settings_end = data.index(struct.pack("<Q", first) + next(iter(tensors)).encode())
    entries, place = [], settings_end
    for _ in tensors:
        (length,) = struct.unpack_from("<Q", data, place)
        (dimensions,) = struct.unpack_from("<I", data, place + 8 + length)
        end = place + 12 + length + 8 * dimensions
        kind, offset = struct.unpack_from("<IQ", data, end)
        entries.append((data[place:end], kind, offset))
        place = end + 12
    begins = -(-place // _ALIGNMENT) * _ALIGNMENT
    ends = [*(offset for _, _, offset in entries[1:]), len(data) - begins]
    names = [file.with_name(f"{file.stem}-{part:05}-of-{count:05}.gguf") for part in range(1, count + 1)]
    for part, name in enumerate(names):
        here = range(part * len(entries) // count, (part + 1) * len(entries) // count)
        more = _setting("split.no", _UINT16, "<H", part) + _setting("split.count", _UINT16, "<H", count)
        more += _setting("split.tensors.count", _INT32, "<i", len(entries))
        settings = data[24:settings_end] if part == 0 else b""
        head = struct.pack("<4sIQQ", b"GGUF", 3, len(here), 3 + (setting_count if part == 0 else 0)) + settings + more
        body = b""
        for index in here:
            entry, kind, offset = entries[index]
            head += entry + struct.pack("<IQ", kind, len(body))
            body += data[begins + offset : begins + ends[index]]
            body += b"\0" * (-len(body) % _ALIGNMENT)
        name.write_bytes(head + b"\0" * (-len(head) % _ALIGNMENT) + body)
    return names


def _setting(name: str, kind: int, form: str, value: int) -> bytes:
    return struct.pack("<Q", len(name)) + name.encode() + struct.pack("<I", kind) + struct.pack(form, value)


def quantised(file: Path, ftype: str) -> Path:
    """``file`` with weights in a few bits, as llama.cpp's own quantisation makes it: "Q4_K_M", "Q8_0" …"""
    import llama_cpp

    from workbench.models.llama_cpp_native import begin

    begin()
    target = file.with_name(f"{file.stem}-{ftype}.gguf")
    settings = llama_cpp.llama_model_quantize_default_params()
    settings.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{ftype}")
    assert llama_cpp.llama_model_quantize(str(file).encode(), str(target).encode(), settings) == 0
    return target
