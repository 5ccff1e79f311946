"""Which way through a token tree is right for a model, found by trying when it is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workbench.errors import ModelError
from workbench.models import cascade
from workbench.models.base import ScoredSequence
from workbench.models.passes import Cached, Cascade, Whole, inference, logits_at
from workbench.models.walk import Walker, Way
from workbench.models.weights import plain_attention

_SHARED = 40                         # tokens: enough that the walker computes them once
_OWN = (3, 6, 5)
_UNUSABLE = (RuntimeError, TypeError, ValueError, KeyError, AttributeError, IndexError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Choice:
    """``because`` says in words why a quicker way is not taken; "" for cascade attention."""

    way: Way
    because: str = ""

    @property
    def name(self) -> str:
        return type(self.way).__name__.lower()


def choose_way(model: Any) -> Choice:
    """Cascade attention, else the cache, else whole texts: the first that the configuration allows and that gives a
    few made-up texts the numbers of the plain model, one text at a time.

    Raises ModelError for a model that reads in both directions: it gives no text a likelihood.
    """
    cascade.register()
    sequences = _made_up(model.config.get_text_config().vocab_size)
    plain = plain_attention(type(model))
    expected = _alone(model, sequences)
    reasons = []
    if reason := _uncommon_attention(model.config.get_text_config()):
        reasons.append(reason)
    else:
        tried = _tried(model, Cascade(model), cascade.NAME, sequences, expected)
        if tried is None:
            return Choice(Cascade(model))
        reasons.append(f"cascade attention {tried}")
    tried = _tried(model, Cached(model), plain, sequences, expected)
    if tried is None:
        return Choice(Cached(model), "; ".join(reasons))
    return Choice(Whole(model), "; ".join([*reasons, f"its cache {tried}"]))


def _uncommon_attention(config: Any) -> str:
    """Why not every layer attends to everything before it, with nothing added to or capping the scores; "" if it does.
    """
    kinds = set(getattr(config, "layer_types", None) or ())
    if windows := sorted(kind.replace("_", " ") for kind in kinds - {"full_attention"}):
        return f"some layers are of the kind {', '.join(windows)}"
    if not kinds and getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True):
        return "some layers are of the kind sliding attention"
    special = {"attn_logit_softcapping": "scores are capped", "attention_chunk_size": "layers attend to chunks",
               "alibi": "scores depend on the distance", "position_bias": "scores depend on the distance"}
    return next((reason for name, reason in special.items() if getattr(config, name, None)), "")


def _made_up(vocabulary: int) -> list[ScoredSequence]:
    rng = np.random.default_rng(0)

    def ids(count: int) -> tuple[int, ...]:
        return tuple(int(token) for token in rng.integers(0, vocabulary, count))

    start = ids(_SHARED)
    texts = [start + ids(count) for count in _OWN]
    return [ScoredSequence(text, _SHARED // 2, len(text)) for text in texts]


def _alone(model: Any, sequences: Sequence[ScoredSequence]) -> np.ndarray:
    """The plain model's numbers. Raises ModelError where what comes later changes what came before."""
    rows = []
    with inference():
        for sequence in sequences:
            ids = torch.tensor([sequence.ids], device=model.device)
            (logits,) = logits_at(model, ids, range(sequence.start - 1, sequence.end - 1))
            targets = ids[0, sequence.start : sequence.end]
            rows.append(logits.float().log_softmax(-1).gather(1, targets[:, None])[:, 0].cpu().numpy())
    shared = [row[: _SHARED - sequences[0].start] for row in rows]
    if max(float(np.abs(row - shared[0]).max()) for row in shared) > _tolerance(model):
        raise ModelError(
            f"“{model.config.model_type}” reads a text in both directions, so that it gives no text a likelihood.",
            safe="Nothing was computed.", remedy="Choose a model that was made to continue texts.",
        )
    return np.concatenate(rows)


def _tried(
    model: Any, way: Way, attention: str, sequences: Sequence[ScoredSequence], expected: np.ndarray
) -> str | None:
    """What is wrong with a way; None where its numbers are the plain model's."""
    try:
        model.set_attn_implementation(attention)
        walker = Walker(way, model.config.get_text_config().vocab_size, 4096)
        found = np.concatenate([np.asarray(values) for values in walker.logprobs(sequences, lambda done: None)])
    except cascade.UncommonAttention as error:
        return f"is not for layers whose {error}"
    except _UNUSABLE:
        return "is not used as elsewhere"
    finally:
        model.set_attn_implementation(plain_attention(type(model)))
    right = np.isfinite(found).all() and np.abs(found - expected).max() < _tolerance(model)
    return None if right else "gives other numbers"


def _tolerance(model: Any) -> float:
    """Nats a token. Loose: a wrong mask or position costs whole nats."""
    return 1e-3 if model.dtype is torch.float32 else 0.5
