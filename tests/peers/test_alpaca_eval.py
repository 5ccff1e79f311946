"""Length-controlled win rates against AlpacaEval's own code."""

from __future__ import annotations

import sys
import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.bench.length_control import length_controlled

pytestmark = pytest.mark.peers


def glm_winrate(monkeypatch: pytest.MonkeyPatch) -> Any:
    """AlpacaEval's module. It asks setuptools' old ``pkg_resources`` for versions, which newer setuptools lack."""
    stand_in = types.ModuleType("pkg_resources")
    stand_in.__dict__.update(get_distribution=lambda name: types.SimpleNamespace(version="0"),
                             DistributionNotFound=Exception)
    monkeypatch.setitem(sys.modules, "pkg_resources", stand_in)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("alpaca_eval.metrics.glm_winrate", exc_type=ImportError,
                                   reason="alpaca-eval is not installed (extra dev)")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["length_controlled_minimal", "length_controlled_noreg"])
def test_length_controlled_win_rates_are_alpaca_evals(
    name: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs_module = glm_winrate(monkeypatch)
    pandas = pytest.importorskip("pandas")
    generator = np.random.default_rng(seed)
    count = 600                          # from 500 games on AlpacaEval’s penalty no longer tells
    lengths, baseline = generator.integers(20, 2000, (2, count))
    difficulty = generator.normal(size=count)
    logits = .4 + 1.5 * np.tanh((lengths - baseline) / 600) - difficulty
    wins = np.where(generator.random(count) < .1, .5, generator.random(count) < 1 / (1 + np.exp(-logits)))
    published = pandas.DataFrame({"model": "gamed", "index": range(count), "instruction_difficulty": difficulty,
                                  "preference": .5, "std_delta_len": 0.0, "not_gamed_baseline": False})
    published.to_csv(tmp_path / "gamed.csv", index=False)
    monkeypatch.setattr(theirs_module, "hf_hub_download", lambda **names: str(tmp_path / "gamed.csv"))
    annotations = pandas.DataFrame({
        "output_1": ["x" * int(n) for n in baseline], "output_2": ["x" * int(n) for n in lengths],
        "preference": wins + 1, "generator_1": "baseline", "generator_2": "ours", "annotator": "judge"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = theirs_module.get_length_controlled_winrate(annotations, glm_name=name, save_weights_dir=None)
    ours = length_controlled(wins.tolist(), lengths.tolist(), baseline.tolist(), np.random.default_rng(0),
                             difficulty if name.endswith("noreg") else None, rounds=2)
    assert ours.win_rate * 100 == pytest.approx(theirs["win_rate"], abs=1e-9)
    assert ours.standard_error * 100 == pytest.approx(theirs["standard_error"], abs=1e-9)
    assert ours.controlled.mean * 100 == pytest.approx(theirs["length_controlled_winrate"], abs=.1)
    assert ours.controlled_error * 100 == pytest.approx(theirs["lc_standard_error"], abs=.05)
