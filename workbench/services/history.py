"""Undo and redo: revisions applied backwards and forwards. Works after a restart."""

from __future__ import annotations

from workbench.domain import Changes


class History:
    """``project.history``"""

    def undo(self) -> Changes | None:
        """Take the last change back; None when there is nothing to undo. ``label`` says what was undone."""
        raise NotImplementedError

    def redo(self) -> Changes | None:
        raise NotImplementedError

    def labels(self) -> tuple[str, str]:
        """What undo and redo would take back and do again, in words; "" when there is nothing."""
        raise NotImplementedError
