"""Everything that can be done by name: the palette, the keys and the list of keys read one registry.

The window and each page declare their commands in a table: a row says what a command is called, its keys, when it can
be run, and what it calls on the window or the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Signal

S = TypeVar("S")


def always(subject: object) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Declared(Generic[S]):
    """A command as its table has it. ``call`` and ``when`` are given the window or the page.

    ``keys`` are key sequences as Qt writes them ("Ctrl+Shift+P"). One of a single letter acts only while no text field
    has the focus. ``group`` is the palette's; a page's commands stand under its title.
    """

    id: str
    title: str
    call: Callable[[S], object] = field(repr=False)
    keys: str | tuple[str, ...] = ()
    icon: str = "right"
    when: Callable[[S], bool] = field(default=always, repr=False)
    group: str = "Commands"

    @property
    def shortcuts(self) -> tuple[str, ...]:
        return self.keys if isinstance(self.keys, tuple) else (self.keys,)


@dataclass(frozen=True, slots=True)
class Command:
    """A declared command of a window or page that is there; ``page`` limits it to one page."""

    id: str
    title: str
    run: Callable[[], object] = field(repr=False)
    shortcuts: tuple[str, ...]
    icon: str
    enabled: Callable[[], bool] = field(repr=False)
    group: str
    page: str | None


class CommandRegistry(QObject):
    """Commands by id, in the order in which they were declared. A second one of an id replaces the first."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._commands: dict[str, Command] = {}

    def declare(self, commands: Iterable[Declared[S]], subject: S, *, page: str | None = None) -> None:
        """Register commands that are called on ``subject``; those of a page have its name before their ids."""
        for declared in commands:
            id = f"{page}.{declared.id}" if page else declared.id
            group = page.capitalize() if page else declared.group
            self._commands[id] = Command(id, declared.title, partial(declared.call, subject), declared.shortcuts,
                                         declared.icon, partial(declared.when, subject), group, page)
        self.changed.emit()

    def drop_page(self, page: str) -> None:
        """Forget a page's commands: the page is gone."""
        self._commands = {id: command for id, command in self._commands.items() if command.page != page}
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
