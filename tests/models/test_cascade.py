from __future__ import annotations

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
