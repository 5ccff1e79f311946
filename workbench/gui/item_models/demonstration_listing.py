"""The answer to one question to the project: which demonstrations to show, in which order, and the counts beside."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.services.demonstrations import Facets, Filter, Sort
from workbench.services.project import Project


@dataclass(frozen=True, slots=True)
class Listing:
    """``everything`` counts what there is without any filter."""

    where: Filter
    ids: list[int]
    facets: Facets
    everything: int


def read_listing(project: Project, where: Filter, sort: Sort, descending: bool) -> Listing:
    ids = project.demonstrations.ids(where, sort, descending=descending)
    facets = project.demonstrations.facets(where)
    whole = facets if where == Filter() else project.demonstrations.facets(Filter())
    return Listing(where, ids, facets, whole.total)
