"""What installed packages bring along: strategies, judges, measures, formats and model backends, by entry points.

A package names, under one of GROUPS in its ``[project.entry-points]``, an object of the kind that is declared there (or
a list of them). What fails to load is noted with its package and its reason, and harms nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from configparser import ConfigParser
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

GROUPS = {"workbench.strategies": "search strategy", "workbench.judges": "judge", "workbench.measures": "measure",
          "workbench.formats": "format", "workbench.backends": "model backend"}
"""Group → what its entries are."""

CARRIED = "workbench_resources"


class Named(Protocol):
    """What every declared entry has."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


class Failure(NamedTuple):
    """What a package brings and cannot be used. ``reason`` is in words for a person."""

    group: str
    entry: str
    package: str
    reason: str

    def __str__(self) -> str:
        return f"The {GROUPS[self.group]} “{self.entry}” of the package {self.package} cannot be used: {self.reason}"


class Loaded(NamedTuple):
    """``entries`` are (package, entry)."""

    entries: tuple[tuple[str, Any], ...]
    failures: tuple[Failure, ...]


class Table(NamedTuple, Generic[N]):
    """Name → entry, and what packages brought in vain."""

    entries: dict[str, N]
    failures: tuple[Failure, ...]


@cache
def load(group: str, kind: type[Any] = object) -> Loaded:
    """What installed packages declare under ``group``, all of the type ``kind``, by the entry points' names.

    Looked up once a process.
    """
    found, failures = list[tuple[str, Any]](), list[Failure]()
    for point in sorted((*entry_points(group=group), *_carried(group)), key=lambda point: (point.name, point.value)):
        package = point.dist.name if point.dist else CARRIED
        entries, reason = _loaded(point, kind)
        found += [(package, entry) for entry in entries]
        if reason:
            failures.append(Failure(group, point.name, package, reason))
    return Loaded(tuple(found), tuple(failures))


def table(group: str, kind: type[N], built_in: Iterable[N]) -> Table[N]:
    """Our own entries first, then those of installed packages. A name that is taken keeps its first owner."""
    entries = {entry.name: entry for entry in built_in}
    loaded = load(group, kind)
    failures = list(loaded.failures)
    for package, entry in loaded.entries:
        if entries.setdefault(entry.name, entry) is not entry:
            failures.append(Failure(group, entry.name, package, "Another one has this name."))
    return Table(entries, tuple(failures))


def _carried(group: str) -> list[EntryPoint]:
    """What our resources bring, in the same form as an installed package's: they are one in all but the name, in a
    clone, a wheel and the packaged program alike."""
    declared = ConfigParser(delimiters=("=",))
    declared.read_string(files(CARRIED).joinpath("entry_points.txt").read_text("utf-8"))
    return [EntryPoint(name, value, group) for name, value in declared[group].items()] if group in declared else []


def _loaded(point: EntryPoint, kind: type[Any]) -> tuple[list[Any], str]:
    """The entries, or why there are none."""
    try:
        value = point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:      # a stranger's module may exit, or panic in native code, while it is imported
        return [], f"{type(error).__name__}: {error}".splitlines()[0][:200]
    entries = list(value) if isinstance(value, list | tuple) else [value]
    wrong = next((entry for entry in entries if not isinstance(entry, kind)), None)
    if wrong is not None:
        return [], f"{point.value} is a {type(wrong).__name__}, and a {kind.__name__} is expected."
    return entries, ""
