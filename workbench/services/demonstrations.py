"""Reading and changing demonstrations. Every change is one transaction with a revision row a thing, undoable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from workbench.domain import Changes, Demonstration, Kind, Status, Turn, content_hash
from workbench.domain.filter import Filter, Sort
from workbench.errors import WorkbenchError
from workbench.services.revision_words import STATUS_WORDS, revision_summary
from workbench.wording import counted
from workbench_db import demonstration_table, revisions
from workbench_db import demonstrations as stored
from workbench_db.demonstration_table import Facets, Row
from workbench_db.session import Connection

if TYPE_CHECKING:
    from workbench.services.project import Project

__all__ = ["Demonstrations", "Facets", "Filter", "Revision", "Row", "Sort"]


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry of a demonstration's history, newest first. ``summary`` says it in words."""

    when: datetime
    who: str
    summary: str
    before: dict[str, object]
    after: dict[str, object]


class Demonstrations:
    """``project.demonstrations``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    def ids(self, where: Filter, sort: Sort = Sort.ID, *, descending: bool = False) -> list[int]:
        """Ids of all that match, sorted; ties by id. A million ids come in well under a second.

        Those without a value (tokens not counted, no gain measured) come last in either direction.
        """
        with self._project.database.read() as connection:
            return demonstration_table.ids(connection, where, sort, descending=descending)

    def rows(self, ids: Sequence[int]) -> list[Row]:
        """The rows of ``ids``, in that order (some hundreds at a time); ids that are gone are left out."""
        with self._project.database.read() as connection:
            return demonstration_table.rows(connection, ids)

    def facets(self, where: Filter) -> Facets:
        with self._project.database.read() as connection:
            return demonstration_table.facets(connection, where)

    def get(self, ids: Sequence[int]) -> list[Demonstration]:
        """Whole demonstrations, in the order of ``ids``; ids that are gone are left out."""
        with self._project.database.read() as connection:
            return stored.get(connection, ids)

    def history(self, id: int) -> list[Revision]:
        with self._project.database.read() as connection:
            entries = revisions.of_entity(connection, Kind.DEMONSTRATION.value, id)
        return [Revision(e.when, e.who, revision_summary(e.before, e.after, e.label, e.state), e.before, e.after)
                for e in entries]

    def add(self, demonstrations: Sequence[Demonstration]) -> Changes:
        """Store new ones; those already there (same content hash) are skipped. ``created`` holds the new ids."""
        with self._project.database.write() as connection:
            ids = stored.insert_demonstrations(connection, demonstrations).ids
            if not ids:
                return Changes()
            label = f"{counted(len(ids), 'demonstration')} added"
            change = revisions.open_change(connection, self._project.person, label)
            revisions.record_added(connection, change, Kind.DEMONSTRATION.value, ids)
        return Changes({Kind.DEMONSTRATION: frozenset(ids)}, label, undoable=True, created=tuple(ids))

    def set_status(self, ids: Sequence[int], status: Status) -> Changes:
        return self._set(ids, {"status": status.value}, STATUS_WORDS[status.value])

    def set_rating(self, ids: Sequence[int], rating: int) -> Changes:
        """``rating`` is 1..5, or 0 to take it away. Raises WorkbenchError outside of that."""
        if not 0 <= rating <= 5:
            raise WorkbenchError(f"A rating is 1 to 5, or 0 for none; {rating} is not.", safe="Nothing was changed.")
        return self._set(ids, {"rating": rating}, f"rated {rating}" if rating else "no longer rated")

    def set_note(self, id: int, note: str) -> Changes:
        return self._set([id], {"note": note}, "annotated")

    def set_category(self, ids: Sequence[int], category: str) -> Changes:
        category = category.strip()
        return self._set(ids, {"category": category}, f"put in “{category}”" if category else "put in no category")

    def add_tag(self, ids: Sequence[int], tag: str) -> Changes:
        """Raises WorkbenchError for an empty tag."""
        name = self._spelt(tag)
        return self._change(lambda connection: {
            id: {"tags": sorted({*_without(tags, name), name})} for id, tags in _tags(connection, ids).items()},
            f"tagged “{name}”")

    def remove_tag(self, ids: Sequence[int], tag: str) -> Changes:
        name = _tag(tag)
        return self._change(lambda connection: {
            id: {"tags": _without(tags, name)} for id, tags in _tags(connection, ids).items()},
            f"without tag “{name}”")

    def _spelt(self, tag: str) -> str:
        """The tag as it is written where it is there already: tags that differ in case are one."""
        name = _tag(tag)
        with self._project.database.read() as connection:
            return stored.spellings(connection).get(name.casefold(), name)

    def set_turns(self, id: int, turns: Sequence[Turn]) -> Changes:
        """Edit the text. Raises WorkbenchError if another demonstration has exactly these turns."""
        digest = content_hash(turns)

        def patches(connection: Connection) -> dict[int, stored.Fields]:
            other = stored.ids_by_hash(connection, [digest]).get(digest, id)
            if other != id:
                raise WorkbenchError(f"Demonstration {other} has exactly this text already.",
                                     safe="Nothing was changed.", remedy="Delete one, or write another text.")
            return {id: {"turns": stored.turns_json(turns)}}

        return self._change(patches, "edited")

    def delete(self, ids: Sequence[int]) -> Changes:
        """Take them away (undoable; a demonstration that a prompt uses stays in that prompt's versions)."""
        return self._set(ids, {"deleted": 1}, "deleted")

    def store_token_counts(self, model_id: int, counts: Sequence[tuple[int, int]]) -> Changes:
        """Remember (id, tokens) as a model's tokenizer counts them; the table shows the current model's."""
        with self._project.database.write() as connection:
            stored.store_token_counts(connection, model_id, counts)
        return Changes.of(Kind.DEMONSTRATION, [id for id, _ in counts])

    def uncounted(self, model_id: int, limit: int = 10_000) -> list[int]:
        """Ids whose tokens have not been counted with a model's tokenizer yet."""
        with self._project.database.read() as connection:
            return stored.uncounted(connection, model_id, limit)

    def _set(self, ids: Sequence[int], fields: stored.Fields, done: str) -> Changes:
        return self._change(lambda connection: dict.fromkeys(ids, fields), done)

    def _change(self, patches: Callable[[Connection], Mapping[int, stored.Fields]], done: str) -> Changes:
        """One undoable step; ``done`` goes into its label: "3 demonstrations accepted"."""
        with self._project.database.write() as connection:
            after = patches(connection)
            before = stored.patch(connection, after)
            if not before:
                return Changes()
            label = f"{counted(len(before), 'demonstration')} {done}"
            revisions.record_step(connection, self._project.person, label, Kind.DEMONSTRATION.value, before, after)
        return Changes({Kind.DEMONSTRATION: frozenset(before)}, label, undoable=True)


def _tag(tag: str) -> str:
    name = " ".join(tag.split())
    if not name:
        raise WorkbenchError("A tag needs at least one letter.", safe="Nothing was changed.")
    return name


def _without(tags: Sequence[str], name: str) -> list[str]:
    return [tag for tag in tags if tag.casefold() != name.casefold()]


def _tags(connection: Connection, ids: Sequence[int]) -> dict[int, list[str]]:
    tags = stored.tags_of(connection, ids)
    return {id: tags.get(id, []) for id in ids}
