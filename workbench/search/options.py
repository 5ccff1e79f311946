"""What a search is told to do besides its strategy's name. Free of numpy, so that a specification loads at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EXHAUSTIVE = 5                       # demonstrations up to which all orders are tried

Racing = Literal["off", "t_race", "halving"]
Order = Literal["found", "likelihood", "global_entropy", "local_entropy"]


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """The defaults are the exact search.

    ``racing`` drops candidates of a greedy round before they are scored on all questions (see racing.py).
    ``beam_width`` is for beam search. ``swap_passes`` is how often local improvement goes over the set at most.
    ``random_tries`` is the k of the best of k random sets; 0: as many sets as an exact greedy search evaluates.
    ``order`` puts the chosen demonstrations into the order with the likeliest answers, or, for questions with few
    different answers, into the one with the most even predictions (see orders.py).
    ``equal_evaluations`` also measures, on the held-out questions, the best of as many random sets as the search has
    evaluated; that doubles the work. ``embedding_baselines`` also measures there the sets that the strategies choose
    which compare texts, where the model gives embeddings; they evaluate nothing.
    """

    racing: Racing = "off"
    beam_width: int = 3
    swap_passes: int = 2
    random_tries: int = 0
    order: Order = "found"
    equal_evaluations: bool = False
    embedding_baselines: bool = False
