"""Everything that can be done by name: the palette, the shortcuts and the shortcuts page read one registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal


@dataclass(frozen=True, slots=True)
class Command:
    """``shortcuts`` are key sequences as Qt writes them ("Ctrl+Shift+P"); ``page`` limits it to one page."""

    id: str
    title: str
    run: Callable[[], object] = field(repr=False)
    shortcuts: tuple[str, ...] = ()
    page: str | None = None
    enabled: Callable[[], bool] = field(default=lambda: True, repr=False)
    icon: str = "right"
    group: str = "Commands"


class CommandRegistry(QObject):
    """Commands by id, in the order they were added. A second ``add`` of an id replaces the first."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._commands: dict[str, Command] = {}

    def add(
        self, id: str, title: str, run: Callable[[], object], shortcut: str | tuple[str, ...] = "",
        page: str | None = None, enabled: Callable[[], bool] = lambda: True, *,
        icon: str = "right", group: str = "Commands",
    ) -> Command:
        """Register a command. A shortcut of one letter acts only while no text field has the focus."""
        shortcuts = (shortcut,) if isinstance(shortcut, str) else shortcut
        command = Command(id, title, run, tuple(s for s in shortcuts if s), page, enabled, icon, group)
        self._commands[id] = command
        self.changed.emit()
        return command

    def remove(self, id: str) -> None:
        if self._commands.pop(id, None) is not None:
            self.changed.emit()

    def all(self) -> list[Command]:
        return list(self._commands.values())

    def get(self, id: str) -> Command:
        return self._commands[id]

    def run(self, id: str) -> None:
        command = self._commands[id]
        if command.enabled():
            command.run()

    def available(self, page: str | None) -> list[Command]:
        """What can be done now on ``page``."""
        return [c for c in self._commands.values() if c.page in (None, page) and c.enabled()]


def match(query: str, title: str) -> float | None:
    """How well ``query`` fits ``title``: None when its letters do not occur in order; higher is better.

    Letters at the start of words and runs of letters count most, so that "gtr" finds "Go to Rankings".
    """
    needle, hay = query.casefold().replace(" ", ""), title.casefold()
    if not needle:
        return 0.0
    starts = {i for i in range(len(hay)) if hay[i] != " " and (i == 0 or not hay[i - 1].isalnum())}
    scores = [_walk(needle, hay, first, starts) for first in range(len(hay)) if hay[first] == needle[0]]
    return max((s for s in scores if s is not None), default=None)


def _walk(needle: str, hay: str, first: int, starts: set[int]) -> float | None:
    """Greedy walk from ``first``: a letter that goes on a run is best, then one that starts a word, then any."""
    score, at, run = 0.5 if first == 0 else 0.0, first - 1, 0
    for letter in needle:
        word = next((i for i in sorted(starts) if i > at and hay[i] == letter), -1)
        found = at + 1 if hay[at + 1:at + 2] == letter else word if word >= 0 else hay.find(letter, at + 1)
        if found < 0:
            return None
        run = run + 1 if found == at + 1 else 0
        score += 1.0 + min(run, 4) + (3.0 if found in starts else 0.0) - 0.02 * (found - at - 1)
        at = found
    return score - 0.01 * len(hay)
