"""What holds for the tiny models holds for real ones: ``make test-real``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import workbench_resources as resources
from tests.real.real_models import GEMMA, SMOLLM2, as_folder
from workbench.domain import Backend, ModelRef
from workbench.models import Decoding, Draw, LanguageModel, ScoredSequence, load, load_tokenizer, read_facts

pytestmark = [
    pytest.mark.skipif(os.environ.get("WORKBENCH_REAL") != "1", reason="real models are tried by make test-real"),
    pytest.mark.skipif(find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"),
    pytest.mark.skipif(not (GEMMA.is_file() and SMOLLM2.is_file()), reason="the real models cannot be installed"),
    pytest.mark.timeout(1800),
]

MODELS = [pytest.param(GEMMA, id="gemma"), pytest.param(SMOLLM2, id="smollm2")]


def reference(file: Path, dtype: str = "auto") -> ModelRef:
    return ModelRef(file.stem, str(file), Backend.LLAMA_CPP, device="cpu", dtype=dtype)


def prompts(count: int = 6) -> list[tuple[str, str]]:
    """Questions of the sample project under its base prompt, and their answers."""
    base = resources.path("sample", "base_prompt.txt").read_text("utf-8").rstrip()
    lines = resources.path("sample", "questions.jsonl").read_text("utf-8").splitlines()[:count]
    rows = [json.loads(line) for line in lines]
    return [(f"{base}\n\n# Query:\n```\n{row['turns'][0]}\n```\n\n# Answer:\n```\n",
             f"{row['turns'][0]} I am happy to say more about that: {row['turns'][0]}\n```") for row in rows]


def sequences(model: LanguageModel) -> list[ScoredSequence]:
    found = []
    for prompt, answer in prompts():
        start, whole = model.tokenizer.count(prompt), model.tokenizer.encode(prompt + answer).ids
        found.append(ScoredSequence(whole, start, len(whole)))
    return found


@pytest.fixture(scope="module", params=MODELS)
def file(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture(scope="module")
def model(file: Path) -> Iterator[LanguageModel]:
    loaded = load(reference(file))
    yield loaded
    loaded.close()


def test_an_answer_scores_the_same_alone_and_beside_others(model: LanguageModel) -> None:
    work = sequences(model)
    together = model.logprobs(work)
    assert [model.logprobs([sequence])[0] for sequence in reversed(work)] == together[::-1]
    assert model.facts["noise"] == "0.0000"


def test_an_answer_is_drawn_the_same_alone_and_beside_others(model: LanguageModel) -> None:
    wanted = [Draw(prompt, Decoding(max_tokens=12, temperature=0.0)) for prompt, _ in prompts()]
    together = model.draw(wanted)
    assert [model.draw([draw])[0].text for draw in wanted[:3]] == [drawn.text for drawn in together[:3]]


def test_weights_written_out_score_as_the_folder_does(file: Path, model: LanguageModel) -> None:
    """A token's log-probability in float32, in the mean and at most; what quantised weights cost is told beside."""
    exact, folder = load(reference(file, "float32")), load(ModelRef("folder", str(as_folder(file)), device="cpu"))
    work = sequences(exact)[:3]
    assert [folder.tokenizer.encode(prompt + answer).ids for prompt, answer in prompts(3)] == [s.ids for s in work]
    expected = np.concatenate(folder.logprobs(work))
    difference = np.abs(np.concatenate(exact.logprobs(work)) - expected)
    assert (difference.mean(), difference.max()) < (0.002, 0.02)
    rounded = np.abs(np.concatenate(model.logprobs(work)) - expected)
    print(f"{file.stem}: float32 {difference.mean():.4f} (most {difference.max():.4f}), quantised {rounded.mean():.4f}")
    assert difference.mean() < rounded.mean() < 0.3
    exact.close()
    folder.close()


@pytest.mark.parametrize(("file", "parameters", "layers", "vocabulary", "context"), [
    (GEMMA, 268_098_176, 18, 262_144, 32_768), (SMOLLM2, 134_515_008, 30, 49_152, 8_192)])
def test_facts(file: Path, parameters: int, layers: int, vocabulary: int, context: int) -> None:
    facts = read_facts(file)
    assert (facts.parameters, facts.layers, facts.vocabulary) == (parameters, layers, vocabulary)
    assert facts.context == context
    assert not facts.problems


def test_templates() -> None:
    messages = [{"role": "user", "content": "Hello"}]
    instruct = load_tokenizer(reference(SMOLLM2))
    text = instruct.apply_chat_template(messages, open_answer=True)
    assert text.endswith("<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n")
    tokens = [instruct.token_text(id) for id in instruct.encode(text).ids]
    assert tokens.count("<|im_start|>") == text.count("<|im_start|>")
    base = load_tokenizer(reference(GEMMA))
    assert base.token_text(base.encode("Hello").ids[0]) == "<bos>"
    assert base.decode(base.encode("  two  spaces\n\n naïve 日本語 🙂").ids) == "  two  spaces\n\n naïve 日本語 🙂"


@pytest.mark.parametrize("file", MODELS)
def test_memory_is_a_few_times_the_file(file: Path) -> None:
    """Of a process that loads the model and scores; the interpreter with its libraries is taken off."""
    code = ("import resource, sys; from pathlib import Path; from tests.real import test_real_models as t;"
            "import torch, workbench.models.llama_cpp_model; peak = lambda: resource.getrusage(0).ru_maxrss * 1024;"
            "before = peak(); model = t.load(t.reference(Path(sys.argv[1]))); model.logprobs(t.sequences(model));"
            "print(peak() - before)")
    ran = subprocess.run([sys.executable, "-c", code, str(file)], check=True, capture_output=True, text=True)
    assert int(ran.stdout.split()[-1]) < 6 * file.stat().st_size
