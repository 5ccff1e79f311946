"""Demonstrations on their way from one view to another: their ids, as drag-and-drop data."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QMimeData

MIME = "application/x-workbench-demonstrations"      # ids, separated by blanks


def ids_to_mime(ids: Iterable[int]) -> QMimeData:
    data = QMimeData()
    data.setData(MIME, " ".join(map(str, ids)).encode("ascii"))
    return data


def ids_from_mime(data: QMimeData) -> list[int]:
    """The dragged demonstrations' ids; none when something else is dragged."""
    return [int(word) for word in bytes(data.data(MIME).data()).split()] if data.hasFormat(MIME) else []
