"""Presets, and what of them depends on the student."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.alignment.options import PRESETS, for_width


def test_a_wider_student_gets_a_lower_learning_rate_and_nothing_else_changes() -> None:
    quick = PRESETS["quick"]
    wide = for_width(quick, 2_048)
    assert wide.learning_rate == pytest.approx(quick.learning_rate / 32)
    assert replace(wide, learning_rate=quick.learning_rate) == quick
    assert for_width(quick, 64) == quick


def test_a_rate_that_a_person_or_the_paper_chose_stays() -> None:
    chosen = replace(PRESETS["quick"], learning_rate=3e-4)
    assert for_width(chosen, 2_048) == chosen
    assert for_width(PRESETS["paper"], 2_048) == PRESETS["paper"]


def test_the_papers_preset_is_the_papers() -> None:
    paper = PRESETS["paper"]
    assert (paper.subsets, paper.ranking_weight, paper.fewest, paper.most, paper.pairs) == (4, 1.0, 4, 10, 0)
    assert (paper.margin, paper.output_scope, paper.push) == ("rank", "sequence", "both")
    assert paper.normaliser_gradient
