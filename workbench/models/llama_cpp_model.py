"""GGUF models run by llama.cpp, with shared beginnings as copies of its sequences."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import psutil
import torch

from workbench.domain import ModelFacts, ModelRef, TokenScore
from workbench.errors import ModelError
from workbench.models import memory
from workbench.models.base import Decoding, Draw, Drawn, ScoredSequence, Tokenizer
from workbench.models.generation import OneByOne, alike, draw
from workbench.models.gguf_facts import read_gguf_facts
from workbench.models.gguf_tokenizer import GgufTokenizer
from workbench.models.inspection import token_score
from workbench.models.llama_cpp_native import NativeContext, NativeModel
from workbench.models.threads import thread_count
from workbench.models.token_tree import Node
from workbench.models.walk import Walker

_BATCH = 1024                    # tokens a pass, above what the context holds
_SEQUENCES = 64
_LARGEST_CONTEXT = 32_768        # its cache is made when the model is loaded


class LlamaCppModel:
    """See LanguageModel. Made by ``load``."""

    def __init__(self, ref: ModelRef, model: NativeModel, facts: ModelFacts, *, context: int, exact: bool) -> None:
        self.ref = ref
        self.context = context
        self._native = model
        self.tokenizer: Tokenizer = GgufTokenizer(model)
        threads = thread_count()
        self._sequences = Sequences(NativeContext(
            model, cells=context + _BATCH, batch=_BATCH, sequences=_SEQUENCES, exact=exact, threads=threads
        ))  # fmt: skip
        self._walker = Walker(self._sequences, vocabulary=model.vocabulary_size, budget=_BATCH)
        self.facts: Mapping[str, str] = {
            "architecture": facts.architecture, "sha256": facts.sha256, "device": ref.device, "dtype": facts.dtype,
            "cache dtype": "float32" if exact else "float16", "attention": "llama.cpp", "threads": str(threads),
            "llama_cpp_python": llama_cpp.__version__, "python": platform.python_version(),
        }  # fmt: skip

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
        exact = ref.dtype == "float32" or (ref.dtype == "auto" and facts.dtype == "float32")
        context = _fitting_context(facts, exact=exact, ignore_memory=ignore_memory)
        native = NativeModel(Path(ref.path), offload=ref.device != "cpu")
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
        logits, past = self._sequences.logits(sequence.ids[: sequence.end - 1], sequence.start - 1)
        self._sequences.release(past)
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
        self._walker.forget()
        vocabulary = self._native.vocabulary
        ends = frozenset(t for t in range(self._native.vocabulary_size) if llama_cpp.llama_vocab_is_eog(vocabulary, t))
        try:
            rows = OneByOne(self._sequences)
            return draw(rows, self.tokenizer, encoded, decodings, on_text, on_drawn, ends, self.context)
        finally:
            self._sequences.clear()

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


class Sequences:
    """A token tree's nodes as llama.cpp's sequences (see walk.Way and generation.Steps): a past is a sequence's number,
    and forking it marks its cells as the fork's too, so that nothing is computed or copied."""

    most, most_kept = _SEQUENCES // 2, 1

    def __init__(self, context: NativeContext) -> None:
        self.context = context
        self._free = list(range(_SEQUENCES))
        self._lengths: dict[int, int] = {}

    def run(self, nodes: Sequence[Node], past: Any, *, keep: bool) -> tuple[list[np.ndarray], list[Any]]:
        taken = [self._fork(past) for _ in nodes]
        try:
            found = self._in_parts(nodes, taken)
        except BaseException:
            for sequence in taken:
                self.release(sequence)
            raise
        if keep:
            return found, taken
        for sequence in taken:
            self.release(sequence)
        return found, []

    def _in_parts(self, nodes: Sequence[Node], taken: Sequence[int]) -> list[np.ndarray]:
        """All nodes' tokens in a row, a batch at a time: a node may be longer than a batch."""
        tokens = np.concatenate([node.ids for node in nodes])
        positions = np.concatenate([np.arange(node.depth, node.end) for node in nodes]).astype(np.int32)
        owners = np.repeat(np.array(taken, np.int32), [len(node.ids) for node in nodes])
        starts = np.cumsum([0, *(len(node.ids) for node in nodes[:-1])])
        places = np.concatenate([start + node.at for start, node in zip(starts, nodes, strict=True)])
        targets = np.concatenate([node.targets for node in nodes])
        wanted = np.zeros(len(tokens), bool)
        wanted[places] = True
        found = np.zeros(len(places), np.float32)
        for begin in range(0, len(tokens), _BATCH):
            part = slice(begin, begin + _BATCH)
            logits = self.context.decode(tokens[part], positions[part], owners[part], wanted[part])
            here = (places >= begin) & (places < begin + _BATCH)
            row_of = np.cumsum(wanted[part]) - 1
            found[here] = _pick(logits, row_of[places[here] - begin], targets[here])
        for node, sequence in zip(nodes, taken, strict=True):
            self._lengths[sequence] = node.end
        return np.split(found, np.cumsum([len(node.at) for node in nodes])[:-1])

    def after(self, past: Any, kept: Any) -> Any:
        return kept

    def crop(self, past: Any, length: int) -> Any:
        cut = self._free.pop()
        self.context.copy(past, cut, length)
        self._lengths[cut] = length
        return cut

    def release(self, past: Any) -> None:
        if past is not None and past in self._lengths:
            self.context.drop(past)
            del self._lengths[past]
            self._free.append(past)

    def clear(self) -> None:
        for sequence in list(self._lengths):
            self.release(sequence)

    def cost(self, node: Node) -> int:
        return len(node.ids)

    def forward(self, ids: Sequence[int], past: Any) -> tuple[torch.Tensor, Any]:
        logits, past = self.logits(ids, len(ids) - 1, past)
        return torch.from_numpy(logits[-1].copy()), past

    def fork(self, past: Any) -> Any:
        return self._fork(past)

    def logits(self, ids: Sequence[int], start: int, past: Any = None) -> tuple[np.ndarray, Any]:
        """Logits (tokens from ``start`` on, vocabulary), and the past that now ends with ``ids``."""
        sequence = self._fork(None) if past is None else past
        depth = self._lengths[sequence]
        rows = []
        for begin in range(0, len(ids), _BATCH):
            part = np.asarray(ids[begin : begin + _BATCH], np.int32)
            places = np.arange(begin, begin + len(part))
            owners = np.full(len(part), sequence, np.int32)
            found = self.context.decode(part, (depth + places).astype(np.int32), owners, places >= start)
            rows.append(found.copy())
        self._lengths[sequence] = depth + len(ids)
        return np.concatenate(rows), sequence

    def _fork(self, past: Any) -> int:
        sequence = self._free.pop()
        self._lengths[sequence] = 0
        if past is not None:
            self.context.copy(past, sequence)
            self._lengths[sequence] = self._lengths[past]
        return sequence


