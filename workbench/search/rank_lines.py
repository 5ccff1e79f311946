"""How the best candidates moved from round to round while a set was built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.domain import SearchRound

SHOWN = 8


@dataclass(frozen=True, slots=True)
class RankLine:
    """One candidate. ``places[i]`` is its place after round i + 1 (None: it was not ranked in that round).

    What is already chosen keeps its place at the top, in the order of choosing; the rest stand below in the
    round's ranking. ``chosen_in`` is the round that chose it.
    """

    demonstration_id: int
    places: tuple[int | None, ...]
    chosen_in: int | None


def rank_lines(rounds: Sequence[SearchRound], shown: int = SHOWN) -> list[RankLine]:
    """The lines of the ``shown`` best candidates after the last round, best first."""
    places: list[dict[int, int]] = []
    chosen: list[int] = []
    for round in rounds:
        place = {id: position for position, id in enumerate(chosen, start=1)}
        rest = [c.demonstration_id for c in round.ranking
                if c.demonstration_id not in place and c.demonstration_id != round.chosen_id]
        place |= {id: position for position, id in enumerate([round.chosen_id, *rest], start=len(chosen) + 1)}
        chosen.append(round.chosen_id)
        places.append(place)
    if not places:
        return []
    last = sorted(places[-1], key=places[-1].__getitem__)[:shown]
    return [RankLine(id, tuple(place.get(id) for place in places), chosen.index(id) + 1 if id in chosen else None)
            for id in last]
