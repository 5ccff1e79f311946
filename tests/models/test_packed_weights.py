"""GPTQ and AWQ checkpoints: known for what they are without their packages, and right where these are installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.models.packed_models import Method, save_packed
from workbench.domain import ModelRef
from workbench.errors import ModelError
from workbench.models import ScoredSequence, load, quantised, read_facts
from workbench.services.project import Project

METHODS: tuple[Method, ...] = ("gptq", "awq")
INSTALLED = all(find_spec(package) is not None for package in ("gptqmodel", "optimum"))


@pytest.mark.parametrize("method", METHODS)
def test_packed_weights_are_counted_and_named_without_their_packages(tmp_path: Path, method: Method) -> None:
    packed, unpacked = save_packed(tmp_path, method)
    facts, plain = read_facts(packed), read_facts(unpacked)
    assert (facts.quantisation, facts.dtype) == (method, "4 bit")
    assert facts.parameters == pytest.approx(plain.parameters, rel=0.07)          # scales are counted too
    assert facts.size_bytes < plain.size_bytes / 2
    assert not facts.problems


@pytest.mark.parametrize(("method", "needed"), [("gptq", "optimum gptqmodel"), ("awq", "gptqmodel")])
def test_a_packed_model_is_listed_with_what_is_missing_and_cannot_be_used(
    tmp_path: Path, method: Method, needed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantised, "find_spec", lambda name: None)
    packed, _ = save_packed(tmp_path, method)
    project = Project.create(tmp_path / "project", person="Ada")
    try:
        project.models.register(packed)
        (info,) = project.models.all()
    finally:
        project.close()
    assert info.state == "unavailable"
    assert f"{method.upper()} weights need" in info.reason
    assert f"pip install {needed}" in info.reason
    with pytest.raises(ModelError, match=f"pip install {needed}"):
        load(ModelRef("m", str(packed), device="cpu"))


@pytest.mark.filterwarnings("ignore")            # the packages' own
@pytest.mark.skipif(not INSTALLED, reason="not installed: gptqmodel, optimum")
@pytest.mark.parametrize("method", METHODS)
def test_packed_weights_score_as_the_same_weights_unpacked(tmp_path: Path, method: Method) -> None:
    packed, unpacked = save_packed(tmp_path, method)
    rng = np.random.default_rng(0)
    start = tuple(int(one) for one in rng.integers(2, 300, 30))
    work = [ScoredSequence(start + tuple(int(one) for one in rng.integers(2, 300, n)), 30, 30 + n) for n in (1, 8, 20)]
    found = load(ModelRef("q", str(packed), device="cpu", dtype="float32")).logprobs(work)
    expected = load(ModelRef("p", str(unpacked), device="cpu", dtype="float32")).logprobs(work)
    for values, wanted in zip(found, expected, strict=True):
        assert values == pytest.approx(wanted, abs=0.1)           # the kernels multiply in half precision
