"""Training: rows weigh what is to be learned, Muon orthogonalises, and an interrupted training goes on."""

import random
from itertools import islice
from pathlib import Path

import pytest
import torch

from workbench_resources.recipe import tokenizer, train
from workbench_resources.recipe.episodes import Shot
from workbench_resources.recipe.model import SIZES, Size, make
from workbench_resources.recipe.muon import orthogonalised
from workbench_resources.recipe.rows import PRACTICE, Encoder

ENCODER = Encoder(tokenizer.make(0))
SMALL = Size(width=32, layers=1, heads=2, tokens=0.02)


def test_only_good_answers_carry_full_weight_and_the_closing_fence_is_part_of_them() -> None:
    row = ENCODER.shots([Shot("Sort the fox.", "zor", good=False), Shot("Sort the axe.", "mek")])
    learned = [token for token, weight in zip(row.ids, row.weights, strict=True) if weight == 1.0]
    assert learned == ENCODER("mek") + ENCODER(tokenizer.FENCE)


def test_a_prompt_is_the_beginning_of_the_row_with_its_answer() -> None:
    row = ENCODER.shots([Shot("Sort the fox.", "zor"), Shot("Sort the axe.", "mek")], "# Instruction\n\nBe brief.\n\n")
    prompt = ENCODER.prompt([("Sort the fox.", "zor")], "Sort the axe.", "# Instruction\n\nBe brief.\n\n")
    assert row.ids == prompt + ENCODER("mek") + ENCODER(tokenizer.FENCE)


@pytest.mark.parametrize("name", ["runs", "pairs"])
def test_practice_asks_only_for_what_stands_earlier_in_the_row(name: str) -> None:
    rng = random.Random(1)
    for _ in range(50):
        row = PRACTICE[name](ENCODER, rng)
        for place, weight in enumerate(row.weights):
            assert not weight or row.ids[place] in row.ids[:place]


def test_each_kind_of_row_gets_its_share_of_the_tokens() -> None:
    stream = train.rows(ENCODER, random.Random(2), train.MIXES["families"])
    total = sum(len(row) for row in islice(stream, 2000))
    again = train.rows(ENCODER, random.Random(2), train.MIXES["families"])
    practice = sum(len(row) for row in islice(again, 2000) if ENCODER(tokenizer.ANSWER)[0] not in row.ids)
    # Runs draw from the whole vocabulary, so that a few of them hold a piece of the frame.
    assert practice / total == pytest.approx(0.36, abs=0.04)


def test_the_learning_rate_ends_at_zero() -> None:
    assert train.rate(0.0) == train.rate(0.4) == 1.0
    assert train.rate(1.0) == 0.0


@pytest.mark.parametrize("shape", [(3, 8, 4), (2, 4, 8)])
def test_muon_brings_all_singular_values_near_one(shape: tuple[int, int, int]) -> None:
    stack = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    values = torch.linalg.svdvals(orthogonalised(stack))
    assert 0.6 < values.min().item() <= values.max().item() < 1.3


def test_leaving_out_unweighted_logits_does_not_change_the_loss() -> None:
    model = make(SMALL, ENCODER.tokenizer, seed=0)
    ids, weights = train.padded([PRACTICE["pairs"](ENCODER, random.Random(4)) for _ in range(3)])
    logits = model(ids[:, :-1], use_cache=False).logits
    losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    weight = weights[:, 1:].flatten()
    expected = (losses * weight).sum() / weight.sum()
    assert train.weighted_loss(model, ids, weights).item() == pytest.approx(expected.item(), rel=1e-5)


def test_an_interrupted_training_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(train, "CHECK_EVERY", 2)
    whole = train.Training("student", 0, tmp_path / "whole", SMALL)
    whole.run()
    first = train.Training("student", 0, tmp_path / "parts", SMALL)
    monkeypatch.setattr(first, "_save", _stop_after(first._save))
    with pytest.raises(KeyboardInterrupt):
        first.run()
    second = train.Training("student", 0, tmp_path / "parts", SMALL)
    assert 0 < second.progress.step < whole.progress.step
    second.run()
    assert (tmp_path / "parts/model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()


def _stop_after(save: object) -> object:
    def stopping() -> None:
        save()  # type: ignore[operator]
        raise KeyboardInterrupt

    return stopping


def test_the_teacher_is_larger_than_the_student() -> None:
    teacher, student = (make(SIZES[name], ENCODER.tokenizer, 0).num_parameters() for name in ("teacher", "student"))
    assert teacher > 1.5 * student
