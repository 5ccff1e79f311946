"""`make bench-generate`: answers drawn many at a time, against one by one and transformers.generate.

16 questions under a prompt of about 1,000 tokens, 48 new tokens each, greedy; a random model of 8 layers, 512 wide.
Single-thread CPU seconds, interleaved, medians. Fails when the answers differ.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import torch

from tests.models import tiny_models
from tests.perf.report import Row, one_thread, write
from workbench.domain import Backend, ModelRef
from workbench.models import Decoding, Draw, LanguageModel, load
from workbench.models.gguf_writer import convert

QUESTIONS, NEW, ROUNDS = 16, 48, 3
RULES = "The quick brown fox jumps over the lazy dog and two is four.\n" * 55


def main() -> int:
    one_thread()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        ref = tiny_models.save(folder, hidden_size=512, intermediate_size=1408, num_hidden_layers=8,
                               num_attention_heads=8, num_key_value_heads=4, max_position_embeddings=4096,
                               initializer_range=0.05, eos_token_id=None)
        model = load(ref)
        texts = [f"{RULES}# Query:\n{'Hello ' * (n % 7)}fox {n}\n# Answer:\n" for n in range(QUESTIONS)]
        tokens = [len(model.tokenizer.encode(text).ids) for text in texts]
        print(f"{QUESTIONS} prompts of {min(tokens)} to {max(tokens)} tokens")
        ways: dict[str, Callable[[], list[str]]] = {
            "many": lambda: many(model, texts), "one by one": lambda: one_by_one(model, texts),
            "transformers, one by one": lambda: plain(model, texts, 1),
            "transformers, batch": lambda: plain(model, texts, QUESTIONS),
        }
        seconds = measure(ways)
        rows = [Row(f"vs {name}", seconds[name] / seconds["many"], "times faster", None, "higher")
                for name in list(ways)[1:]]
        rows.append(Row("tokens a CPU second", QUESTIONS * NEW / seconds["many"], "tokens/s", None, "higher"))
        model.close()
        if find_spec("llama_cpp"):
            rows += gguf_rows(folder, texts)
    write("generate", rows)
    return 0


def gguf_rows(folder: Path, texts: list[str]) -> list[Row]:
    file = folder.with_suffix(".gguf")
    convert(folder, file)
    model = load(ModelRef("gguf", str(file), Backend.LLAMA_CPP, device="cpu"))
    seconds = measure({"many": lambda: many(model, texts), "one by one": lambda: one_by_one(model, texts)})
    model.close()
    return [Row("GGUF vs one by one", seconds["one by one"] / seconds["many"], "times faster", None, "higher")]


def many(model: LanguageModel, texts: list[str]) -> list[str]:
    return [one.text for one in model.draw([Draw(text, Decoding(NEW)) for text in texts])]


def one_by_one(model: LanguageModel, texts: list[str]) -> list[str]:
    return [model.draw([Draw(text, Decoding(NEW))])[0].text for text in texts]


def plain(model: LanguageModel, texts: list[str], batch: int) -> list[str]:
    """transformers.generate, padded on the left, ``batch`` prompts at a time."""
    network = model._model  # type: ignore[attr-defined]
    network.set_attn_implementation("sdpa")
    found = []
    for start in range(0, len(texts), batch):
        ids = [model.tokenizer.encode(text).ids for text in texts[start : start + batch]]
        longest = max(map(len, ids))
        rows = torch.tensor([[1] * (longest - len(one)) + list(one) for one in ids])
        mask = torch.tensor([[0] * (longest - len(one)) + [1] * len(one) for one in ids])
        with torch.inference_mode():
            made = network.generate(rows, attention_mask=mask, max_new_tokens=NEW, do_sample=False, pad_token_id=1)
        found += [model.tokenizer.decode(row[longest:].tolist()) for row in made]
    return found


def measure(ways: dict[str, Callable[[], list[str]]]) -> dict[str, float]:
    """Median CPU seconds of each way; all must answer the same."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    answers: dict[str, list[str]] = {}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            began = time.process_time()
            answers[name] = work()
            taken[name].append(time.process_time() - began)
    first, *others = answers.values()
    differing = sum(a != b for other in others for a, b in zip(first, other, strict=True))
    if differing > len(others):          # a near tie may fall the other way in float32
        raise SystemExit(f"{differing} answers differ")
    return {name: statistics.median(found) for name, found in taken.items()}


if __name__ == "__main__":
    raise SystemExit(main())
