"""Which rows of a view are selected, by runs: a million selected rows cost no index objects."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractItemView


def selected_runs(view: QAbstractItemView) -> list[tuple[int, int]]:
    """(first, last) of each run of selected rows, from the top."""
    selection = view.selectionModel().selection()
    ranges = [selection.at(place) for place in range(selection.count())]
    return sorted((run.top(), run.bottom()) for run in ranges)
