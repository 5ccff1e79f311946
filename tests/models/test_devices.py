"""The engine on a device of its own: nothing is mixed with the CPU's tensors, and the numbers are the CPU's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.models import tiny_models
from tests.models.pretended_device import DEVICE, PretendedDevice
from tests.models.test_logprobs import sequences
from workbench.domain import ModelRef
from workbench.models import Decoding, Draw, devices, read_facts
from workbench.models.tokenizer import FastTokenizer
from workbench.models.transformers_model import TransformersModel
from workbench.models.ways import choose_way
from workbench.models.weights import from_folder


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[PretendedDevice]:
    monkeypatch.setattr(devices, "free_memory", lambda device: 2**33)
    tensor = torch.tensor                            # on "meta" it would leave the values out
    monkeypatch.setattr(torch, "tensor", lambda data, device=None, **named: tensor(data, **named).to(device))
    with PretendedDevice() as mode:
        yield mode


@pytest.fixture
def made(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[ModelRef, Any]:
    """A model's folder, and the model."""
    ref = tiny_models.save(tmp_path / "m", **request.param)
    return ref, from_folder(Path(ref.path), torch.device("cpu"), "float32")


def test_mixing_and_numpy_fail_as_on_a_graphics_card(device: PretendedDevice) -> None:
    there = torch.ones(2, 3).to(DEVICE)
    assert (there + there).cpu().tolist() == [[2.0] * 3] * 2
    with pytest.raises(RuntimeError, match="same device"):
        there + torch.ones(2, 3)
    with pytest.raises((TypeError, RuntimeError)):
        there.numpy()


@pytest.mark.parametrize(("made", "way"), [
    ({"num_key_value_heads": 2}, "cascade"),
    ({"model_type": "mistral", "num_key_value_heads": 2, "sliding_window": 7}, "cached"),
], indirect=["made"])  # fmt: skip
def test_scores_answers_and_embeddings_are_the_cpus(
    made: tuple[ModelRef, Any], device: PretendedDevice, way: str
) -> None:
    ref, network = made
    here, network = TransformersModel.load(ref), network.to(DEVICE)
    there = TransformersModel(ref, network, FastTokenizer(Path(ref.path)), read_facts(Path(ref.path)),
                              choose_way(network))
    assert (there.facts["device"], there.facts["attention"]) == ("meta", way)
    work = sequences(np.random.default_rng(1), 120)
    before = device.operations
    for _ in range(2):                               # the second time with what was kept
        for found, expected in zip(there.logprobs(work), here.logprobs(work), strict=True):
            assert found == pytest.approx(expected, abs=1e-4)
    wanted = [Draw(f"{'Hello ' * (n % 3)}fox {n}", Decoding(6, repetition_penalty=1.2)) for n in range(5)]
    assert [one.text for one in there.draw(wanted)] == [one.text for one in here.draw(wanted)]
    for some, others in zip(there.embed(tiny_models.TEXT), here.embed(tiny_models.TEXT), strict=True):
        np.testing.assert_allclose(some, others, atol=1e-4)
    assert there.inspect(work[0])[0].logprob == pytest.approx(here.inspect(work[0])[0].logprob, abs=1e-4)
    assert device.operations > before
