from __future__ import annotations

import numpy as np
import pytest

from workbench.statistics.agreement import agreement, cohens_kappa, krippendorffs_alpha

NAN = float("nan")


def test_votes_are_paired_as_fastchat_pairs_them() -> None:
    votes = {
        1: {"gpt4": ["model_a"], "human": ["model_a", "tie", "model_b"]},
        2: {"gpt4": ["tie"], "human": ["tie"]},
        3: {"human": ["model_a", "model_a"]},
    }
    assert agreement(votes, "gpt4", "human") == (2, 4)
    assert agreement(votes, "gpt4", "human", with_ties=False) == (1, 2)
    assert agreement(votes, "human", "human") == (1, 4)
    assert agreement(votes, "human", "human", with_ties=False) == (1, 2)


def test_kappa_of_the_textbook_table() -> None:
    # 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: observed .7, chance .5, kappa .4
    a = ["y"] * 25 + ["n"] * 25
    b = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert cohens_kappa(a, b) == pytest.approx(0.4)
    assert cohens_kappa(["y"] * 3, ["y"] * 3) == 1
    with pytest.raises(ValueError, match="3 and 2 items"):
        cohens_kappa("abc", "ab")


def test_alpha_of_krippendorffs_own_example() -> None:
    # Krippendorff (2011), example C: four observers, twelve units, missing data
    table = np.array([
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ])
    assert krippendorffs_alpha(table, "nominal") == pytest.approx(0.743, abs=5e-4)
    assert krippendorffs_alpha(table, "ordinal") == pytest.approx(0.815, abs=5e-4)
    assert krippendorffs_alpha(table, "interval") == pytest.approx(0.849, abs=5e-4)


def test_alpha_without_pairs_or_without_variation_is_not_defined() -> None:
    assert np.isnan(krippendorffs_alpha(np.array([[1, NAN], [NAN, 2.0]])))
    with pytest.raises(ValueError, match="not defined"):
        krippendorffs_alpha(np.array([[3.0, 3], [3, 3]]))
