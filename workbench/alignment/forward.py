"""What both losses need of a causal language model: last hidden states, its head, answers' log-likelihoods."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from workbench.alignment.episodes import AlignmentError
from workbench.alignment.lean_layers import lean_pass
from workbench.alignment.output_loss import Head
from workbench.alignment.samples import Padded


def head(model: Any) -> Head:
    """The model's output head with what its config does to logits. Raises AlignmentError where that is not known."""
    layer, config = model.get_output_embeddings(), model.config.get_text_config()
    if getattr(layer, "bias", None) is not None:
        raise AlignmentError(f"The head of a {config.model_type} model has a bias; the output loss has none.")
    scale = getattr(config, "logit_scale", None) or 1.0                             # Cohere
    divisor = getattr(config, "logits_scaling", None) or 1.0                        # Granite
    return Head(layer.weight, scale / divisor, getattr(config, "final_logit_softcapping", None) or 0.0)


def last_hidden(model: Any, batch: Padded) -> Tensor:
    """(rows, time, width): what the head sees. Goes through the model's own forward, so that wrappers work."""
    output = model(input_ids=batch.ids, attention_mask=batch.mask, use_cache=False, output_hidden_states=True,
                   logits_to_keep=1)
    hidden: Tensor = output.hidden_states[-1]
    return hidden


def hidden_at(model: Any, batch: Padded, needed: Tensor) -> Tensor:
    """(positions, width): last hidden states where ``needed``, boolean (rows, time), is set, row by row.

    A model that ``make_lean`` has prepared keeps less for one backward pass, and computes less.
    """
    with lean_pass(model, needed):
        return last_hidden(model, batch)[needed]


def answer_logprobs(model: Any, batch: Padded, network: Any = None) -> tuple[Tensor, Tensor]:
    """log P(answer | everything before it) of each row, (rows,), in nats; and whether each answer is the greedy one.

    ``network`` is the module inside ``model`` where that is a wrapper. Its head is taken after the forward pass: a
    wrapper that shards weights has them whole then.
    """
    hidden = hidden_at(model, batch, batch.answer)
    output_head = head(network or model)
    rows, _ = batch.answer.nonzero(as_tuple=True)
    targets = batch.ids.roll(-1, 1)[batch.answer]
    logits = output_head.logits(hidden)
    found = logits.gather(1, targets[:, None])[:, 0] - torch.logsumexp(logits, -1)
    total = found.new_zeros(len(batch.ids)).index_add(0, rows, found)
    missed = torch.zeros(len(batch.ids), device=rows.device).index_add(0, rows, (logits.argmax(-1) != targets).float())
    return total, missed == 0
