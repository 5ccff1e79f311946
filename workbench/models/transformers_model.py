"""Models run by transformers: a local folder with safetensors, an architecture of transformers' own, no remote code."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.domain import ModelFacts, ModelRef, TokenScore
from workbench.errors import ModelError
from workbench.models import adapters, cascade, devices, memory, quantised
from workbench.models.base import Decoding, Draw, Drawn, ScoredSequence, Tokenizer
from workbench.models.embedding import hidden_states
from workbench.models.facts import read_facts
from workbench.models.files import read_json
from workbench.models.generation import OneByOne, Rows, alike, draw
from workbench.models.inspection import token_score
from workbench.models.packed_rows import PackedRows
from workbench.models.passes import Cached, CacheSteps, Cascade, WholeSteps, logits_at
from workbench.models.threads import thread_count
from workbench.models.tokenizer import FastTokenizer
from workbench.models.walk import Walker
from workbench.models.ways import Choice, choose_way
from workbench.models.weights import check_quantised, from_folder, plain_attention, tokenizer_folder


class TransformersModel:
    """See LanguageModel. Made by ``load``."""

    def __init__(self, ref: ModelRef, model: Any, tokenizer: FastTokenizer, facts: ModelFacts, choice: Choice) -> None:
        self.ref = ref
        self.tokenizer: Tokenizer = tokenizer
        self.context = facts.context
        self.facts: Mapping[str, str] = _facts(ref, model, facts, choice)
        self._model = model
        self._stops = _end_tokens(Path(ref.base or ref.path), model.config)
        dtype = str(model.dtype).removeprefix("torch.")
        budget = memory.pass_tokens(facts, dtype, devices.free_memory(model.device), devices.pass_tokens(model.device))
        self._walker = Walker(choice.way, vocabulary=model.config.get_text_config().vocab_size, budget=budget,
                              logit_bytes=devices.logit_bytes(model.device))

    @classmethod
    def load(cls, ref: ModelRef, *, ignore_memory: bool = False) -> TransformersModel:
        """Raises ModelError: not allowed, changed since it was registered, not enough memory, no such device."""
        facts = read_facts(Path(ref.path), base=Path(ref.base) if ref.base else None)
        if facts.problems:
            raise ModelError(f"“{ref.name}” cannot be loaded. {' '.join(facts.problems)}", safe="No code was run.")
        if ref.sha256 and ref.sha256 != facts.sha256:
            raise ModelError(
                f"The files of “{ref.name}” have changed since it was registered (SHA-256 {facts.sha256[:12]}…, "
                f"registered {ref.sha256[:12]}…).",
                safe="Nothing was loaded.",
                remedy="Register the model again if the change is wanted.",
            )
        torch.set_num_threads(thread_count())
        devices.exact_products()
        device = devices.choose(ref.device)
        dtype = devices.choose_dtype(ref.dtype, device, facts)
        check_quantised(ref, facts)
        needed = memory.estimate(facts, dtype, min(facts.context, devices.PLANNED_CONTEXT))
        if not ignore_memory:
            memory.check(needed, devices.free_memory(device), where=str(device))
        model = from_folder(Path(ref.base or ref.path), device, dtype)
        if ref.base:
            model = adapters.add_adapter(model, Path(ref.path), ref.name)
        return cls(ref, model, FastTokenizer(tokenizer_folder(ref)), facts, choose_way(model))

    def logprobs(
        self, sequences: Sequence[ScoredSequence], progress: Callable[[int], None] = lambda done: None
    ) -> list[tuple[float, ...]]:
        longest = max((sequence.end for sequence in sequences), default=0)
        self._check_length(longest)
        if any(sequence.start < 1 < sequence.end for sequence in sequences):
            raise ValueError("a sequence's first token has nothing before it to be predicted from")
        self._use(cascade.NAME if isinstance(self._walker.way, Cascade) else plain_attention(type(self._model)))
        return self._walker.logprobs(sequences, progress)

    def inspect(self, sequence: ScoredSequence, alternatives: int = 3) -> list[TokenScore]:
        self._check_length(sequence.end)
        self._use(plain_attention(type(self._model)))
        with torch.inference_mode():
            ids = torch.tensor([sequence.ids[: sequence.end - 1]], device=self._model.device)
            (logits,) = logits_at(self._model, ids, range(sequence.start - 1, sequence.end - 1))
            found = []
            for row, target in zip(logits, sequence.ids[sequence.start : sequence.end], strict=True):
                found.append(token_score(self.tokenizer, row.float().log_softmax(-1), target, alternatives))
        return found

    def draw(
        self, wanted: Sequence[Draw], on_text: Callable[[int, str], None] = lambda index, text: None,
        on_drawn: Callable[[int, Drawn], None] = lambda index, drawn: None,
    ) -> list[Drawn]:
        encoded = [found.ids for found in self.tokenizer.encode_all([one.prompt for one in wanted])]
        for ids in encoded:
            self._check_length(len(ids) + 1)
        decodings = [one.decoding for one in wanted]
        rows: Rows
        if isinstance(self._walker.way, Cascade):
            self._use(cascade.NAME)
            rows = PackedRows(self._model, devices.pass_tokens(self._model.device))
        else:
            self._use(plain_attention(type(self._model)))
            rows = OneByOne((CacheSteps if isinstance(self._walker.way, Cached) else WholeSteps)(self._model))
        with torch.inference_mode():
            return draw(rows, self.tokenizer, encoded, decodings, on_text, on_drawn, self._stops, self.context)

    def generate(self, prompts: Sequence[str], decoding: Decoding, on_text: Callable[[int, str], None]) -> list[str]:
        return [drawn.text for drawn in self.draw(alike(prompts, decoding), on_text)]

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """See Embedder."""
        self._use(plain_attention(type(self._model)))
        return hidden_states(self._model, self.tokenizer, texts, context=self.context, budget=self._walker.budget)

    @property
    def network(self) -> Any:
        """The transformers module itself, for training; with plain attention."""
        self._use(plain_attention(type(self._model)))
        return self._model

    def close(self) -> None:
        if self._model is not None:
            device, self._model = self._model.device, None
            self._walker.forget()
            self._walker.way = None  # type: ignore[assignment]
            devices.give_back(device)

    def _use(self, attention: str) -> None:
        if self._model is None:
            raise RuntimeError("the model is closed")
        if self._model.config._attn_implementation != attention:
            self._model.set_attn_implementation(attention)

    def _check_length(self, tokens: int) -> None:
        if tokens > self.context:
            raise ModelError(
                f"A prompt of {tokens:,} tokens does not fit in the context of “{self.ref.name}” ({self.context:,}).",
                safe="Nothing was computed.",
                remedy="Take out a demonstration, or choose a model with a longer context.",
            )


def _end_tokens(path: Path, config: Any) -> frozenset[int]:
    """Tokens that end an answer: generation_config.json's, or config.json's."""
    file = path / "generation_config.json"
    found = (read_json(file).get("eos_token_id") if file.is_file() else None) or getattr(
        config.get_text_config(), "eos_token_id", None)
    return frozenset(found if isinstance(found, list) else [] if found is None else [found])


def _facts(ref: ModelRef, model: Any, facts: ModelFacts, choice: Choice) -> dict[str, str]:
    import tokenizers
    import transformers

    quantisation = ref.dtype if ref.dtype in quantised.ON_LOADING else facts.quantisation
    return ({"quantisation": quantisation} if quantisation else {}) | (
        {"attention because": choice.because} if choice.because else {}) | {
        "architecture": facts.architecture, "sha256": facts.sha256, "device": str(model.device),
        "dtype": str(model.dtype).removeprefix("torch."), "attention": choice.name,
        "threads": str(torch.get_num_threads()), "torch": torch.__version__, "transformers": transformers.__version__,
        "tokenizers": tokenizers.__version__, "python": platform.python_version(),
    }  # fmt: skip
