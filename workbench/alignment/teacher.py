"""The teacher's part of training, computed once and kept on disk.

For the ranking loss its preference scores; for the output loss its last hidden states, from which its exact logits
are made again chunk by chunk (a (time, width) array in the place of (time, vocabulary)).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from workbench.alignment.forward import answer_logprobs, head, last_hidden
from workbench.alignment.output_loss import Head
from workbench.alignment.samples import Padded, Sample, pad
from workbench.alignment.writing import written

Advance = Callable[[int], None]


class Teacher:
    """A frozen model whose hidden states and scores for a fixed list of samples lie below ``folder``, by content."""

    def __init__(self, model: Any, samples: Sequence[Sample], folder: Path, padding_id: int) -> None:
        self.model = model.eval().requires_grad_(False)
        self.head: Head = head(model)
        self._samples, self._padding = samples, padding_id
        content = repr([(s.sequence, s.subsets) for s in samples]).encode()
        self._folder = folder / hashlib.sha256(content).hexdigest()[:16]
        self._scores: Tensor | None = None

    def prepare(self, advance: Advance = lambda done: None, rows: int = 16) -> None:
        """Compute what is not on disk yet; ``advance`` gets the number of finished samples and may raise Cancelled.

        Several processes share the work; the folder must be one that all of them see.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        processes = PartialState()
        mine = range(processes.process_index * rows, len(self._samples), processes.num_processes * rows)
        for start in mine:
            path = self._path(start)
            if not path.exists():
                part = path.with_suffix(".part")
                found = self._compute(self._samples[start : start + rows], start)
                with written("What is kept of the teacher", "What was kept before is good."):
                    save_file(found, str(part))
                    part.replace(path)
            advance(min(start + rows, len(self._samples)))
        processes.wait_for_everyone()
        self._rows = rows

    @torch.no_grad()
    def _compute(self, samples: Sequence[Sample], start: int) -> dict[str, Tensor]:
        device = next(self.model.parameters()).device
        batch = pad([s.sequence for s in samples], self._padding).to(device)
        hidden = last_hidden(self.model, batch)
        kept = {f"hidden.{start + i}": hidden[i][batch.predicts[i]].cpu().contiguous() for i in range(len(samples))}
        for i, sample in enumerate(samples):
            if sample.subsets:
                subsets = pad(sample.subsets, self._padding).to(device)
                kept[f"scores.{start + i}"] = answer_logprobs(self.model, subsets)[0].cpu()
        return kept

    def _path(self, start: int) -> Path:
        return self._folder / f"samples-{start:06d}.safetensors"

    def _read(self, kind: str, index: int) -> Tensor:
        with safe_open(str(self._path(index // self._rows * self._rows)), "pt") as file:
            tensor: Tensor = file.get_tensor(f"{kind}.{index}")
        return tensor

    def hidden(self, index: int) -> Tensor:
        """(tokens − 1, width) of sample ``index``: at each position that predicts a token."""
        return self._read("hidden", index)

    def scores(self, index: int) -> Tensor:
        """(subsets,): log Q_T of sample ``index``, in nats."""
        return self._read("scores", index)


@torch.no_grad()
def subset_scores(
    model: Any, samples: Sequence[Sample], padding_id: int, advance: Advance = lambda done: None
) -> Tensor:
    """log Q of every sample's subsets under ``model``: (samples, subsets), on the CPU."""
    device = next(model.parameters()).device
    found = []
    for done, sample in enumerate(samples, 1):
        batch: Padded = pad(sample.subsets, padding_id).to(device)
        found.append(answer_logprobs(model, batch)[0].cpu())
        advance(done)
    return torch.stack(found)
