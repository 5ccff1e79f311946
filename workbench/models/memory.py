"""Memory that a model needs, estimated before it is loaded."""

from __future__ import annotations

from workbench.domain import MemoryEstimate, ModelFacts
from workbench.errors import ModelError

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
_QUANTISED = {"int8": 1.0, "nf4": 0.56}          # bytes a weight, with the scales (bitsandbytes)
_LOGITS = 256 * 2**20            # the most that one pass's logits may take (see walk.py)
_RAN_OUT = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")   # CUDA, MPS, CPU, cuBLAS


def estimate(facts: ModelFacts, dtype: str, context: int, batch: int = 1) -> MemoryEstimate:
    """Bytes for weights, the key-value cache of ``batch`` sequences of ``context`` tokens, and working space.

    ``dtype`` "auto" counts what the files hold; of quantised files (GGUF, GPTQ …) that is their size. Working space is
    a pass of ``context`` tokens: about eight activations of the hidden size a token (residual, normed, queries, keys,
    values, and two of the wider MLP), and its logits in float32.
    """
    size = BYTES.get(dtype) or BYTES.get(facts.dtype, 2)
    head = facts.hidden_size // facts.heads if facts.heads else 0
    cache = 2 * facts.layers * (facts.kv_heads or facts.heads) * head * context * batch * size
    working = 12 * facts.hidden_size * context * batch * size + min(_LOGITS, 4 * facts.vocabulary * context * batch)
    return MemoryEstimate(_weights(facts, dtype), cache, working, context, batch)


def pass_tokens(facts: ModelFacts, dtype: str, free: int, most: int) -> int:
    """How many tokens one pass may hold: ``most``, or as many as a quarter of the ``free`` bytes takes for activations
    and their keys and values; 64 at least. A pass that is too large all the same is halved (see walk.py)."""
    one = estimate(facts, dtype, 1)
    return max(min(most, free // 4 // (one.cache + 12 * facts.hidden_size * (BYTES.get(dtype) or 2) or 1)), 64)


def ran_out(error: BaseException) -> bool:
    """Whether memory ran out: Python's own error, torch's on a device (torch.OutOfMemoryError), or one of those that
    are plain RuntimeErrors: on the CPU, on MPS, in a CUDA library."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _RAN_OUT)


def _weights(facts: ModelFacts, dtype: str) -> int:
    if dtype in _QUANTISED:
        return int(facts.parameters * _QUANTISED[dtype])
    if facts.quantisation or (dtype not in BYTES and facts.dtype not in BYTES):
        return facts.size_bytes
    return facts.parameters * (BYTES.get(dtype) or BYTES[facts.dtype])


def check(needed: MemoryEstimate, free: int, *, where: str) -> None:
    """Raises ModelError when ``needed`` is more than ``free`` bytes."""
    if needed.total > free:
        raise ModelError(
            f"The model needs about {needed.total / 2**30:.1f} GiB and {where} has {free / 2**30:.1f} GiB free.",
            safe="Nothing was loaded.",
            remedy="Close other programs, choose a smaller dtype or model, or set WORKBENCH_IGNORE_MEMORY=1 and try.",
        )
