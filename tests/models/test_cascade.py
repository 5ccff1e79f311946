from __future__ import annotations

import math

import pytest
import torch

from workbench.models import cascade


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("key_heads", [1, 2, 4])
@pytest.mark.parametrize("scores", [2**26, 300])
def test_the_fused_and_the_written_out_attention_agree(
    monkeypatch: pytest.MonkeyPatch, causal: bool, key_heads: int, scores: int
) -> None:
    monkeypatch.setattr(cascade, "_SCORES", scores)          # 300: a few queries at a time
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(3, 4, 9, 8, generator=generator)
    keys = 9 if causal else 13
    key, value = (torch.randn(3, key_heads, keys, 8, generator=generator) for _ in range(2))
    fused = cascade.attention_with_lse(query, key, value, causal=causal, scale=0.3)
    plain = cascade.plain_attention_with_lse(query, key, value, causal=causal, scale=0.3)
    for ours, theirs in zip(fused, plain, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_stretches_of_any_length_are_folded_and_unfolded() -> None:
    pack = cascade.Pack([2, 5, 1])
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(1, 2, 8, 4, generator=generator) for _ in range(3))
    out, lse = cascade._inside(pack, query, key, value, 0.5)
    start = 0
    for length in pack.lengths:
        part = slice(start, start + length)
        alone, sums = cascade.plain_attention_with_lse(
            query[:, :, part], key[:, :, part], value[:, :, part], causal=True, scale=0.5
        )
        torch.testing.assert_close(out[:, part], alone.transpose(1, 2), atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(lse[:, part], sums.transpose(1, 2), atol=1e-5, rtol=1e-5)
        start += length


@pytest.mark.parametrize(("kernel", "trusted"), [("right", True), ("in bits", False), ("not here", False)])
def test_a_fused_kernel_is_used_where_it_computes_the_same(
    monkeypatch: pytest.MonkeyPatch, kernel: str, trusted: bool
) -> None:
    """What a kernel of another device might do: tell the sums in another unit, or not take such heads."""
    def fused(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, dropout: float, causal: bool, *,
              scale: float) -> tuple[torch.Tensor, ...]:
        if kernel == "not here":
            raise RuntimeError("No available kernel")
        out, lse = cascade.plain_attention_with_lse(query, key, value, causal=causal, scale=scale)
        return out, lse / (math.log(2) if kernel == "in bits" else 1), out

    monkeypatch.setattr(torch.ops.aten, "another_kernel", fused, raising=False)
    monkeypatch.setitem(cascade._KERNELS, "cpu", "another_kernel")
    query, key = torch.ones(1, 4, 3, 24), torch.ones(1, 2, 3, 24)
    cascade._fused.cache_clear()
    assert (cascade._fused(query.device, query.dtype, 24) is fused) == trusted
    ours = cascade.attention_with_lse(query, key, key, causal=True, scale=0.3)
    cascade._fused.cache_clear()
    for found, expected in zip(ours, cascade.plain_attention_with_lse(query, key, key, causal=True, scale=0.3),
                               strict=True):
        torch.testing.assert_close(found, expected)
