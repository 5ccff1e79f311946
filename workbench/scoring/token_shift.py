"""How far a prompt or a fine-tuning moves a base model, token by token, on given answers.

As in "The Unlocking Spell on Base LLMs" (Lin et al., arXiv 2312.01552, section 2): an answer of the aligned model is
read by both models, and each of its tokens is looked up in the base model's ranking: unshifted (its first choice),
marginal (among its first three), shifted (farther down). Here "aligned" may be the base model itself under a prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from workbench.errors import JobError
from workbench.models.base import LanguageModel, ScoredSequence

if TYPE_CHECKING:
    from torch import Tensor

MARGINAL = 3                         # ranks below this, but for the first, are marginal shifts
Shift = Literal["unshifted", "marginal", "shifted"]


@dataclass(frozen=True, slots=True)
class TokenShift:
    """One token of an answer. ``kl`` is KL(aligned ‖ base) at its place, in nats; ``rank`` is its rank in the base
    model's distribution (0 = likeliest); the log-probabilities (nats) are its own under both."""

    text: str
    kl: float
    rank: int
    logprob: float
    base_logprob: float

    @property
    def shift(self) -> Shift:
        return "unshifted" if self.rank == 0 else "marginal" if self.rank < MARGINAL else "shifted"


def token_shifts(aligned: LanguageModel, given: ScoredSequence, base: LanguageModel,
                 context: Sequence[int]) -> list[TokenShift]:
    """The tokens ``given.start:end`` of the aligned model's own sequence, read by the base model after ``context``.

    Both read the same tokens, whatever the base's tokenisation of the same text would be. Raises JobError: a model that
    gives no whole distributions (GGUF, served), different vocabularies, a sequence longer than a context.
    """
    import torch

    ids = given.ids[given.start : given.end]
    alone = ScoredSequence((*context, *ids), len(context), len(context) + len(ids))
    for model, sequence in ((aligned, given), (base, alone)):
        if sequence.end > model.context:
            raise JobError(f"The answer does not fit into the context of “{model.ref.name}”.")
    with torch.inference_mode():
        p, q = _log_distributions(aligned, given), _log_distributions(base, alone)
        if p.shape != q.shape:
            raise JobError(f"“{aligned.ref.name}” and “{base.ref.name}” have different vocabularies.",
                           remedy="Compare a model with the one that it was made from.")
        q = q.to(p.device)
        kl = (p.exp() * (p - q)).sum(-1).clamp_min(0)
        target = torch.tensor(ids, device=p.device)[:, None]
        own, of_base = p.gather(1, target), q.gather(1, target)
        rank = (q > of_base).sum(-1)
    return [TokenShift(aligned.tokenizer.token_text(id), *values) for id, values in zip(
        ids, zip(kl.tolist(), rank.tolist(), own[:, 0].tolist(), of_base[:, 0].tolist(), strict=True), strict=True)]


def _log_distributions(model: LanguageModel, sequence: ScoredSequence) -> Tensor:
    """Log-probabilities ``(tokens, vocabulary)`` in float32 at the wanted tokens' places."""
    import torch

    from workbench.models.passes import logits_at

    network: Any = getattr(model, "network", None)
    if network is None:
        raise JobError(f"“{model.ref.name}” does not tell its whole distributions.",
                       remedy="Choose a model in a folder with safetensors.")
    ids = torch.tensor([sequence.ids[: sequence.end - 1]], device=network.device)
    (logits,) = logits_at(network, ids, range(sequence.start - 1, sequence.end - 1))
    found: Tensor = logits.float().log_softmax(-1)
    return found
