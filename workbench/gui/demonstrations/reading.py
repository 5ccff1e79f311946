"""The answer to one question to the project: which demonstrations to show, in which order, and the counts beside."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.domain import Status
from workbench.services.demonstrations import Facets, Filter, Sort
from workbench.services.project import Project
from workbench.wording import grouped


@dataclass(frozen=True, slots=True)
class Listing:
    """``everything`` counts what there is without any filter, ``decided`` those that are no longer candidates."""

    where: Filter
    ids: list[int]
    facets: Facets
    everything: int
    decided: int

    def summary(self) -> str:
        """How many are shown of how many, and on how many of all somebody has decided."""
        if not self.everything:
            return ""
        shown = grouped(len(self.ids))
        if self.where != Filter():
            shown += f" of {grouped(self.everything)}"
        return f"{shown} shown  ·  {grouped(self.decided)} decided"


def read_listing(project: Project, where: Filter, sort: Sort, descending: bool) -> Listing:
    ids = project.demonstrations.ids(where, sort, descending=descending)
    facets = project.demonstrations.facets(where)
    whole = facets if where == Filter() else project.demonstrations.facets(Filter())
    return Listing(where, ids, facets, whole.total, whole.total - whole.statuses.get(Status.CANDIDATE, 0))