def _pick(logits: np.ndarray, rows: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """log P(target) at each row; in chunks, as the copies are large."""
    norm = np.empty(len(logits), np.float32)
    for begin in range(0, len(logits), 256):
        part = logits[begin : begin + 256]
        highest = part.max(axis=1)
        norm[begin : begin + 256] = highest + np.log(np.exp(part - highest[:, None]).sum(axis=1, dtype=np.float64))
    return np.asarray(logits[rows, targets] - norm[rows], np.float32)


def _fitting_context(facts: ModelFacts, *, exact: bool, ignore_memory: bool) -> int:
    """The model's context, or as much of it as half of the free memory holds. Raises ModelError below 512 tokens."""
    context = min(facts.context, _LARGEST_CONTEXT)
    dtype = "float32" if exact else "float16"
    free = psutil.virtual_memory().available - facts.size_bytes
    while context > 512 and not ignore_memory and memory.estimate(facts, dtype, context).cache > free / 2:
        context //= 2
    if not ignore_memory and memory.estimate(facts, dtype, context).cache > free:
        raise ModelError(
            f"The model needs {facts.size_bytes / 2**30:.1f} GiB and more for its cache, which is not free.",
            safe="Nothing was loaded.",
            remedy="Close other programs, or choose a smaller model.",
        )
    return context
