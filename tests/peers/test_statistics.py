"""Our statistics against those of scipy, scikit-learn, krippendorff and choix, on random data with ties, gaps, one item
and all equal."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from workbench.statistics.agreement import cohens_kappa, krippendorffs_alpha
from workbench.statistics.bradley_terry import bradley_terry
from workbench.statistics.intervals import wilson
from workbench.statistics.rank_correlation import kendall_tau
from workbench.statistics.significance import holm, sign_flip_test
from workbench.statistics.student import student_quantile, student_tail, t_interval

pytestmark = pytest.mark.peers
SEEDS = range(30)


def ratings(rng: np.random.Generator) -> np.ndarray:
    """Two raters of 1 to 40 items, on scales from a single value to ten."""
    return rng.integers(0, rng.integers(1, 11), (2, rng.integers(1, 41))).astype(float)


@pytest.mark.parametrize("seed", SEEDS)
def test_tau_and_students_t_are_scipys(seed: int) -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed (extra dev)")
    rng = np.random.default_rng(seed)
    a, b = ratings(rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = stats.kendalltau(a, b).statistic
    assert kendall_tau(a, b) == pytest.approx(theirs, abs=1e-12, nan_ok=True)
    freedom, t = float(rng.uniform(0.3, 200)), rng.normal(0, 5, 20)
    assert student_tail(t, freedom) == pytest.approx(stats.t.sf(t, freedom), abs=1e-12)
    assert student_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)
    values = rng.normal(0, 1, rng.integers(2, 12))
    ours, theirs = t_interval(values.tolist()), stats.ttest_1samp(values, 0).confidence_interval()
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_sign_flip_test_and_wilsons_interval_are_scipys(seed: int) -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed (extra dev)")
    rng = np.random.default_rng(seed)
    differences = rng.integers(-3, 4, rng.integers(2, 13)).astype(float)
    theirs = stats.permutation_test((differences,), np.sum, permutation_type="samples", n_resamples=np.inf).pvalue
    assert sign_flip_test(differences, rng) == pytest.approx(min(theirs, 1.0))
    won, trials = int(rng.integers(0, 20)), 19
    interval = stats.binomtest(won, trials).proportion_ci(method="wilson")
    assert (wilson(won / trials, trials).low, wilson(won / trials, trials).high) == pytest.approx(
        (interval.low, interval.high), abs=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_kappa_is_scikit_learns_and_alpha_krippendorffs(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed (extra dev)")
    krippendorff = pytest.importorskip("krippendorff", reason="krippendorff is not installed (extra dev)")
    rng = np.random.default_rng(seed)
    a, b = ratings(rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = float(metrics.cohen_kappa_score(a, b))
    if math.isfinite(theirs):                            # ours is 1 where both use a single label
        assert cohens_kappa(a.tolist(), b.tolist()) == pytest.approx(theirs, abs=1e-12)
    table = rng.integers(1, 6, (3, 25)).astype(float)
    table[rng.random(table.shape) < 0.4] = np.nan
    expected = krippendorff.alpha(reliability_data=table, level_of_measurement="ordinal")
    assert krippendorffs_alpha(table, "ordinal") == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_strengths_are_choixs(seed: int) -> None:
    choix = pytest.importorskip("choix", reason="choix is not installed (extra dev)")
    rng = np.random.default_rng(seed)
    wins = rng.integers(0, 6, (4, 4)) + 1
    np.fill_diagonal(wins, 0)
    theirs = choix.opt_pairwise(4, [(i, j) for i in range(4) for j in range(4) for _ in range(wins[i, j])], tol=1e-10)
    np.testing.assert_allclose(bradley_terry(wins.astype(float), prior=0), theirs - theirs.mean(), atol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_holms_correction_is_statsmodels(seed: int) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest", reason="statsmodels is not installed")
    p = np.round(np.random.default_rng(seed).random(1 + seed % 7), 1)       # with ties
    assert holm(p.tolist()) == pytest.approx(multitest.multipletests(p, method="holm")[1].tolist())
