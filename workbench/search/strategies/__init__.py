"""The search strategies: ours, a file each, and those of installed packages (docs/adding-a-strategy.md)."""

from __future__ import annotations

from functools import cache

from workbench import plugins
from workbench.errors import JobError
from workbench.search.strategies.beam import BEAM
from workbench.search.strategies.best_random import BEST_RANDOM
from workbench.search.strategies.diverse import DIVERSE
from workbench.search.strategies.exhaustive import EXHAUSTIVE
from workbench.search.strategies.greedy import GREEDY
from workbench.search.strategies.nearest import NEAREST
from workbench.search.strategies.random import RANDOM
from workbench.search.strategies.set_coverage import SET_COVERAGE
from workbench.search.strategies.swap import SWAP
from workbench.search.strategies.top_k import TOP_K
from workbench.search.strategies.vote_k import FAST_VOTE_K, VOTE_K
from workbench.search.strategy import Strategy

GROUP = "workbench.strategies"       # the entry points by which installed packages bring theirs
BUILT_IN = (GREEDY, BEAM, SWAP, TOP_K, BEST_RANDOM, NEAREST, SET_COVERAGE, VOTE_K, FAST_VOTE_K, DIVERSE, RANDOM,
            EXHAUSTIVE)


@cache
def table() -> plugins.Table[Strategy]:
    return plugins.table(GROUP, Strategy, BUILT_IN)


def strategies() -> dict[str, Strategy]:
    """By name, in the order in which they are offered."""
    return table().entries


def strategy(name: str) -> Strategy:
    """Raises JobError for a name that nobody here has declared."""
    found = strategies().get(name)
    if found is None:
        raise JobError(f"There is no search strategy “{name}” here.", safe="Nothing was started.",
                       remedy=f"Install the package that brings it, or choose one of {', '.join(offered())}.")
    return found


def offered() -> list[str]:
    """The names that a person can choose from."""
    return [name for name, found in strategies().items() if found.offered]


def title_of(name: str) -> str:
    """What a strategy is called; its bare name where its package is no longer installed."""
    found = strategies().get(name)
    return found.title if found else name
