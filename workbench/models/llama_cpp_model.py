"""GGUF models run by llama.cpp, with shared beginnings as copies of its sequences.

``dtype`` "auto" computes with the weights as they are in the file; "float32" and "float16" with the weights written out
(see dequantised.py), which takes more memory and time and leaves out the rounding of activations to eight bits.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import llama_cpp
import torch

from workbench.domain import ModelFacts, ModelRef, TokenScore
from workbench.errors import ModelError
from workbench.models import llama_cpp_offload, memory
from workbench.models.base import Decoding, Draw, Drawn, ScoredSequence, Tokenizer
from workbench.models.dequantised import DTYPES, dequantised
from workbench.models.files import gguf_parts
from workbench.models.generation import alike, draw
from workbench.models.gguf_facts import read_gguf_facts
from workbench.models.gguf_tokenizer import GgufTokenizer
from workbench.models.inspection import token_score
from workbench.models.llama_cpp_native import NativeContext, NativeModel
from workbench.models.llama_cpp_sequences import BATCH, SEQUENCES, Sequences, most_rows
from workbench.models.machine import read_machine
from workbench.models.sequence_rows import ROWS, SequenceRows
from workbench.models.threads import thread_count
from workbench.models.walk import Walker

_LARGEST_CONTEXT = 32_768        # its cache is made when the model is loaded


class LlamaCppModel:
    """See LanguageModel. Made by ``load``."""

    def __init__(self, ref: ModelRef, model: NativeModel, facts: ModelFacts, *, context: int, exact: bool) -> None:
        self.ref = ref
        self.context = context
        self._native = model
        self._exact = exact
        self.tokenizer: Tokenizer = GgufTokenizer(model)
        rows = most_rows(model.vocabulary_size)
        self._sequences = Sequences(self._new_context(context + BATCH, BATCH, SEQUENCES, rows=rows), rows)
        self._walker = Walker(self._sequences, vocabulary=model.vocabulary_size, budget=BATCH)
        written_out = ref.dtype in DTYPES and facts.dtype not in memory.BYTES
        self.facts: Mapping[str, str] = {
            "architecture": facts.architecture, "sha256": facts.sha256, "device": _device(model, facts),
            "dtype": ref.dtype if written_out else facts.dtype, "cache dtype": "float32" if exact else "float16",
            "attention": "llama.cpp, one after the other", "noise": f"{self._noise():.4f}",
            "threads": str(thread_count()), "llama_cpp_python": llama_cpp.__version__,
            "python": platform.python_version(),
        } | ({"quantisation": facts.dtype} if written_out else {})  # fmt: skip

    def _new_context(self, cells: int, batch: int, sequences: int, *, rows: int, shared: bool = True) -> NativeContext:
        return NativeContext(self._native, cells=cells, batch=batch, sequences=sequences, exact=self._exact,
                             threads=thread_count(), shared=shared, rows=rows)

    def _noise(self) -> float:
        """By how much a token's log-probability (nats) changes with what is scored beside it and how it is divided:
        0 where the kernels always compute the same, as on a processor."""
        start, answers, *others = (tuple(place * step % self._native.vocabulary_size for place in range(count))
                                   for step, count in ((7, 90), (11, 13), (13, 21), (17, 3), (19, 30)))
        wanted = ScoredSequence(start + answers, len(start), len(start) + len(answers))
        beside = [ScoredSequence(start + more, len(start), len(start) + len(more)) for more in others]
        (alone,) = self._walker.logprobs([wanted], lambda done: None)
        self._walker.forget()
        together = self._walker.logprobs([*beside, wanted], lambda done: None)[-1]
        self._walker.forget()
        return max(abs(one - other) for one, other in zip(alone, together, strict=True))

    @classmethod
    def load(cls, ref: ModelRef, *, ignore_memory: bool = False) -> LlamaCppModel:
        """Raises ModelError: damaged, changed since it was registered, not enough memory, refused by llama.cpp."""
        facts = read_gguf_facts(Path(ref.path))
        if facts.problems:
            raise ModelError(f"“{ref.name}” cannot be loaded. {' '.join(facts.problems)}", safe="Nothing was loaded.")
        if ref.sha256 and ref.sha256 != facts.sha256:
            raise ModelError(
                f"The file of “{ref.name}” has changed since it was registered (SHA-256 {facts.sha256[:12]}…, "
                f"registered {ref.sha256[:12]}…).",
                safe="Nothing was loaded.",
                remedy="Register the model again if the change is wanted.",
            )
        if ref.dtype not in ("auto", *DTYPES):
            raise ModelError(f"A GGUF file is not loaded as {ref.dtype}.", safe="Nothing was loaded.",
                             remedy=f"Set its type to auto, {' or '.join(DTYPES)}.")
        exact = ref.dtype == "float32" or (ref.dtype == "auto" and facts.dtype == "float32")
        path = Path(ref.path)
        if ref.dtype in DTYPES and facts.dtype not in memory.BYTES:
            path = dequantised(path, facts, ref.dtype)
            facts = replace(facts, size_bytes=path.stat().st_size)
        offloads = llama_cpp.llama_supports_gpu_offload()
        gpus = read_machine(Path(ref.path).parent).gpus if offloads else ()
        cards = llama_cpp_offload.chosen(ref.device, gpus, offloads=offloads)
        free = llama_cpp_offload.free_memory(cards)
        context = _fitting_context(facts, free, exact=exact, ignore_memory=ignore_memory)
        needed = memory.estimate(facts, "float32" if exact else "float16", context)
        native = NativeModel(gguf_parts(path)[0], gpu_layers=llama_cpp_offload.layers(cards, facts, needed),
                             gpu=cards.only if cards else None)
        return cls(ref, native, facts, context=context, exact=exact)

    def logprobs(
        self, sequences: Sequence[ScoredSequence], progress: Callable[[int], None] = lambda done: None
    ) -> list[tuple[float, ...]]:
        self._check_length(max((sequence.end for sequence in sequences), default=0))
        if any(sequence.start < 1 < sequence.end for sequence in sequences):
            raise ValueError("a sequence's first token has nothing before it to be predicted from")
        return self._walker.logprobs(sequences, progress)

    def inspect(self, sequence: ScoredSequence, alternatives: int = 3) -> list[TokenScore]:
        self._check_length(sequence.end)
        self._walker.forget()
        found = []
        logits = self._sequences.logits(sequence.ids[: sequence.end - 1], sequence.start - 1)
        rows = torch.from_numpy(logits).log_softmax(-1)
        for row, target in zip(rows, sequence.ids[sequence.start : sequence.end], strict=True):
            found.append(token_score(self.tokenizer, row, target, alternatives))
        return found

    def draw(
        self, wanted: Sequence[Draw], on_text: Callable[[int, str], None] = lambda index, text: None,
        on_drawn: Callable[[int, Drawn], None] = lambda index, drawn: None,
    ) -> list[Drawn]:
        encoded = [found.ids for found in self.tokenizer.encode_all([one.prompt for one in wanted])]
        for ids in encoded:
            self._check_length(len(ids) + 1)
        decodings = [one.decoding for one in wanted]
        vocabulary = self._native.vocabulary
        ends = frozenset(t for t in range(self._native.vocabulary_size) if llama_cpp.llama_vocab_is_eog(vocabulary, t))
        rows = SequenceRows(lambda cells: self._new_context(ROWS * cells, BATCH, ROWS, rows=ROWS, shared=False))
        return draw(rows, self.tokenizer, encoded, decodings, on_text, on_drawn, ends, self.context)

    def generate(self, prompts: Sequence[str], decoding: Decoding, on_text: Callable[[int, str], None]) -> list[str]:
        return [drawn.text for drawn in self.draw(alike(prompts, decoding), on_text)]

    def close(self) -> None:
        self._sequences.context.close()
        self._native.close()

    def _check_length(self, tokens: int) -> None:
        if tokens > self.context:
            raise ModelError(
                f"A prompt of {tokens:,} tokens does not fit in the context of “{self.ref.name}” ({self.context:,}).",
                safe="Nothing was computed.",
                remedy="Take out a demonstration, or choose a model with a longer context.",
            )


def _device(model: NativeModel, facts: ModelFacts) -> str:
    """Where it computes."""
    if not model.gpu_layers:
        return "cpu"
    on = "gpu" if model.gpu is None else f"gpu {model.gpu}"
    some = 0 < model.gpu_layers <= facts.layers
    return f"{on}, {model.gpu_layers} of {facts.layers} layers" if some else on


def _fitting_context(facts: ModelFacts, free: int, *, exact: bool, ignore_memory: bool) -> int:
    """The model's context, or as much of it as half of the ``free`` bytes hold beside the weights. Raises ModelError
    below 512 tokens."""
    context = min(facts.context, _LARGEST_CONTEXT)
    dtype = "float32" if exact else "float16"
    free -= facts.size_bytes
    while context > 512 and not ignore_memory and memory.estimate(facts, dtype, context).cache > free / 2:
        context //= 2
    if not ignore_memory and memory.estimate(facts, dtype, context).cache > free:
        raise ModelError(
            f"The model needs {facts.size_bytes / 2**30:.1f} GiB and more for its cache, which is not free.",
            safe="Nothing was loaded.",
            remedy="Close other programs, or choose a smaller model.",
        )
    return context
