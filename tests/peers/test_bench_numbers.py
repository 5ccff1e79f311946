"""Our numbers against FastChat's own scripts, choix and krippendorff, on generated judgements."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.bench.judgements import PairJudgement
from workbench.bench.ratings import bradley_terry, win_matrix
from workbench.bench.win_rates import win_rates
from workbench.statistics.agreement import agreement, krippendorffs_alpha

pytestmark = pytest.mark.peers
MODELS = ("alpha", "beta", "gamma", "delta")


def pair_judgements(seed: int) -> list[PairJudgement]:
    r = random.Random(seed)
    outcomes = ["model_1"] * 4 + ["model_2"] * 3 + ["tie"] * 2 + ["error"]
    return [PairJudgement(str(q), *r.sample(MODELS, 2), "j", t, r.choice(outcomes), r.choice(outcomes))
            for q in range(81, 161) for t in (1, 2) for _ in range(3)]


def show_result(monkeypatch: pytest.MonkeyPatch, path: Path, mode: str, baseline: str | None = None) -> list[Any]:
    """The tables that FastChat's script prints, as the data frames they are."""
    module = pytest.importorskip("fastchat.llm_judge.show_result", reason="fschat is not installed (extra dev)")
    printed: list[Any] = []
    monkeypatch.setattr(module, "print", printed.append, raising=False)
    arguments = argparse.Namespace(input_file=str(path), bench_name="mt_bench", judge_model="j", model_list=None,
                                   baseline_model=baseline)
    (module.display_result_single if mode == "single" else module.display_result_pairwise)(arguments)
    return [table for table in printed if hasattr(table, "columns")]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("baseline", [None, "beta"])
def test_win_rates_are_show_results_to_the_last_digit(
    seed: int, baseline: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judgements = pair_judgements(seed)
    path = tmp_path / "pair.jsonl"
    path.write_text("".join(json.dumps({
        "model_1": j.model_1, "model_2": j.model_2, "g1_winner": j.first, "g2_winner": j.second}) + "\n"
        for j in judgements))
    table, = show_result(monkeypatch, path, "pairwise", baseline)
    theirs = {model: tuple(row[["win", "loss", "tie", "win_rate", "loss_rate", "win_rate_adjusted"]])
              for model, row in table.iterrows()}
    ours = {row.model: (row.wins, row.losses, row.ties, row.win_rate, row.loss_rate, row.adjusted)
            for row in win_rates(judgements, baseline)}
    assert ours == theirs


@pytest.mark.parametrize("with_ties", [True, False])
def test_agreement_is_counted_as_compute_agreement_counts_it(with_ties: bool) -> None:
    module = pytest.importorskip("fastchat.llm_judge.compute_agreement", reason="fschat is not installed (extra dev)")
    r = random.Random(7)
    votes = {q: {"gpt4-pair": [r.choice(["model_a", "model_b", "tie"])],
                 "human": r.choices(["model_a", "model_b", "tie"], k=r.randrange(4))} for q in range(60)}
    ban = [] if with_ties else ["tie"]
    assert agreement(votes, "gpt4-pair", "human", with_ties=with_ties) == module.get_mt_bench_agreement(
        votes, "gpt4-pair", "human", ban)
    assert agreement(votes, "human", "human", with_ties=with_ties) == module.get_mt_bench_agreement(
        votes, "human", "human", ban)


def test_bradley_terry_equals_choix() -> None:
    choix = pytest.importorskip("choix", reason="choix is not installed (extra dev)")
    _, wins = win_matrix(pair_judgements(0))
    doubled = np.rint(wins * 2)                          # choix counts whole wins; a tie is one each of two
    ours = bradley_terry(doubled, prior=0)
    theirs = choix.opt_pairwise(len(wins), [(i, j) for i in range(len(wins)) for j in range(len(wins))
                                            for _ in range(int(doubled[i, j]))], tol=1e-10)
    np.testing.assert_allclose(ours, theirs - theirs.mean(), atol=1e-5)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alpha_equals_the_krippendorff_package(level: str) -> None:
    krippendorff = pytest.importorskip("krippendorff", reason="krippendorff is not installed (extra dev)")
    generator = np.random.default_rng(3)
    ratings = generator.integers(1, 6, (4, 40)).astype(float)
    ratings[generator.random(ratings.shape) < .3] = np.nan
    theirs = krippendorff.alpha(reliability_data=ratings, level_of_measurement=level)
    assert krippendorffs_alpha(ratings, level) == pytest.approx(theirs, abs=1e-12)
