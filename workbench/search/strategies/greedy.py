"""Greedy search: each round tries every candidate and keeps the best."""

from __future__ import annotations

from workbench.search.greedy import greedy, greedy_sets
from workbench.search.strategy import Strategy

GREEDY = Strategy(
    "greedy", "Greedy search", "Greedy: the best next one, round by round",
    "Builds a set round by round: each round tries every candidate and keeps the best.", greedy,
    sets_searched=lambda candidates, size, options: greedy_sets(candidates, size),
    options=("racing",), scores_singly=True)
